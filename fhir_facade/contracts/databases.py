"""What connections to databases are told, and what is told of their errors, whoever opens them."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from types import MappingProxyType

NOTICING: Mapping[str, int] = MappingProxyType(
    {"keepalives_idle": 5, "keepalives_interval": 2, "keepalives_count": 3, "tcp_user_timeout": 10_000}
)
"""Connection parameters of PostgreSQL: a machine that vanished without a word is given up after some ten seconds.

Without them whoever waits for its answer waits for a quarter of an hour: a time-out of the server's own cannot come
from a server that is gone.

Source: libpq, Connection Control Functions (parameter key words); tcp(7).
"""


_OF_VALUES = "22"
"""Class of SQLSTATE "data exception", whose messages quote the value."""


def told(error: BaseException) -> str:
    """An error of a database for whoever runs it: what is wrong, without the values it met."""
    origin = getattr(error, "orig", None) or error
    name = type(origin).__name__
    if isinstance(origin, sqlite3.Error):
        return f"{name}: {origin}"
    if isinstance(origin, OSError):
        place = f" ({origin.filename})" if origin.filename else ""
        return f"{name}: {origin.strerror}{place}"
    state = getattr(origin, "sqlstate", None) or ""
    if state.startswith(_OF_VALUES):
        return name
    primary = getattr(getattr(origin, "diag", None), "message_primary", None) or _of_connection(origin)
    return f"{name}: {primary}" if primary else name


def _of_connection(error: BaseException) -> str:
    """What psycopg says of a connection that cannot be made or broke; of a statement it says values, too."""
    kind = type(error)
    is_connection = (kind.__module__, kind.__name__) == ("psycopg", "OperationalError")
    return str(error).partition("\n")[0] if is_connection and getattr(error, "sqlstate", None) is None else ""
