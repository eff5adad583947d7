"""A database that holds a request up, or vanishes, is given up within seconds, and whoever runs it learns why."""

from __future__ import annotations

import os
import re
import socket
import sqlite3
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select, text

from fhir_facade.cli import main
from fhir_facade.contracts import impatience
from fhir_facade.contracts.databases import told
from fhir_facade.resources.database import migrate as migrate_replica
from fhir_facade.resources.database import replica_url, writer
from fhir_facade.resources.places import Place
from fhir_facade.store import Store, StoreUnavailable, engine, migrate, tables
from fhir_facade.store.audit import AuditEvent, AuditLog
from fhir_facade.store.audit_probe import can_be_written
from fhir_facade.store.engine import open_engine
from fhir_facade.store.lookup import Lookup
from tests.peers.postgresql import Server, frozen
from tests.peers.running import free_port


@pytest.mark.peer("postgresql")
def test_nobody_waits_for_a_locked_table_without_end(postgresql: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LOCK_WAIT_MS", 300)
    url = postgresql.database()
    migrate(url)
    store, other = Store(url), Store(url)
    with other.write() as holder:
        holder.execute(text("LOCK TABLE tokens IN ACCESS EXCLUSIVE MODE"))
        begun = time.monotonic()
        with pytest.raises(StoreUnavailable, match="lock timeout"), store.read() as connection:
            connection.execute(text("SELECT count(*) FROM tokens"))
        assert time.monotonic() - begun < 5
    with store.read() as connection:
        assert connection.scalar(text("SELECT count(*) FROM tokens")) == 0
    store.close()
    other.close()


@pytest.mark.peer("postgresql")
def test_a_store_that_freezes_holds_nobody_and_serves_again_once_it_thaws(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(impatience, "SILENCE_S", 1.0)
    url = postgresql.database()
    migrate(url)
    store, trail = Store(url), AuditLog(url, b"k" * 32)
    lookup = Lookup(store, select(func.count()).select_from(tables.tokens))
    event = AuditEvent(what="read", outcome="200")

    def count() -> None:
        with store.read() as connection:
            connection.execute(text("SELECT count(*) FROM tokens"))

    uses = (lambda: lookup.one({}), lambda: trail.write(event), count, lambda: can_be_written(url))
    for use in uses:
        use()
    with frozen(postgresql):
        for use in uses:
            begun = time.monotonic()
            with pytest.raises(StoreUnavailable, match=r"(?i)no answer within 1 s|timeout"):
                use()
            assert time.monotonic() - begun < 15
    for use in uses:
        use()
    store.close()
    trail.close()


@pytest.mark.peer("postgresql")
def test_a_command_that_goes_through_whole_tables_waits_for_as_long_as_that_takes(
    postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(impatience, "SILENCE_S", 0.2)
    store = Store(postgresql.database(), patient=True)
    with store.read() as connection:
        assert connection.scalar(text("SELECT 1 FROM pg_sleep(1)")) == 1
    store.close()


@pytest.mark.peer("postgresql")
def test_a_server_that_vanishes_is_given_up_within_seconds(postgresql: Server, tmp_path: Path) -> None:
    url = postgresql.database()
    migrate_replica(replica_url(url, tmp_path))
    place = Place(replica_url(url, tmp_path))
    opened = [open_engine(url).raw_connection(), writer(replica_url(url, tmp_path)).raw_connection(), place.connect()]
    for checkout in opened:
        with socket.socket(fileno=os.dup(checkout.driver_connection.fileno())) as held:
            assert held.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 10_000
            idle, between, most = (
                held.getsockopt(socket.IPPROTO_TCP, each)
                for each in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            )
            assert idle + between * most <= 15
        checkout.invalidate()


@pytest.mark.peer("postgresql")
def test_the_check_names_a_store_and_a_standby_that_cannot_be_reached(
    small_config: Path, postgresql: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = f"postgresql://reader:canary-password@127.0.0.1:{free_port()}/claims"
    monkeypatch.setenv("HERE", postgresql.database())
    monkeypatch.setenv("NOWHERE", nobody)
    text = small_config.read_text()
    small_config.write_text(f'{text}\n[replica]\nurl = {{ env = "HERE" }}\nreplicas = [{{ env = "NOWHERE" }}]\n')
    assert CliRunner().invoke(main, ["migrate", "--config", str(small_config)]).exit_code == 0
    found = CliRunner().invoke(main, ["check", "--config", str(small_config)])
    assert found.exit_code == 1
    assert re.search(r"replica\.replicas: .*reader:\*\*\*@127.0.0.1.* cannot be reached: .*refused", found.output)
    monkeypatch.setenv("NOWHERE", postgresql.database())
    found = CliRunner().invoke(main, ["check", "--config", str(small_config)])
    assert "is no standby of the replica: it has another schema" in found.output
    monkeypatch.setenv("NOWHERE", nobody)
    small_config.write_text(f'{text}\n[store]\nurl = {{ env = "NOWHERE" }}\n')
    found = CliRunner().invoke(main, ["check", "--config", str(small_config)])
    assert re.search(r"the store at .*reader:\*\*\*@127.0.0.1.* does not answer: .*refused", found.output)
    assert "canary-password" not in found.output


@pytest.mark.peer("postgresql")
def test_an_error_is_told_without_the_values_it_met(postgresql: Server) -> None:
    with open_engine(postgresql.database()).connect() as connection:
        with pytest.raises(Exception, match="canary") as raised:
            connection.execute(text("SELECT CAST(:value AS integer)"), {"value": "canary"})
        connection.invalidate()
    assert told(raised.value) == "InvalidTextRepresentation"
    assert told(sqlite3.OperationalError("disk I/O error")) == "OperationalError: disk I/O error"
    assert told(PermissionError(13, "Permission denied", "/a/lock")) == "PermissionError: Permission denied (/a/lock)"
