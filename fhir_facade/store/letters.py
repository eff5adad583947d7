"""Letters that wait to be sent: written with the change they tell of, gone once a mail server took them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, delete, insert, or_, select, update

from fhir_facade.store.engine import Store
from fhir_facade.store.secrets import new_id
from fhir_facade.store.tables import metadata

letters = Table(
    "letters",
    metadata,
    Column("letter_id", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("written_at", BigInteger, nullable=False),
    Column("taken_until", BigInteger),
    Index("ix_letters_written_at", "written_at"),
)

KEPT_S = 7 * 24 * 3600
"""Seconds after which a letter that nobody takes is given up: its links ended long before."""

TAKEN_S = 120
"""Seconds a process has to send a letter before another may try."""


def write_letter(connection: Connection, sealed: str, now: int) -> None:
    """Keep a sealed letter, in the transaction of what it tells of."""
    connection.execute(insert(letters).values(letter_id=new_id(), sealed=sealed, written_at=now))


class Letters:
    """The letters that wait.

    Args:
        store: the facade's own database.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def take(self, now: int, limit: int) -> Sequence[tuple[str, str]]:
        """Ids and sealed texts of the oldest letters; no other process sends them meanwhile."""
        c = letters.c
        free = or_(c.taken_until.is_(None), c.taken_until <= now)
        found = []
        with self._store.write() as connection:
            connection.execute(delete(letters).where(c.written_at < now - KEPT_S))
            oldest = select(c.letter_id).where(free).order_by(c.written_at).limit(limit)
            for letter_id in connection.execute(oldest).scalars().all():
                mine = update(letters).where(c.letter_id == letter_id, free).values(taken_until=now + TAKEN_S)
                sealed = connection.execute(mine.returning(c.sealed)).scalar_one_or_none()
                if sealed is not None:
                    found.append((letter_id, sealed))
        return found

    def put_back(self, letter_ids: Sequence[str]) -> None:
        """Let whoever comes next send letters that were taken and could not be sent."""
        with self._store.write() as connection:
            connection.execute(update(letters).where(letters.c.letter_id.in_(letter_ids)).values(taken_until=None))

    def sent(self, letter_id: str) -> None:
        """Forget a letter that was sent."""
        with self._store.write() as connection:
            connection.execute(delete(letters).where(letters.c.letter_id == letter_id))

    def waiting(self) -> int:
        """How many wait."""
        with self._store.read() as connection:
            return len(connection.execute(select(letters.c.letter_id)).all())
