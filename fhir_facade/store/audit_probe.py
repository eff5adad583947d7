"""Whether the audit trail takes lines now: a request whose line cannot be written is refused, so none should come."""

from __future__ import annotations

import time

from sqlalchemy import BigInteger, Column, Integer, Table
from sqlalchemy.exc import DBAPIError

from fhir_facade.contracts.databases import told
from fhir_facade.store.audit import AuditUnavailable, metadata, open_audit
from fhir_facade.store.engine import insert_into

_probe = Table(
    "audit_probe",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
)
"""One row, written again and again: lines are never written to be tried, nor taken back."""


def can_be_written(url: str) -> bool:
    """Whether something could just be written beside the trail, on the same disk and under the same rights.

    Args:
        url: of the trail.

    Raises:
        AuditUnavailable: it could not.
    """
    row = {"number": 1, "at": time.time_ns() // 1000}
    try:
        engine = open_audit(url)
        try:
            with engine.begin() as connection:
                statement = insert_into(connection, _probe).values(row)
                connection.execute(statement.on_conflict_do_update(index_elements=["number"], set_=row))
        finally:
            engine.dispose()
    except DBAPIError as error:
        raise AuditUnavailable(f"the audit trail cannot be written: {told(error)}") from error
    return True
