"""Every test of the replica runs on SQLite and, where one is installed, on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from fhir_facade.resources.database import migrate, replica_url
from tests.resources.filled import Filler

DATABASES = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))]


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """A migrated, empty replica."""
    place = request.getfixturevalue("postgresql").emptied("replica") if request.param == "postgresql" else None
    found = replica_url(place, tmp_path / "state")
    migrate(found)
    return found


@pytest.fixture
def filler(url: URL, tmp_path: Path) -> Iterator[Filler]:
    """Syncs sources into the replica."""
    found = Filler(url, tmp_path / "state")
    yield found
    found.close()
