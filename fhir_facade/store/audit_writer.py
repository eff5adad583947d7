"""How lines get into the audit trail's table: on the driver's own connection, each by itself, with a short wait."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, insert
from sqlalchemy.engine import Engine

from fhir_facade.store.engine import StoreUnavailable

WAIT_S = 15.0
"""How long a line waits for its turn where several processes write into one SQLite file."""

AGAIN_S = 0.0001
"""After how long it tries again: writing a line takes a fifth of that."""


class LineWriter:
    """Writes rows of one table, each as a transaction of its own.

    Args:
        engine: of the database.
        table: where the rows go.
        columns: what is written, in the table's order.
    """

    def __init__(self, engine: Engine, table: Table, columns: Sequence[str]) -> None:
        is_sqlite = engine.dialect.name == "sqlite"
        positional: Any = type(engine.dialect)
        dialect = positional(paramstyle="qmark" if is_sqlite else "format")
        self._text = str(insert(table).compile(dialect=dialect, column_keys=list(columns)))
        pooled = engine.raw_connection()
        self._connection: Any = pooled.dbapi_connection
        pooled.detach()
        if self._connection is None:
            raise StoreUnavailable("the audit trail gave no connection")
        if is_sqlite:
            self._connection.execute("PRAGMA busy_timeout=0").close()
        else:
            self._connection.autocommit = True

    def insert(self, row: tuple[Any, ...]) -> None:
        """Write a row; while another process writes, again in a moment: SQLite itself would sleep for milliseconds."""
        until = time.monotonic() + WAIT_S
        while True:
            try:
                self._connection.execute(self._text, row).close()
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                    raise
            time.sleep(AGAIN_S)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def small_pages(connection: Any, record: object) -> None:
    """Prepare a new SQLite connection: a line touches two pages, the smaller, the less is written.

    Moving lines from the log into the file waits for the disk, and so does the request it falls on: it is done seldom.
    """
    del record
    connection.execute("PRAGMA page_size=1024").close()
    connection.execute("PRAGMA wal_autocheckpoint=20000").close()
