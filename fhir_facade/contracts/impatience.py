"""Connections to PostgreSQL that give a silent server up.

A server whose disk or whose machine hangs takes a statement and never answers, and its own statement time-out hangs
with it. Whoever answers members does not wait for that: another place may hold the same data, and if none does, a
refusal is better than a silence.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from functools import cache
from types import ModuleType
from typing import Any

SILENCE_S = 10.0
"""Seconds without an answer after which a connection is closed: more than the server's own time-outs."""


def connect_impatiently(dialect: Any, _record: Any, places: Any, named: Any) -> Any:
    """A new connection of SQLAlchemy's event ``do_connect``, on which no statement is waited for without end."""
    return _impatient(dialect.loaded_dbapi).connect(*places, **named)


@cache
def _impatient(driver: ModuleType) -> Any:
    def wait(connection: Any, exchange: Any, *rest: Any, **named: Any) -> Any:
        """Wait for one exchange with the server.

        Raises:
            psycopg.OperationalError: the server was silent; the connection is closed.
        """
        try:
            return driver.Connection.wait(connection, _within(exchange, SILENCE_S), *rest, **named)
        except TimeoutError:
            connection.close()
            raise driver.OperationalError(f"no answer within {SILENCE_S:.0f} s") from None

    return type("Impatient", (driver.Connection,), {"wait": wait})


def _within(exchange: Generator[Any, Any, Any], seconds: float) -> Generator[Any, Any, Any]:
    """The same exchange, which ends in ``TimeoutError`` where nothing came for so long."""
    end = time.monotonic() + seconds
    try:
        wanted = next(exchange)
        while True:
            found = yield wanted
            if found:
                end = time.monotonic() + seconds
            elif time.monotonic() > end:
                raise TimeoutError
            wanted = exchange.send(found)
    except StopIteration as done:
        return done.value
