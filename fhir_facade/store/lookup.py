"""One-row reads on the path of every request: compiled once, on a connection that each thread keeps open."""

from __future__ import annotations

import os
import threading
from typing import Any, NamedTuple

from sqlalchemy import Engine, Select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError

from fhir_facade.contracts.databases import told
from fhir_facade.store.engine import Store, StoreUnavailable


class Lookup:
    """A statement that gives at most one row, as a plain tuple in the order of its columns.

    It goes past SQLAlchemy's execution layer, whose bookkeeping costs several times what the indexed read does. Each
    read sees everything that was committed before it: nothing is kept between reads but the connection.

    Args:
        store: the database.
        statement: with named bind parameters.
    """

    def __init__(self, store: Store, statement: Select[Any]) -> None:
        self._store = store
        self._statement = statement
        self._own = threading.local()
        self._all: list[_Opened] = []
        store.when_closed(self.close)

    def one(self, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        """The row, or None.

        Raises:
            StoreUnavailable: the database does not answer, nor does a second connection to it.
        """
        engine = self._store.engine
        try:
            return self._read(engine, parameters)
        except _faults(engine):
            self._own.opened = None  # it may be the connection that died, not the database
        try:
            return self._read(engine, parameters)
        except _faults(engine) as error:
            self._own.opened = None
            raise StoreUnavailable(f"the store does not answer: {told(error)}") from error

    def _read(self, engine: Engine, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        opened = self._opened(engine)
        values = [parameters[name] for name in opened.order] if opened.order else parameters
        rows: list[tuple[Any, ...]] = opened.connection.execute(opened.text, values).fetchall()
        return rows[0] if rows else None

    def _opened(self, engine: Engine) -> _Opened:
        opened: _Opened | None = getattr(self._own, "opened", None)
        if opened is not None and opened.engine is engine:
            return opened
        compiled = self._statement.compile(dialect=engine.dialect)
        opened = _Opened(engine, _connection(engine), str(compiled), tuple(compiled.positiontup or ()), os.getpid())
        self._own.opened = opened
        self._all.append(opened)  # kept, so that a forked child never closes what its parent talks on
        return opened

    def close(self) -> None:
        """Close the connections of this process."""
        for opened in self._all:
            if opened.process == os.getpid():
                opened.connection.close()
        self._all.clear()
        self._own = threading.local()


def _faults(engine: Engine) -> tuple[type[BaseException], ...]:
    return (engine.dialect.loaded_dbapi.Error, DBAPIError)


class _Opened(NamedTuple):
    engine: Engine
    connection: Any  # of the driver: both that are used here run a statement in one call
    text: str
    order: tuple[str, ...]
    process: int


def _connection(engine: Engine) -> DBAPIConnection:
    """A connection outside the pool, on which each statement stands for itself."""
    pooled = engine.raw_connection()
    connection = pooled.dbapi_connection
    pooled.detach()
    if connection is None:
        raise StoreUnavailable("the store gave no connection")
    if engine.dialect.name != "sqlite":
        connection.autocommit = True
    return connection
