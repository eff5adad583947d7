"""A PostgreSQL connection that gives a silent server up.

A server whose disk or whose machine hangs takes a statement and never answers, and its own statement time-out hangs
with it. Where another place holds the same data, nobody has to wait for that.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import Any

import psycopg

SILENCE_S = 10.0
"""Seconds without an answer after which a connection is closed: more than the server's own statement time-out."""


class Impatient(psycopg.Connection[Any]):
    """A connection on which no statement is waited for without end."""

    def wait(self, gen: Any, *rest: Any, **named: Any) -> Any:
        """Wait for one exchange with the server.

        Raises:
            psycopg.OperationalError: the server was silent; the connection is closed.
        """
        try:
            return super().wait(_within(gen, SILENCE_S), *rest, **named)
        except TimeoutError:
            self.close()
            raise psycopg.OperationalError(f"no answer within {SILENCE_S:.0f} s") from None


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
