"""Read-only connections to the replica: one per thread, opened after the fork, replaced when the database was.

The hot path runs on the driver's own connection, taken from SQLAlchemy's pool and kept by the thread. Nothing here
writes: SQLite is asked to refuse (``query_only``), PostgreSQL too (``default_transaction_read_only``).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources.database import same_file
from fhir_facade.resources.frames import PLAIN, Dictionary, Opener
from fhir_facade.resources.lookups import dictionary_text, source_text

T = TypeVar("T")
Row = Sequence[Any]

_DATABASE_ERRORS: tuple[type[Exception], ...] = (SQLAlchemyError, sqlite3.Error, OSError)
with suppress(ImportError):  # psycopg comes with the extra "postgresql"
    import psycopg

    _DATABASE_ERRORS += (psycopg.Error,)

_STATEMENT_TIMEOUT_MS = 8_000
_CONNECT_TIMEOUT_S = 5


@dataclass(slots=True)
class _Held:
    """What one thread holds open."""

    process: int
    file: tuple[int, int] | None
    checkout: Any
    connection: Any
    openers: dict[int, Opener] = field(default_factory=lambda: {0: Opener(PLAIN)})
    sources: dict[str, int] = field(default_factory=dict)


class Reader:
    """Runs statements for one replica.

    Args:
        url: of the replica.
    """

    def __init__(self, url: URL) -> None:
        self.dialect = url.get_backend_name()
        self._url = url
        self._path = str(url.database) if self.dialect == "sqlite" else None
        self._local = threading.local()
        self._engine: Engine | None = None
        self._engine_process = 0
        self._opening = threading.Lock()
        self._inherited: list[Any] = []  # connections of the process we were forked from: never closed from here

    def rows(self, text: str, values: dict[str, Any]) -> Sequence[Row]:
        """Every row of a statement.

        Raises:
            ClaimsUnavailable: the database is gone, locked, slow, or not migrated.
        """
        return self._guarded(lambda held: self._run(held, text, values))

    def source_key(self, name: str) -> int:
        """The number of a source.

        Raises:
            ClaimsUnavailable: it was never synced here, or the database is gone.
        """
        return self._guarded(lambda held: self._find_source(held, name))

    def opener(self, key: int) -> Opener:
        """What opens rows written under dictionary ``key``."""
        openers: dict[int, Opener] = self._local.held.openers  # of the connection that the row came from
        opener = openers.get(key)
        if opener is None:
            opener = openers[key] = Opener(self._load(key))
        return opener

    def close(self) -> None:
        """Close this thread's connection and the pool."""
        self._drop()
        if self._engine is not None:
            self._engine.dispose()

    def _guarded(self, work: Callable[[_Held], T]) -> T:
        try:
            return work(self._held())
        except ClaimsUnavailable:
            raise
        except _DATABASE_ERRORS as error:
            self._drop()
            raise ClaimsUnavailable(f"the replica cannot be read: {type(error).__name__}: {error}") from error

    def _run(self, held: _Held, text: str, values: dict[str, Any]) -> Sequence[Row]:
        found: Sequence[Row] = held.connection.execute(text, values).fetchall()
        return found

    def _held(self) -> _Held:
        held: _Held | None = getattr(self._local, "held", None)
        if held is not None and held.process == os.getpid() and held.file == self._file():
            return held
        return self._open()

    def _file(self) -> tuple[int, int] | None:
        return same_file(self._path) if self._path is not None else None

    def _open(self) -> _Held:
        self._drop()
        file = self._file()
        if self._path is not None and file is None:
            raise ClaimsUnavailable(f"the replica {self._path} is not there; run fhir-facade migrate and sync")
        connection = self._engine_here().raw_connection()
        held = self._local.held = _Held(os.getpid(), file, connection, connection.driver_connection)
        return held

    def _drop(self) -> None:
        held: _Held | None = getattr(self._local, "held", None)
        self._local.held = None
        if held is None:
            return
        if held.process == os.getpid():
            held.checkout.invalidate()
        else:
            self._inherited.append(held)

    def _engine_here(self) -> Engine:
        with self._opening:
            if self._engine is None or self._engine_process != os.getpid():
                self._engine, self._engine_process = _reading_engine(self._url), os.getpid()
            return self._engine

    def _find_source(self, held: _Held, name: str) -> int:
        if name not in held.sources:
            found = self._run(held, source_text(self.dialect), {"name": name})
            if not found:
                raise ClaimsUnavailable(f"source {name} was never synced; run fhir-facade sync {name}")
            held.sources[name] = found[0][0]
        return held.sources[name]

    def _load(self, key: int) -> Dictionary:
        found = self.rows(dictionary_text(self.dialect), {"key": key})
        if not found:
            raise ClaimsUnavailable(f"dictionary {key} of the replica is missing")
        return Dictionary(*found[0])


def _reading_engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        place = f"file:{quote(str(url.database))}?mode=rw"  # a file that is gone is an error, not a new empty one
        engine = sa.create_engine(
            url, poolclass=NullPool, creator=lambda: sqlite3.connect(place, uri=True, check_same_thread=False)
        )
        event.listen(engine, "connect", _prepare_sqlite_reader)
        return engine
    engine = sa.create_engine(
        url,
        pool_size=16,
        max_overflow=16,
        pool_timeout=_CONNECT_TIMEOUT_S,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        connect_args={
            "connect_timeout": _CONNECT_TIMEOUT_S,
            "options": f"-c statement_timeout={_STATEMENT_TIMEOUT_MS} -c default_transaction_read_only=on",
        },
    )
    event.listen(engine, "connect", _prepare_postgresql_reader)
    return engine


def _prepare_sqlite_reader(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # no transaction around a read
    connection.execute("PRAGMA query_only=ON")
    connection.execute("PRAGMA busy_timeout=2000")
    connection.execute("PRAGMA cache_size=-16384")


def _prepare_postgresql_reader(connection: Any, _record: Any) -> None:
    connection.prepare_threshold = 2
