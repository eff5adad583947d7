"""PostgreSQL's days that no date of Python can hold: those without end are no day, all others are their text.

psycopg refuses the whole answer for one such value, and with it the rows of everybody else.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, DataError, adapters
from psycopg.abc import AdaptContext, Buffer
from psycopg.adapt import Loader
from psycopg.pq import Format

_TYPES = ("date", "timestamp", "timestamptz")


def far_day(text: str) -> str | None:
    """None for ``infinity`` and ``-infinity``; any other as a text that no field takes for a day."""
    if text.endswith("infinity"):
        return None
    return " ".join(reversed(text.split()))  # "BC" comes first: the ten characters before it are a day that exists


class _FarDays(Loader):
    """Asks psycopg's own loader, which is the quick one where it is installed."""

    def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
        super().__init__(oid, context)
        usual = adapters.get_loader(oid, Format.TEXT)
        if usual is None:
            raise TypeError(f"psycopg reads no values of type {oid}")
        self._usual = usual(oid, context)

    def load(self, data: Buffer) -> Any:
        """The day or instant; what ``far_day`` makes of one that cannot be."""
        try:
            return self._usual.load(data)
        except DataError:
            return far_day(bytes(data).decode())


def take_far_days(connection: Connection[Any]) -> None:
    """Have a connection hand over rows with such days like all others."""
    for name in _TYPES:
        connection.adapters.register_loader(name, _FarDays)
