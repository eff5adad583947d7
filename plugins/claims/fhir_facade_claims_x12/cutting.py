"""Cuts transactions into units: one claim of an 837, one claim payment of an 835, one member of an 834."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from fhir_facade_claims_x12.envelope import Envelope
from fhir_facade_claims_x12.loops import Loop
from fhir_facade_claims_x12.reader import Segment, UnreadableError, segments

LARGEST_UNIT = 20_000
"""Segments; a claim that is larger is refused, not read into memory."""


class Transaction(StrEnum):
    """What a transaction set holds."""

    PROFESSIONAL = "837P"
    INSTITUTIONAL = "837I"
    DENTAL = "837D"
    REMITTANCE = "835"
    ENROLMENT = "834"


_GUIDES = {
    "005010X222": Transaction.PROFESSIONAL,
    "005010X223": Transaction.INSTITUTIONAL,
    "005010X224": Transaction.DENTAL,
    "005010X221": Transaction.REMITTANCE,
    "005010X220": Transaction.ENROLMENT,
}
_STARTS = {Transaction.REMITTANCE: "CLP", Transaction.ENROLMENT: "INS"}
_LEVELS = {"20": 0, "22": 1, "23": 2}


@dataclass(frozen=True, slots=True)
class Unit:
    """One claim, payment or member, with the loops above it.

    ``context`` is for an 837 the loops of billing provider, subscriber and patient (empty where the subscriber is the
    patient), for 834 and 835 the header of the transaction. ``created`` is when the file says it was written.
    """

    kind: Transaction
    created: datetime
    first: int
    context: tuple[Loop, ...]
    body: Loop


@dataclass(frozen=True, slots=True)
class Closed:
    """A transaction ended as it should: its units are good."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Something that was not read. ``discard`` says that the units of the open transaction are not to be trusted."""

    segment: int
    reason: str
    discard: bool = False


@dataclass(slots=True)
class _Open:
    """The transaction being read."""

    kind: Transaction
    created: datetime
    count: int = 0
    levels: list[list[Segment]] = field(default_factory=lambda: [[], [], []])
    header: list[Segment] = field(default_factory=list)
    body: list[Segment] = field(default_factory=list)
    level: int = -1


def units(path: Path) -> Iterator[Unit | Closed | Refused]:
    """The units of a file, in its order."""
    cutter = _Cutter()
    try:
        for segment in segments(path):
            yield from cutter.take(segment)
        yield from cutter.end(0)
    except UnreadableError as error:
        yield from cutter.end(error.segment, str(error))


class _Cutter:
    def __init__(self) -> None:
        self._open: _Open | None = None
        self._group: tuple[Transaction | None, str, datetime | None] = (None, "", None)
        self._envelope = Envelope()

    def take(self, segment: Segment) -> Iterator[Unit | Closed | Refused]:
        if segment.name in ("ISA", "GS", "ST"):
            yield from self._close_open(segment.number)
        for reason in self._envelope.take(segment):
            yield Refused(segment.number, reason)
        if segment.name == "GS":
            self._group = _group(segment)
        elif segment.name == "ST":
            yield from self._begin(segment)
        elif segment.name == "SE" and self._open:
            yield from self._close(segment)
        elif self._open:
            self._open.count += 1
            yield from self._inside(self._open, segment)

    def end(self, segment: int, reason: str = "") -> Iterator[Unit | Closed | Refused]:
        """The end of the file, or of what can be read of it; where nothing else was told, what is missing is."""
        told = bool(self._open or reason)
        yield from self._close_open(segment, reason)
        if not told:
            yield from (Refused(self._envelope.last, missing) for missing in self._envelope.end())

    def _close_open(self, segment: int, reason: str = "") -> Iterator[Unit | Closed | Refused]:
        """What was complete of an open transaction stays; the unit that was being read does not."""
        if self._open:
            begun = self._open.body[0].number if self._open.body else segment
            yield Refused(begun, reason or "the transaction has no end; its last part was not read")
            self._open = None
            yield Closed()
        elif reason:
            yield Refused(segment, reason)

    def _begin(self, segment: Segment) -> Iterator[Refused]:
        kind, version, created = self._group
        if kind is not None and created is None:
            yield Refused(segment.number, "its functional group has no date that can be read")
            return
        if kind is None or created is None:
            named = segment.get(3) or version or "nothing"
            yield Refused(segment.number, f"the transaction says it is {named[:20]}; 5010 834, 835 and 837 are read")
            return
        self._open = _Open(kind, created, count=1)

    def _close(self, segment: Segment) -> Iterator[Unit | Closed | Refused]:
        transaction, self._open = self._open, None
        if transaction is None:
            return
        yield from _flush(transaction)
        if segment.get(1) != str(transaction.count + 1):
            said, found = segment.get(1), transaction.count + 1
            reason = f"the transaction says it has {said} segments and has {found}; it was not read"
            yield Refused(segment.number, reason, discard=True)
        yield Closed()

    def _inside(self, transaction: _Open, segment: Segment) -> Iterator[Unit | Refused]:
        if transaction.kind in _STARTS:
            yield from _flat(transaction, segment)
        else:
            yield from _hierarchical(transaction, segment)
        if len(transaction.body) > LARGEST_UNIT:
            yield Refused(transaction.body[0].number, f"it has more than {LARGEST_UNIT} segments")
            transaction.body = []


def _group(segment: Segment) -> tuple[Transaction | None, str, datetime | None]:
    version = segment.get(8) or ""
    day, time = segment.get(4) or "", (segment.get(5) or "0000")[:4]
    try:
        created = datetime.strptime(day + time, "%Y%m%d%H%M").replace(tzinfo=UTC)
    except ValueError:
        created = None
    return _GUIDES.get(version[:10]), version, created


def _flat(transaction: _Open, segment: Segment) -> Iterator[Unit]:
    """834 and 835: a header, then one unit after the other."""
    start = _STARTS[transaction.kind]
    if segment.name in (start, "PLB") or (segment.name == "LX" and transaction.kind is Transaction.REMITTANCE):
        yield from _flush(transaction)
        transaction.level = 0
    if segment.name == start:
        transaction.body = [segment]
    elif transaction.body:
        transaction.body.append(segment)
    elif transaction.level < 0:
        transaction.header.append(segment)


def _hierarchical(transaction: _Open, segment: Segment) -> Iterator[Unit]:
    """837: claims under patients or subscribers under billing providers."""
    if segment.name in ("HL", "CLM"):
        yield from _flush(transaction)
    if segment.name == "HL":
        transaction.level = _LEVELS.get(segment.get(3) or "", -1)
        for below in range(max(transaction.level, 0), 3):
            transaction.levels[below] = []
    elif segment.name == "CLM" and transaction.level >= 0:
        transaction.body = [segment]
    elif transaction.body:
        transaction.body.append(segment)
    elif transaction.level >= 0:
        transaction.levels[transaction.level].append(segment)


def _flush(transaction: _Open) -> Iterator[Unit]:
    if not transaction.body:
        return
    context = [transaction.header] if transaction.kind in _STARTS else transaction.levels
    yield Unit(
        transaction.kind,
        transaction.created,
        transaction.body[0].number,
        tuple(Loop(tuple(each)) for each in context),
        Loop(tuple(transaction.body)),
    )
    transaction.body = []
