"""Segments of one claim, remittance or enrolment: finding them, and reading dates, amounts and names in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from fhir_facade_claims_x12.reader import Segment


class UnfitError(Exception):
    """A unit of the file that cannot be read; the text is one sentence without names or member numbers."""


@dataclass(frozen=True, slots=True)
class Loop:
    """Segments that belong together."""

    segments: tuple[Segment, ...] = ()

    def all(self, name: str, *qualifiers: str) -> list[Segment]:
        """Segments of that name, whose first element is one of ``qualifiers`` where any are given."""
        return [each for each in self.segments if each.name == name and (not qualifiers or each.get(1) in qualifiers)]

    def first(self, name: str, *qualifiers: str) -> Segment | None:
        """The first of ``all``, or None."""
        found = self.all(name, *qualifiers)
        return found[0] if found else None

    def value(self, name: str, qualifier: str, place: int = 2) -> str | None:
        """An element of the segment of that name and qualifier (``REF`` ``F8`` → the number)."""
        found = self.first(name, qualifier)
        return found.get(place) if found else None

    def before(self, *names: str) -> Loop:
        """The segments before the first of ``names``."""
        for place, each in enumerate(self.segments):
            if each.name in names:
                return Loop(self.segments[:place])
        return self

    def starting(self, name: str, *, until: Sequence[str] = ()) -> Iterator[Loop]:
        """The loops that begin with a segment of that name and end before the next one, or before one of ``until``."""
        group: list[Segment] = []
        for each in self.segments:
            if each.name == name or each.name in until:
                if group:
                    yield Loop(tuple(group))
                group = [each] if each.name == name else []
            elif group:
                group.append(each)
        if group:
            yield Loop(tuple(group))

    def party(self, *roles: str) -> Loop | None:
        """The loop of a person or organization in one of these roles (``NM101``)."""
        ends = ("HL", "CLM", "LX", "SBR", "SVC", "INS", "HD", "PLB", "SV1", "SV2", "SV3")
        return next((each for each in self.starting("NM1", until=ends) if each.segments[0].get(1) in roles), None)


def day(text: str | None, what: str) -> date | None:
    """A day written CCYYMMDD, the hours after it left out.

    Raises:
        UnfitError: there is no such day.
    """
    if text is None:
        return None
    try:
        return datetime.strptime(text[:8], "%Y%m%d").date() if len(text) >= 8 and text.isdigit() else _no_day(what)  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return _no_day(what)


def _no_day(what: str) -> date:
    raise UnfitError(f"{what} is no day written CCYYMMDD")


def span(loop: Loop, *qualifiers: str, segment: str = "DTP") -> tuple[date | None, date | None]:
    """First and last day of the first ``DTP`` (or ``DTM``) with one of the qualifiers."""
    found = loop.first(segment, *qualifiers)
    if found is None:
        return None, None
    what = f"segment {found.name} {found.get(1)}"
    text = found.get(3) if segment == "DTP" else found.get(2)
    if text and found.get(2) == "RD8":
        start, _, end = text.partition("-")
        return day(start, what), day(end, what)
    single = day(text, what)
    return single, single


def money(text: str | None, what: str) -> Decimal | None:
    """An amount with two decimals.

    Raises:
        UnfitError: it is no number, or has fractions of a cent.
    """
    amount = number(text, what)
    if amount is None:
        return None
    cents = amount.quantize(Decimal("0.01"))
    if cents != amount:
        raise UnfitError(f"{what} has fractions of a cent")
    return cents


def number(text: str | None, what: str) -> Decimal | None:
    """A number with its digits as written.

    Raises:
        UnfitError: it is no number.
    """
    if text is None:
        return None
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise UnfitError(f"{what} is no number") from None
    if not value.is_finite() or abs(value) >= 10**12 or "e" in text.lower():
        raise UnfitError(f"{what} is no number of usual size")
    return value


def components(segment: Segment, place: int) -> tuple[str, ...]:
    """The parts of a composite, also where the sender cuts it with another mark than the ISA says."""
    parts = segment.parts(place)
    if len(parts) != 1 or len(parts[0]) < 4:
        return parts
    marks = [mark for mark in parts[0] if not mark.isalnum() and mark not in " .-&/#"]
    return tuple(part.strip() for part in parts[0].split(marks[0])) if marks else parts
