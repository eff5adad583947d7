"""The service says that it is not ready while no line of the audit trail could be written."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from fhir_facade.app import readiness_checks
from fhir_facade.serving.admin import Board, readiness
from fhir_facade.settings import load
from fhir_facade.state import state_folder
from fhir_facade.store.audit_check import verify
from fhir_facade.store.audit_probe import can_be_written
from fhir_facade.store.engine import StoreUnavailable
from tests.peers.postgresql import Server


def test_looking_leaves_the_trail_as_it_is(any_url: str) -> None:
    assert all(can_be_written(any_url) for _ in range(3))
    report = verify(any_url, b"s" * 32)
    assert (report.lines, report.faults) == (0, ())


@pytest.mark.peer("postgresql")
def test_a_trail_that_may_only_be_read_is_named(postgresql: Server) -> None:
    url = postgresql.database()
    assert can_be_written(url)
    with create_engine(url, isolation_level="AUTOCOMMIT").connect() as connection:
        name = make_url(url).database
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
        connection.invalidate()
    with pytest.raises(StoreUnavailable, match="read-only transaction"):
        can_be_written(url)


def test_a_service_without_a_trail_is_not_ready(small_config: Path) -> None:
    settings = load(small_config)
    checks = {"audit": readiness_checks(settings)["audit"]}
    board = Board()
    board.write(wanted=1, alive=1, stopping=False)
    assert readiness(board, checks)[0]
    trail = state_folder(settings) / "audit.sqlite"
    for part in trail.parent.glob("audit.sqlite*"):
        part.unlink()
    trail.write_bytes(b"what stood here is gone" * 100)
    ready, told = readiness(board, checks)
    assert (ready, told["components"]) == (False, {"audit": False})
