"""PostgreSQL's days that no date of Python can hold: those without end are no day, all others are their text.

psycopg refuses the whole answer for one such value, and with it the rows of everybody else.
"""

from __future__ import annotations

from typing import Any

from psycopg import Connection, DataError
from psycopg.abc import Buffer
from psycopg.types.datetime import DateLoader, TimestampLoader, TimestamptzLoader


def far_day(text: str) -> str | None:
    """None for ``infinity`` and ``-infinity``; any other as a text that no field takes for a day."""
    if text.endswith("infinity"):
        return None
    return " ".join(reversed(text.split()))  # "BC" comes first: the ten characters before it are a day that exists


class _Date(DateLoader):
    def load(self, data: Buffer) -> Any:
        try:
            return super().load(data)
        except DataError:
            return far_day(bytes(data).decode())


class _Timestamp(TimestampLoader):
    def load(self, data: Buffer) -> Any:
        try:
            return super().load(data)
        except DataError:
            return far_day(bytes(data).decode())


class _Timestamptz(TimestamptzLoader):
    def load(self, data: Buffer) -> Any:
        try:
            return super().load(data)
        except DataError:
            return far_day(bytes(data).decode())


def take_far_days(connection: Connection[Any]) -> None:
    """Have a connection hand over rows with such days like all others."""
    for name, loader in (("date", _Date), ("timestamp", _Timestamp), ("timestamptz", _Timestamptz)):
        connection.adapters.register_loader(name, loader)
