"""One database, opened once per process, with short reads and short write transactions.

SQLite runs with a write-ahead log and ``synchronous=NORMAL``: a crash of the program loses nothing; a crash of the
whole machine may lose the last commits, never the integrity of the file. PostgreSQL keeps its own durability settings.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection as Connection
from sqlalchemy import Engine, Table, create_engine, event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from fhir_facade.contracts.databases import NOTICING, told
from fhir_facade.contracts.errors import FacadeError
from fhir_facade.contracts.impatience import connect_impatiently

_WAIT_S = 15
LOCK_WAIT_MS = 5_000
"""How long a statement waits for a lock of PostgreSQL: a request is better refused than held until somebody lets go."""

_READ = "fhir_facade_read"


class StoreUnavailable(FacadeError):
    """The database does not answer: 503 with Retry-After."""


class Store:
    """The facade's own database.

    Args:
        url: SQLAlchemy URL; ``sqlite:///path`` or ``postgresql+psycopg://…``.
        patient: a statement may take as long as it takes, for commands that go through whole tables; anybody else
            gives a PostgreSQL server up that is silent for some seconds.
    """

    def __init__(self, url: str, *, patient: bool = False) -> None:
        self.url = url
        self._patient = patient
        self._engine: Engine | None = None
        self._process = 0
        self._opening = threading.Lock()
        self._closers: list[Callable[[], None]] = []

    @property
    def engine(self) -> Engine:
        """This process's engine; a forked child opens its own and leaves the parent's connections alone."""
        if self._engine is None or self._process != os.getpid():
            with self._opening:
                if self._engine is None or self._process != os.getpid():
                    if self._engine is not None:
                        self._engine.dispose(close=False)
                    self._engine, self._process = open_engine(self.url, patient=self._patient), os.getpid()
        return self._engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A connection for reads: each statement sees what was committed before it.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with _unavailable_when_down(), self.engine.connect() as connection:
            options: dict[str, Any] = {_READ: True}
            if connection.dialect.name != "sqlite":
                options["isolation_level"] = "AUTOCOMMIT"
            yield connection.execution_options(**options)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits when the block ends and rolls back when it raises.

        Raises:
            StoreUnavailable: the database does not answer.
        """
        with _unavailable_when_down(), self.engine.begin() as connection:
            yield connection

    def when_closed(self, close: Callable[[], None]) -> None:
        """Also do that when the store is closed."""
        self._closers.append(close)

    def close(self) -> None:
        """Give back every connection."""
        for close in self._closers:
            close()
        if self._engine is not None and self._process == os.getpid():
            self._engine.dispose()
        self._engine = None


def open_engine(url: str, *, patient: bool = False) -> Engine:
    """An engine with the facade's settings for that kind of database; ``patient`` as for a ``Store``."""
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": _WAIT_S}, pool_timeout=_WAIT_S, pool_size=16)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    arguments = {**NOTICING, "connect_timeout": 3, "options": f"-c lock_timeout={LOCK_WAIT_MS}"}
    engine = create_engine(url, pool_pre_ping=True, pool_timeout=_WAIT_S, pool_size=8, connect_args=arguments)
    if not patient:
        event.listen(engine, "do_connect", connect_impatiently)
    return engine


def _prepare_sqlite(connection: Any, record: object) -> None:
    del record
    connection.isolation_level = None  # the driver opens no transaction of its own
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    if not connection.get_execution_options().get(_READ):
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # waits for the other writer now, instead of failing later


def insert_into(connection: Connection, table: Table) -> Any:
    """An INSERT of the connection's own dialect, which can say what happens to a row that is there already."""
    return (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(table)


@contextmanager
def _unavailable_when_down() -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeout) as error:
        raise StoreUnavailable(f"the store does not answer: {told(error)}") from error
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("the store closed the connection") from error
        raise


Clock = Callable[[], int]
"""Gives whole seconds since 1970-01-01T00:00Z."""
