"""Looks lines of the audit trail up for an auditor: by time, kind, app, request or member, the newest first.

Lines are written in the order of time, give or take what processes wait for each other, so the edges of a stretch of
time are found by halving the trail, and no index has to be kept on the path of every request.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, select

from fhir_facade.store.audit import AuditKeys, lines, open_audit
from fhir_facade.store.engine import Store

SLACK = 60_000_000
"""Microseconds by which two lines may stand in the wrong order of time."""

_STRETCH = 100_000
_BUDGET_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; an empty text is no limit. Instants are microseconds since 1970, both included."""

    since: int
    until: int
    what: str = ""
    app_id: str = ""
    request_id: str = ""
    patients: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line as an auditor reads it; ``actor`` is the keyed hash of who did it, empty for nobody."""

    number: int
    at: int
    what: str
    outcome: str
    app_id: str
    actor: bytes
    by_member: bool
    request_id: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Lines, and the number below which the search goes on; None at its end."""

    lines: Sequence[Line]
    below: int | None


class AuditSearch:
    """Reads the trail.

    Args:
        url: of the trail.
        secret: keys its hashes.

    Raises (all methods):
        StoreUnavailable: the trail cannot be read.
    """

    def __init__(self, url: str, secret: bytes) -> None:
        self._url = url
        self._made = False
        self._store = Store(url)
        self.keys = AuditKeys(secret)

    def find(self, wanted: Wanted, limit: int, below: int | None = None) -> Found:
        """At most ``limit`` lines below a number; fewer, with a place to go on, where looking takes long."""
        found: list[Line] = []
        with self._reading() as connection:
            low = _first(connection, wanted.since - SLACK)
            top = _first(connection, wanted.until + SLACK)
            top = min(top, below) if below is not None else top
            members = {self.keys.person(f"Patient/{patient}") for patient in wanted.patients}
            enough = time.monotonic() + _BUDGET_S
            while top > low and len(found) <= limit:
                floor = low if wanted.patients else max(low, top - _STRETCH)
                rows = connection.execute(self._query(wanted, floor, top, limit + 1 - len(found)))
                taken = [_line(row, members) for row in rows]
                found += taken
                top = floor
                if time.monotonic() > enough:
                    break
        if len(found) > limit:
            return Found(lines=found[:limit], below=found[limit - 1].number)
        return Found(lines=found, below=top if top > low else None)

    def every(self, wanted: Wanted, most: int) -> Iterator[Line]:
        """All lines, at most so many."""
        below: int | None = None
        while most > 0:
            found = self.find(wanted, min(1000, most), below)
            yield from found.lines
            most -= len(found.lines)
            if found.below is None:
                return
            below = found.below

    def size(self) -> int:
        """About how many lines there are."""
        with self._reading() as connection:
            first, last = connection.execute(select(func.min(lines.c.number), func.max(lines.c.number))).one()
        return int(last - first + 1) if last else 0

    def close(self) -> None:
        """Give back every connection."""
        self._store.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        if not self._made:  # nothing was written yet: the tables are made by whoever comes first
            open_audit(self._url).dispose()
            self._made = True
        with self._store.read() as connection:
            yield connection

    def _query(self, wanted: Wanted, low: int, top: int, limit: int) -> Select[Any]:
        c = lines.c
        query = select(lines).where(c.number >= low, c.number < top, c.at >= wanted.since, c.at <= wanted.until)
        for column, value in ((c.what, wanted.what), (c.app_id, wanted.app_id), (c.request_id, wanted.request_id)):
            query = query.where(column == value) if value else query
        if wanted.patients:
            query = query.where(c.patient.in_([self.keys.person(patient) for patient in wanted.patients]))
        return query.order_by(c.number.desc()).limit(limit)


def _first(connection: Connection, at: int) -> int:
    """The number of the first line that is not older, found by halving; one more than the last where there is none."""
    low, high = (int(edge or 0) for edge in connection.execute(select(func.min(lines.c.number), _end())).one())
    while low < high:
        middle = (low + high) // 2
        query = select(lines.c.number, lines.c.at).where(lines.c.number >= middle).order_by(lines.c.number).limit(1)
        row = connection.execute(query).one_or_none()
        if row is None or row.at >= at:
            high = middle
        else:
            low = row.number + 1
    return low


def _end() -> Any:
    return func.max(lines.c.number) + 1


def _line(row: Any, members: set[bytes]) -> Line:
    return Line(
        number=row.number,
        at=row.at,
        what=row.what,
        outcome=row.outcome,
        app_id=row.app_id,
        actor=bytes(row.actor),
        by_member=bytes(row.actor) in members,
        request_id=row.request_id,
        detail=row.detail,
    )
