"""How often things happened, by day: log-ins by outcome, requests of an app by status. Nobody's name stands here.

A process counts in memory and writes its counts every few seconds, added to those of the others; the request that is
counted waits for nothing. A process that is killed loses the counts of its last seconds, never those before.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Column, Integer, Table, Text, case, select

from fhir_facade.store.engine import Connection, Store, StoreUnavailable, insert_into
from fhir_facade.store.tables import metadata

daily_counts = Table(
    "daily_counts",
    metadata,
    Column("topic", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("what", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("last_at", BigInteger, nullable=False),
)

LOG_IN = "log-in"
"""Topic of log-ins: the subject is the log-in system, what happened is the outcome."""

APP = "app"
"""Topic of requests: the subject is the app's id, what happened is the kind of request and how it was answered."""

DAY_S = 86_400
FLUSH_S = 5.0

_Key = tuple[str, str, int, str]


class Count(NamedTuple):
    """How often one thing happened on one day (days since 1970), and when last (seconds since 1970)."""

    subject: str
    day: int
    what: str
    number: int
    last_at: int


class Tally:
    """Counts of one process.

    Args:
        store: where they are added up.
        wait_s: seconds after which counts are written.
    """

    _lock: threading.Lock
    _counts: dict[_Key, tuple[int, int]]
    _timer: threading.Timer | None

    def __init__(self, store: Store, wait_s: float = FLUSH_S) -> None:
        self._store = store
        self._wait_s = wait_s
        self._closed = False
        self._begin()
        store.when_closed(self.close)

    def add(self, topic: str, subject: str, what: str) -> None:
        """Count one."""
        if self._process != os.getpid():
            self._begin()
        now = int(time.time())
        key = (topic, subject, now // DAY_S, what)
        with self._lock:
            number, _ = self._counts.get(key, (0, 0))
            self._counts[key] = number + 1, now
            if self._timer is None and not self._closed:
                self._timer = threading.Timer(self._wait_s, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def flush(self) -> None:
        """Write what was counted; what cannot be written now is kept for the next time."""
        with self._lock:
            taken, self._counts, self._timer = self._counts, {}, None
        try:
            if taken:
                with self._store.write() as connection:
                    _write(connection, taken)
        except StoreUnavailable:
            self._keep(taken)

    def close(self) -> None:
        """Write what was counted, and start no more timers."""
        if self._process == os.getpid():
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
            self.flush()

    def _begin(self) -> None:
        """Nothing counted yet; a forked child leaves its parent's counts to the parent."""
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._counts = {}
        self._timer = None

    def _keep(self, taken: dict[_Key, tuple[int, int]]) -> None:
        with self._lock:
            for key, (number, at) in taken.items():
                newer, newer_at = self._counts.get(key, (0, 0))
                self._counts[key] = number + newer, max(at, newer_at)


def counts(store: Store, topic: str, *, since: int, subject: str | None = None) -> Sequence[Count]:
    """What was counted from the day ``since`` on, the newest day first.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    c = daily_counts.c
    query = select(c.subject, c.day, c.what, c.number, c.last_at).where(c.topic == topic, c.day >= since)
    query = query.where(c.subject == subject) if subject is not None else query
    with store.read() as connection:
        return [Count(*row) for row in connection.execute(query.order_by(c.day.desc(), c.subject, c.what))]


def _write(connection: Connection, taken: dict[_Key, tuple[int, int]]) -> None:
    statement = insert_into(connection, daily_counts)
    c, new = daily_counts.c, statement.excluded
    later = case((new.last_at > c.last_at, new.last_at), else_=c.last_at)
    added = statement.on_conflict_do_update(
        index_elements=["topic", "subject", "day", "what"], set_={"number": c.number + new.number, "last_at": later}
    )
    connection.execute(added, list(_rows(taken)))


def _rows(taken: dict[_Key, tuple[int, int]]) -> Iterator[dict[str, Any]]:
    for topic, subject, day, what in sorted(taken):  # one order in every process: two that write never wait in a ring
        number, at = taken[topic, subject, day, what]
        yield {"topic": topic, "subject": subject, "day": day, "what": what, "number": number, "last_at": at}
