"""The audit trail: append-only lines, chained by keyed hashes, anchored into one signed chain.

Each process writes a chain of its own: every line carries a keyed hash over itself and the line before. At intervals
the chain's last hash is anchored into a chain that all processes share. A changed, inserted or missing line, and a
chain cut short before its last anchor, show in ``verify``; what was cut off behind the last anchor does not.

Whose data and who looked are kept as keyed hashes. Durability is the database's: a SQLite file with
``synchronous=NORMAL`` survives a crash of the program, and may lose its last lines when the whole machine loses power.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec
from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, Table, Text, event, insert, select
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import DBAPIError, IntegrityError

from fhir_facade.contracts.databases import told
from fhir_facade.store.audit_writer import LineWriter, small_pages
from fhir_facade.store.engine import StoreUnavailable, open_engine
from fhir_facade.store.secrets import new_id

ANCHOR_LINES = 1000
ANCHOR_S = 60.0

metadata = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")

lines = Table(
    "audit_lines",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("chain", Text, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("what", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("actor", LargeBinary, nullable=False),
    Column("patient", LargeBinary, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("mark", LargeBinary, nullable=False),
    Index("ix_audit_lines_patient", "patient", "number"),
)

anchors = Table(
    "audit_anchors",
    metadata,
    Column("number", _NUMBER, primary_key=True, autoincrement=False),
    Column("chain", Text, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("mark", LargeBinary, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("seal", LargeBinary, nullable=False),
)


CONTENT = ("chain", "place", "at", "what", "outcome", "app_id", "actor", "patient", "request_id", "detail")
"""The columns that a line's keyed hash covers, in its order."""

_WRITTEN = (*CONTENT, "mark")


