"""The Tuva seeds on three databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.settings import Secret
from fhir_facade_claims_sql import SqlSource, plugin
from fhir_facade_claims_sql.settings import SqlSettings
from tests.peers.mariadb import mariadb as mariadb
from tests.plugins.sql import tuva, views

DATABASES = [
    "sqlite",
    pytest.param("postgresql", marks=pytest.mark.peer("postgresql")),
    pytest.param("mariadb", marks=pytest.mark.peer("mariadb")),
]


def opened(url: str, tmp_path: Path, **settings: object) -> SqlSource:
    """The source on a database."""
    chosen = {"preset": "tuva", "mapping": None, "payer_name": "Medicare", **settings}
    source = plugin.open(
        SqlSettings(url=Secret("env:URL", url), **chosen), SourceContext(name="tuva", scratch=tmp_path)
    )  # type: ignore[arg-type]
    assert isinstance(source, SqlSource)
    return source


def new_database(request: pytest.FixtureRequest, folder: Path) -> str:
    """A new, empty database of the kind that a fixture is asked for."""
    if request.param == "sqlite":
        return f"sqlite:///{folder / 'payer.sqlite'}"
    url: str = request.getfixturevalue(request.param).database()
    return url


@pytest.fixture(params=DATABASES, scope="module")
def tuva_url(request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that holds the seeds."""
    return filled(request, shared, tmp_path_factory, "tuva")


@pytest.fixture(params=DATABASES, scope="module")
def older_tuva_url(request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that holds the seeds in the schema before 2026."""
    return filled(request, shared, tmp_path_factory, "tuva-2024")


def filled(request: pytest.FixtureRequest, shared: Path, folders: pytest.TempPathFactory, preset: str) -> str:
    """A database with the seeds as the preset reads them."""
    url = new_database(request, folders.mktemp("tuva"))
    engine = sa.create_engine(url)
    tuva.load(engine, shared / "data/tuva", preset)
    engine.dispose()
    return url


@pytest.fixture(params=DATABASES, scope="module")
def views_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database with the CPCDS views, and members with as many claims as ``HISTORIES`` of the test's module says."""
    return views.filled(new_database(request, tmp_path_factory.mktemp("views")), request.module.HISTORIES)


@pytest.fixture
def views_source(views_url: str, tmp_path: Path) -> Iterator[SqlSource]:
    """The source over the views."""
    opened_source = opened(views_url, tmp_path, preset="cpcds-views")
    yield opened_source
    opened_source.close()


@pytest.fixture
def source(tuva_url: str, tmp_path: Path) -> Iterator[SqlSource]:
    """The source over the seeds."""
    opened_source = opened(tuva_url, tmp_path)
    yield opened_source
    opened_source.close()
