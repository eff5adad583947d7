"""How things stood: each part of the service minute by minute, each run of a sync, the last check of the audit trail.

What nobody looked at is not in these tables; who reads them says *unknown*, never *good*.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text, insert, select

from fhir_facade.store.engine import Connection, Store, insert_into
from fhir_facade.store.secrets import new_id
from fhir_facade.store.tables import metadata

status_days = Table(
    "status_days",
    metadata,
    Column("part", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("good", Integer, nullable=False),
    Column("bad", Integer, nullable=False),
    Column("minute", BigInteger, nullable=False),
    Column("told", Text, nullable=False),
)

sync_runs = Table(
    "sync_runs",
    metadata,
    Column("run_id", Text, primary_key=True),
    Column("source", Text, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("finished_at", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("written", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False),
    Column("rejected", BigInteger, nullable=False),
    Index("ix_sync_runs_source_started_at", "source", "started_at"),
)

facts = Table(
    "facts",
    metadata,
    Column("name", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("told", Text, nullable=False),
)

MINUTES = 1440
"""Minutes of a day."""


class PartDay(NamedTuple):
    """One part on one day (days since 1970): minutes it was seen good and bad; the rest of the day is unknown."""

    part: str
    day: int
    good: int
    bad: int
    told: Mapping[str, Any]


class Seen(NamedTuple):
    """How one part was in one minute (minutes since 1970); ``told`` is kept as the newest of its day."""

    part: str
    minute: int
    good: bool
    told: Mapping[str, Any]


class SyncRun(NamedTuple):
    """One run of a sync; ``outcome`` is ``finished`` or ``failed``. Instants are seconds since 1970."""

    source: str
    started_at: int
    finished_at: int
    outcome: str
    written: int
    unchanged: int
    deleted: int
    rejected: int


class Fact(NamedTuple):
    """The newest of its name, and when it was found (seconds since 1970)."""

    at: int
    told: Mapping[str, Any]


class Standing:
    """Reads and writes these tables; each method is one transaction.

    Args:
        store: the facade's own database.

    Raises (all methods):
        StoreUnavailable: the database does not answer.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def saw(self, seen: Sequence[Seen]) -> None:
        """Keep how parts were; a minute that another process told of already counts once."""
        with self._store.write() as connection:
            for one in seen:
                connection.execute(_upsert_day(connection, one))

    def days(self, since: int) -> Sequence[PartDay]:
        """Every part and day from the day ``since`` on, oldest first."""
        c = status_days.c
        query = select(c.part, c.day, c.good, c.bad, c.told).where(c.day >= since).order_by(c.day, c.part)
        with self._store.read() as connection:
            return [PartDay(*row[:4], json.loads(row[4])) for row in connection.execute(query)]

    def ran(self, run: SyncRun) -> None:
        """Keep a run."""
        with self._store.write() as connection:
            connection.execute(insert(sync_runs).values(run_id=new_id(16), **run._asdict()))

    def runs(self, source: str, limit: int) -> Sequence[SyncRun]:
        """The newest runs of a source, the newest first."""
        c = sync_runs.c
        query = select(*(c[name] for name in SyncRun._fields)).where(c.source == source)
        with self._store.read() as connection:
            return [SyncRun(*row) for row in connection.execute(query.order_by(c.started_at.desc()).limit(limit))]

    def found(self, name: str, at: int, told: Mapping[str, Any]) -> None:
        """Keep a fact in place of the one before it."""
        with self._store.write() as connection:
            made = insert_into(connection, facts).values(name=name, at=at, told=json.dumps(dict(told)))
            newer = {"at": made.excluded.at, "told": made.excluded.told}
            connection.execute(made.on_conflict_do_update(index_elements=["name"], set_=newer))

    def fact(self, name: str) -> Fact | None:
        """The fact of that name."""
        with self._store.read() as connection:
            row = connection.execute(select(facts.c.at, facts.c.told).where(facts.c.name == name)).one_or_none()
        return Fact(row.at, json.loads(row.told)) if row else None


def _upsert_day(connection: Connection, seen: Seen) -> Any:
    c = status_days.c
    told = json.dumps(dict(seen.told))
    good = int(seen.good)
    values = {"part": seen.part, "day": seen.minute // MINUTES, "minute": seen.minute, "told": told}
    made = insert_into(connection, status_days).values(**values, good=good, bad=1 - good)
    new = made.excluded
    more = {"good": c.good + new.good, "bad": c.bad + new.bad, "minute": new.minute, "told": new.told}
    return made.on_conflict_do_update(index_elements=["part", "day"], set_=more, where=c.minute < new.minute)
