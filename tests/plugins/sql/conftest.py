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
from tests.plugins.sql import tuva

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


@pytest.fixture(params=DATABASES, scope="module")
def tuva_url(request: pytest.FixtureRequest, shared: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A database that holds the seeds."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('tuva') / 'tuva.sqlite'}"
    else:
        url = request.getfixturevalue(request.param).database()
    engine = sa.create_engine(url)
    tuva.load(engine, shared / "data/tuva")
    engine.dispose()
    return url


@pytest.fixture
def source(tuva_url: str, tmp_path: Path) -> Iterator[SqlSource]:
    """The source over the seeds."""
    opened_source = opened(tuva_url, tmp_path)
    yield opened_source
    opened_source.close()
