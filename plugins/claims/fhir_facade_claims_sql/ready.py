"""Statements compiled once, and run on the driver's own cursor: building one takes longer than answering it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

Meanwhile = Callable[[], object]
"""What is done while the database answers."""

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
        cursor = self.cursor(connection)
        try:
            self.begin(connection, cursor, values)
            return cursor.fetchall()  # type: ignore[no-any-return]
        finally:
            cursor.close()

    def begin(self, connection: Connection, cursor: Any, values: Mapping[str, Any]) -> None:
        """Have the server answer; whoever asked several statements together fetches the rows later."""
        bound = self.bound(values)
        connection.dispatch.before_cursor_execute(connection, cursor, self.text, bound, None, False)
        cursor.execute(self.text, bound)

    def cursor(self, connection: Connection) -> Any:
        """A cursor of the driver."""
        if self.as_it_is:
            return connection.dialect.loaded_dbapi.RawCursor(connection.connection.driver_connection)
        return connection.connection.cursor()


class Question(NamedTuple):
    """A statement with its values, and what is made of its rows."""

    ready: Ready
    values: Mapping[str, Any]
    made: Callable[[Sequence[Any]], Any]


def together(
    connection: Connection,
    questions: Sequence[Question | None],
    *,
    last: bool = False,
    meanwhile: Meanwhile | None = None,
) -> list[Any]:
    """The answers, None where nothing is asked; psycopg sends all at once: one way to the server, not several.

    Args:
        connection: within the page's transaction.
        questions: the statements.
        last: the transaction ends with them.
        meanwhile: done while the server answers, where the driver does not wait for it, else afterwards.
    """
    asked = [one for one in questions if one is not None]
    if _all_as_they_are(asked) and (last or meanwhile or len(asked) > 1):
        rows = iter(_at_once(connection, asked, last=last, meanwhile=meanwhile))
    else:
        rows = iter([one.ready.run(connection, one.values) for one in asked])
        if meanwhile:
            meanwhile()
    return [None if one is None else one.made(next(rows)) for one in questions]


def _all_as_they_are(questions: Sequence[Question]) -> bool:
    return bool(questions) and all(one.ready.as_it_is for one in questions)


def _at_once(
    connection: Connection, questions: Sequence[Question], *, last: bool, meanwhile: Meanwhile | None
) -> list[Sequence[Any]]:
    cursors = [one.ready.cursor(connection) for one in questions]
    with connection.connection.driver_connection.pipeline():  # type: ignore[union-attr]
        for cursor, (ready, values, _) in zip(cursors, questions, strict=True):
            ready.begin(connection, cursor, values)
        if last:
            connection.connection.commit()
        if meanwhile:
            meanwhile()
    return [cursor.fetchall() for cursor in cursors]


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