class AuditUnavailable(StoreUnavailable):
    """A line could not be written, so what it tells of must not happen: 503."""


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened.

    ``what`` is a stable word (``read``, ``search``, ``token``, ``login``, ``grant``, ``app`` …), ``outcome`` another
    (``ok``, ``refused``, or an HTTP status). ``actor`` is who did it (``Patient/…``, ``RelatedPerson/…``, an operator's
    name), ``patient`` whose data (``Patient.id``): both leave here as keyed hashes. ``detail`` names no person.
    """

    what: str
    outcome: str
    app_id: str = ""
    actor: str = ""
    patient: str = ""
    request_id: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditLine:
    """One line as it is read back; ``by_member`` says that the member did it in person."""

    number: int
    at: int
    what: str
    outcome: str
    app_id: str
    by_member: bool
    request_id: str
    detail: str


class AuditKeys:
    """Keyed hashes of the trail, each for its own purpose.

    Args:
        secret: 32 bytes or more, kept outside the database.
    """

    def __init__(self, secret: bytes) -> None:
        self._key = hashlib.blake2b(secret, digest_size=32, person=b"facade audit").digest()

    def person(self, name: str) -> bytes:
        """Who or whose: the same person always gives the same 16 bytes; nobody gives none."""
        return _person(self._key, name) if name else b""

    def mark(self, before: bytes, content: Sequence[Any]) -> bytes:
        """The keyed hash of a line or anchor behind the one before."""
        text = msgspec.json.encode(content)
        return hashlib.blake2b(before + text, digest_size=32, key=self._key, person=b"chain").digest()


@lru_cache(maxsize=8192)
def _person(key: bytes, name: str) -> bytes:
    return hashlib.blake2b(name.encode(), digest_size=16, key=key, person=b"person").digest()


class AuditLog:
    """Writes the trail of one process. Safe in several threads; a forked child starts a chain of its own.

    Args:
        url: SQLAlchemy URL; for SQLite a file that holds nothing else.
        secret: keys the hashes; 32 bytes or more.
    """

    def __init__(self, url: str, secret: bytes) -> None:
        self._url = url
        self.keys = AuditKeys(secret)
        self._lock = threading.Lock()
        self._pen: _Pen | None = None
        self._inherited: list[_Pen] = []

    def write(self, event: AuditEvent) -> None:
        """Append one line; when this returns, it is there.

        Raises:
            AuditUnavailable: it could not be written.
        """
        with self._lock:
            pen = self._own_pen()
            try:
                pen.write(event, self.keys)
            except pen.faults as error:
                self._pen = None
                with contextlib.suppress(*pen.faults):
                    pen.close()
                raise AuditUnavailable(f"the audit trail cannot be written: {told(error)}") from error

    def of_member(self, patient: str, *, limit: int = 100, before: int | None = None) -> Sequence[AuditLine]:
        """The newest lines about a member's data, older than line ``before`` where that is given.

        Raises:
            StoreUnavailable: the trail cannot be read.
        """
        person = self.keys.person(patient)
        member = self.keys.person(f"Patient/{patient}")
        query = select(lines).where(lines.c.patient == person)
        query = query.where(lines.c.number < before) if before is not None else query
        query = query.order_by(lines.c.number.desc()).limit(limit)
        with self._lock:
            engine = self._own_pen().engine
        try:
            with engine.connect() as connection:
                return [_line(row, member) for row in connection.execute(query)]
        except DBAPIError as error:
            raise StoreUnavailable(f"the audit trail cannot be read ({type(error).__name__})") from error

    def close(self) -> None:
        """Anchor what was written and give back the connection."""
        with self._lock:
            if self._pen is not None and self._pen.process == os.getpid():
                with contextlib.suppress(*self._pen.faults):
                    self._pen.anchor(self.keys)
                self._pen.close()
            self._pen = None

    def _own_pen(self) -> _Pen:
        if self._pen is not None and self._pen.process != os.getpid():
            self._inherited.append(self._pen)  # the parent still writes with it: never closed from here
            self._pen = None
        if self._pen is None:
            try:
                self._pen = _Pen(open_audit(self._url))
            except DBAPIError as error:
                raise AuditUnavailable(f"the audit trail cannot be opened ({type(error).__name__})") from error
        return self._pen


class _Pen:
    """One process's connection and the end of its chain."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.process = os.getpid()
        self.faults = (engine.dialect.loaded_dbapi.Error, DBAPIError)
        self._chain = new_id(16)
        self._place = self._anchored = 0
        self._mark = b""
        self._anchored_at = time.monotonic()
        self._writer = LineWriter(engine, lines, _WRITTEN)

    def write(self, event: AuditEvent, keys: AuditKeys) -> None:
        if self._place - self._anchored >= ANCHOR_LINES or time.monotonic() - self._anchored_at > ANCHOR_S:
            self.anchor(keys)
        content = (  # in the order of ``CONTENT``
            self._chain,
            self._place + 1,
            time.time_ns() // 1000,
            event.what,
            event.outcome,
            event.app_id,
            keys.person(event.actor),
            keys.person(event.patient),
            event.request_id,
            event.detail,
        )
        mark = keys.mark(self._mark, content)
        self._writer.insert((*content, mark))
        self._place, self._mark = self._place + 1, mark

    def anchor(self, keys: AuditKeys) -> None:
        """Seal the chain's last mark into the chain that all processes share."""
        if self._place == self._anchored:
            return
        while True:
            try:
                with self.engine.begin() as connection:
                    last = connection.execute(select(anchors).order_by(anchors.c.number.desc()).limit(1)).one_or_none()
                    number, before = (last.number + 1, last.seal) if last else (1, b"")
                    content = (number, self._chain, self._place, self._mark, time.time_ns() // 1000)
                    row = dict(zip(("number", "chain", "place", "mark", "at"), content, strict=True))
                    connection.execute(insert(anchors).values(**row, seal=keys.mark(before, content)))
                break
            except IntegrityError:  # another process took this number
                continue
        self._anchored, self._anchored_at = self._place, time.monotonic()

    def close(self) -> None:
        self._writer.close()
        self.engine.dispose()


def open_audit(url: str, *, patient: bool = False) -> Engine:
    """An engine for the trail, ``patient`` as for a ``Store``; its tables are made where they are missing."""
    engine = open_engine(url, patient=patient)
    if make_url(url).get_backend_name() == "sqlite":
        event.listen(engine, "connect", small_pages, insert=True)
    try:
        metadata.create_all(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _line(row: Any, member: bytes) -> AuditLine:
    return AuditLine(
        number=row.number,
        at=row.at,
        what=row.what,
        outcome=row.outcome,
        app_id=row.app_id,
        by_member=bytes(row.actor) == member,
        request_id=row.request_id,
        detail=row.detail,
    )
