"""Statements compiled once, and run on the driver's own cursor: building one takes longer than answering it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

_MOST = 2_000
"""Statements kept; they differ by their limit and their number of keys, so that this many are hardly ever reached."""


@dataclass(frozen=True, slots=True)
class Ready:
    """One statement as the driver takes it.

    Args:
        text: with the driver's own placeholders.
        fixed: values that never change.
        places: names of the values in their order; None where the driver takes names.
        as_it_is: whether the text goes to the server as it is: psycopg takes any other apart each time it is long.
    """

    text: str
    fixed: Mapping[str, Any]
    places: tuple[str, ...] | None
    as_it_is: bool = False

    def bound(self, values: Mapping[str, Any]) -> Any:
        """The values as the driver takes them."""
        fixed = self.fixed
        if self.places is None:
            return {name: values.get(name, value) for name, value in fixed.items()}
        return tuple(values[name] if name in values else fixed[name] for name in self.places)

    def run(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Any]:
        """Every row, from the driver itself: describing the columns once more would cost more than reading them.

        Whoever listens to the engine hears of the statement as of any other.
        """
        cursor, bound = self._cursor(connection), self.bound(values)
        try:
            connection.dispatch.before_cursor_execute(connection, cursor, self.text, bound, None, False)
            cursor.execute(self.text, bound)
            return cursor.fetchall()  # type: ignore[no-any-return]
        finally:
            cursor.close()

    def _cursor(self, connection: Connection) -> Any:
        if self.as_it_is:
            return connection.dialect.loaded_dbapi.RawCursor(connection.connection.driver_connection)
        return connection.connection.cursor()


@dataclass(slots=True)
class Shelf:
    """Keeps compiled statements."""

    _kept: dict[Hashable, Ready] = field(default_factory=dict)

    def get(self, connection: Connection, key: Hashable, build: Callable[[], sa.SelectBase]) -> Ready:
        """The statement of that key, built and compiled where it is new."""
        found = self._kept.get(key)
        if found is None:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            found = self._kept[key] = compiled(connection, build())
        return found


def compiled(connection: Connection, statement: sa.SelectBase) -> Ready:
    """A statement for the connection's driver."""
    dialect: Any = connection.dialect
    as_it_is = dialect.driver == "psycopg"
    if as_it_is:
        dialect = type(dialect)(paramstyle="numeric_dollar", dbapi=dialect.dbapi)
    made: Any = statement.compile(dialect=dialect)
    return Ready(str(made), dict(made.params), tuple(made.positiontup) if made.positional else None, as_it_is)
