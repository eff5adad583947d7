"""Claims that come out of database tables: the Tuva seeds, read by the ``sql`` source."""

from __future__ import annotations

import tempfile
from pathlib import Path

import sqlalchemy as sa

from fhir_facade.contracts.claims import MemberRecords, Rejected
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.settings import Secret
from fhir_facade_claims_sql import SqlSource, plugin
from fhir_facade_claims_sql.settings import SqlSettings
from tests.conformance.sources import Records, shared_data
from tests.plugins.sql import tuva as tables


def tuva() -> Records:
    """Every claim of the Tuva seeds."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/tuva.sqlite"
        engine = sa.create_engine(url)
        tables.load(engine, shared_data() / "tuva")
        engine.dispose()
        settings = SqlSettings(url=Secret("test", url), preset="tuva", payer_name="Medicare")
        source = plugin.open(settings, SourceContext(name="tuva", scratch=Path(folder)))
        assert isinstance(source, SqlSource)
        changes = list(source.changes(None))
        source.close()
    records = tuple(change for change in changes if isinstance(change, MemberRecords))
    return Records("tuva", records, tuple(change.reason for change in changes if isinstance(change, Rejected)))
