"""The store and the audit trail, on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from fhir_facade.store import Store, migrate

BOTH = ["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))]


@pytest.fixture
def audit_url(tmp_path):
    return f"sqlite:///{tmp_path}/audit.db"


@pytest.fixture(params=BOTH)
def any_url(request, tmp_path):
    """The URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/any.db"
    return request.getfixturevalue("postgresql").database()


@pytest.fixture
def store(any_url):
    migrate(any_url)
    store = Store(any_url)
    yield store
    store.close()
