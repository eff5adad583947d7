"""Where the replica can be read: a SQLite file, or a PostgreSQL primary and its hot standbys."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.pool import NullPool

from fhir_facade.contracts.databases import NOTICING
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.impatience import connect_impatiently
from fhir_facade.resources.database import same_file

log = logging.getLogger(__name__)

_STATEMENT_TIMEOUT_MS = 8_000
_CONNECT_TIMEOUT_S = 3
_REST_S = 5.0
"""A place that failed is left alone this long, as long as there is another."""

MOST_LAG_S = 60
"""A standby further behind is not read from."""

_LAG = """
SELECT CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
       ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END,
       pg_is_in_recovery() AND NOT EXISTS (SELECT FROM pg_stat_wal_receiver)
"""
"""Seconds behind what was received, and whether nothing is being received: then nobody knows what is missing."""


class CutOff(ClaimsUnavailable):
    """A standby that its primary does not feed: good enough only while nothing better answers."""


class Place:
    """One database to read from; connections belong to the process that opened them.

    Args:
        url: of the database.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.path = str(url.database) if url.get_backend_name() == "sqlite" else None
        self._resting_until = 0.0
        self._engine: Engine | None = None
        self._process = 0
        self._opening = threading.Lock()

    @property
    def resting(self) -> bool:
        """Whether it failed a moment ago."""
        return time.monotonic() < self._resting_until

    def rest(self, error: Exception) -> None:
        """It failed: let others be asked first."""
        if not self.resting:
            fields = {"database": self.url.set(password=None).render_as_string(), "fault": type(error).__name__}
            log.warning("a database to read from is passed over", extra=fields)
        self._resting_until = time.monotonic() + _REST_S

    def file(self) -> tuple[int, int] | None:
        """What tells a SQLite file from another one put in its place; None for a server."""
        return same_file(self.path) if self.path is not None else None

    def connect(self, *, cut_off_too: bool = False) -> Any:
        """A pooled connection, ready to read.

        Args:
            cut_off_too: also to a standby that its primary does not feed.

        Raises:
            ClaimsUnavailable: there is no file, or a standby is too far behind.
            CutOff: nothing feeds the standby.
        """
        if self.path is not None and self.file() is None:
            raise ClaimsUnavailable(f"the replica {self.path} is not there; run fhir-facade migrate and sync")
        checkout: Any = self._engine_here().raw_connection()
        if self.path is None:
            try:
                lag, cut_off = checkout.driver_connection.execute(_LAG).fetchone()
                self._require_fresh(lag, cut_off=cut_off and not cut_off_too)
            except ClaimsUnavailable:
                checkout.close()
                raise
        return checkout

    def _require_fresh(self, lag: float | None, *, cut_off: bool) -> None:
        if cut_off:
            raise CutOff(f"the standby {self.url.host} gets nothing from its primary")
        if lag is None or lag > MOST_LAG_S:
            raise ClaimsUnavailable(f"the standby {self.url.host} is more than {MOST_LAG_S} s behind")

    def close(self) -> None:
        """Close idle connections of this process."""
        if self._engine is not None and self._process == os.getpid():
            self._engine.dispose()

    def _engine_here(self) -> Engine:
        with self._opening:
            if self._engine is None or self._process != os.getpid():
                self._engine, self._process = _reading_engine(self.url), os.getpid()
            return self._engine


def _reading_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        place = f"file:{quote(str(url.database))}?mode=rw"  # a file that is gone is an error, not a new empty one
        engine = sa.create_engine(
            url, poolclass=NullPool, creator=lambda: sqlite3.connect(place, uri=True, check_same_thread=False)
        )
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    options = f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c default_transaction_read_only=on"
    engine = sa.create_engine(
        url,
        pool_size=16,
        max_overflow=16,
        pool_timeout=_CONNECT_TIMEOUT_S,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={**NOTICING, "connect_timeout": _CONNECT_TIMEOUT_S, "options": options},
    )
    event.listen(engine, "do_connect", connect_impatiently)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # no transaction around a read
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA busy_timeout=2000")
    connection.execute("PRAGMA cache_size=-16384")


def _prepare_postgresql(connection: Any, _record: Any) -> None:
    connection.prepare_threshold = 2  # the statements are few and run again and again
