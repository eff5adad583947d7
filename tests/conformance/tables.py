"""Claims that come out of database tables, read by the ``sql`` source: the Tuva seeds and CMS's DE-SynPUF."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from fhir_facade.contracts.claims import MemberRecords, Rejected
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.settings import Secret
from fhir_facade_claims_sql import SqlSource, load_files, plugin
from fhir_facade_claims_sql.settings import SqlSettings
from tests.conformance.sources import Records, shared_data
from tests.plugins.sql import desynpuf as part
from tests.plugins.sql import tuva as tables


def tuva() -> Records:
    """Every claim of the Tuva seeds."""

    def fill(settings: SqlSettings) -> None:
        engine = sa.create_engine(settings.url.reveal())
        tables.load(engine, shared_data() / "tuva")
        engine.dispose()

    return _read("tuva", fill)


def desynpuf(members: int) -> Records:
    """Every claim of DE-SynPUF's first members."""

    def fill(settings: SqlSettings) -> None:
        with tempfile.TemporaryDirectory() as folder:
            load_files(part.some(shared_data() / "de-synpuf", Path(folder) / "files", members), settings, replace=False)

    return _read("desynpuf", fill)


def _read(preset: str, fill: Callable[[SqlSettings], None]) -> Records:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/claims.sqlite"
        settings = SqlSettings(url=Secret("test", url), preset=preset, payer_name="Medicare")
        fill(settings)
        source = plugin.open(settings, SourceContext(name=preset, scratch=Path(folder)))
        assert isinstance(source, SqlSource)
        changes = list(source.changes(None))
        source.close()
    records = tuple(change for change in changes if isinstance(change, MemberRecords))
    return Records(preset, records, tuple(change.reason for change in changes if isinstance(change, Rejected)))
