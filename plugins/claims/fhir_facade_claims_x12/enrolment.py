"""Members and their cover out of 834 enrolments, oldest first; what an 834 does not say is taken from claims.

Source: ASC X12N 005010X220 (834), loops 2000 and 2300.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from fhir_facade.contracts.people import Coverage, Identifier, MatchKey, Member, SourcePosition
from fhir_facade_claims_x12.cutting import Transaction, Unit
from fhir_facade_claims_x12.loops import Loop, UnfitError, day, span
from fhir_facade_claims_x12.member_keys import record_id, subscriber_number
from fhir_facade_claims_x12.parties import addresses, contacts, name
from fhir_facade_claims_x12.settings import X12Settings

_GENDERS = {"M": "male", "F": "female"}
_RELATIONSHIPS = {"18": "self", "01": "spouse", "19": "child", "53": "common"}
_CANCEL, _DELETE = "024", "002"


@dataclass(slots=True)
class _Span:
    """One span of cover; ``line`` is the insurance line (``HLT``, ``DEN`` …)."""

    line: str
    plan: str | None
    start: date | None
    end: date | None
    changed: datetime
    position: SourcePosition | None


@dataclass(slots=True)
class Person:
    """What the files say of one member.

    Args:
        key: the member's key.
        settings: the source's settings.
        reading: where the record stands that is being taken over; ``position`` is that of the latest one.
    """

    key: str
    settings: X12Settings
    reading: SourcePosition | None = None
    position: SourcePosition | None = None
    latest: Unit | None = None
    spans: list[_Span] = field(default_factory=list)
    group: str | None = None
    relationship: str = "self"
    died_on: date | None = None
    changed: datetime | None = None

    def enrol(self, unit: Unit) -> None:
        """Take over an 834.

        Raises:
            UnfitError: it cannot be read.
        """
        member = unit.body.segments[0]
        head = unit.body.before("HD")
        if member.get(11) == "D8":
            self.died_on = day(member.get(12), "the day of death")
        self.relationship = _RELATIONSHIPS.get(member.get(2) or "", "other")
        self.group = head.value("REF", "1L") or self.group
        ended, _ = span(head, "357")
        if ended or member.get(3) == _CANCEL:
            self._end(ended or unit.created.date(), unit.created)
        for loop in unit.body.starting("HD"):
            self._cover(loop, unit.created)
        self.latest, self.changed, self.position = unit, unit.created, self.reading

    def mention(self, unit: Unit) -> None:
        """Take over from a claim who the member is, unless an enrolment said it."""
        if self.latest is None or self.latest.kind is not Transaction.ENROLMENT:
            self.latest, self.changed, self.position = unit, unit.created, self.reading

    def _cover(self, loop: Loop, created: datetime) -> None:
        head = loop.segments[0]
        line, plan, start, end = head.get(3) or "HLT", head.get(4), span(loop, "348")[0], span(loop, "349")[0]
        same = [each for each in self.spans if each.line == line and (start is None or each.start == start)]
        if head.get(1) == _DELETE:
            self.spans = [each for each in self.spans if each not in same]
        elif same:
            same[-1].end, same[-1].changed, same[-1].position = end or same[-1].end, created, self.reading
            same[-1].plan = plan or same[-1].plan
        else:
            for each in self.spans:
                if each.line == line and each.end is None and start and each.start and each.start < start:
                    each.end, each.changed, each.position = start - timedelta(days=1), created, self.reading
            self.spans.append(_Span(line, plan, start, end, created, self.reading))

    def _end(self, ended: date, created: datetime) -> None:
        for each in self.spans:
            if each.end is None or each.end > ended:
                each.end, each.changed, each.position = ended, created, self.reading

    @property
    def member_id(self) -> str:
        """The member's id."""
        return record_id("m-", self.key)

    @property
    def number(self) -> str:
        """The member number that is on the card."""
        return self.key.partition("|")[0]

    def member(self) -> Member:
        """The member's record.

        Raises:
            UnfitError: nobody says who the member is.
        """
        if self.latest is None or self.changed is None:
            raise UnfitError("no readable record says who the member is")
        loop = _named(self.latest)
        told = loop.first("DMG")
        # A dependent has no number of their own: nothing that proves who they are.
        keys = () if "|" in self.key else (MatchKey(kind=self.settings.match_key, value=self.number),)
        return Member(
            member_id=self.member_id,
            member_number=Identifier(system=self.settings.member_system, value=self.number),
            names=(name(loop.segments[0]),),
            gender=_GENDERS.get(told.get(3) or "", "unknown") if told else "unknown",
            birth_date=day(told.get(2), "the birth date") if told else None,
            died_on=self.died_on,
            addresses=addresses(loop),
            contacts=contacts(loop),
            match_keys=keys,
            last_updated=self.changed,
            position=self.position,
        )

    def coverages(self) -> tuple[Coverage, ...]:
        """All cover, newest first; one of unknown length where no enrolment is there."""
        known = sorted(self.spans, key=lambda each: each.start or date.min, reverse=True)
        return tuple(self._coverage(each) for each in known) or (self._assumed(),)

    def _coverage(self, of: _Span) -> Coverage:
        start = of.start.isoformat() if of.start else ""
        return Coverage(
            coverage_id=record_id("v-", self.key, of.line, start),
            member_id=self.member_id,
            payor_id="payer",
            subscriber_id=self.number,
            last_updated=of.changed,
            status="cancelled" if of.end and of.end < of.changed.date() else "active",
            relationship=self.relationship,
            starts_on=of.start,
            ends_on=of.end,
            group_id=self.group,
            plan_id=of.plan or of.line,
            position=of.position,
        )

    def _assumed(self) -> Coverage:
        if self.latest is None or self.changed is None:
            raise UnfitError("no readable record says who the member is")
        subscriber = self.latest.context[1] if self.latest.kind is not Transaction.ENROLMENT else Loop()
        cover = subscriber.first("SBR")
        return Coverage(
            coverage_id=record_id("v-", self.key),
            member_id=self.member_id,
            payor_id="payer",
            subscriber_id=self.number,
            last_updated=self.changed,
            relationship="self" if "|" not in self.key else "other",
            group_id=self.group or (cover.get(3) if cover else None),
            group_name=cover.get(4) if cover else None,
            position=self.position,
        )


def cover_on(coverages: tuple[Coverage, ...], on: date) -> Coverage:
    """The cover in force on a day, else the newest."""
    for each in coverages:
        if (each.starts_on is None or each.starts_on <= on) and (each.ends_on is None or on <= each.ends_on):
            return each
    return coverages[0]


def _named(unit: Unit) -> Loop:
    """The loop with the member's name, address and birth date."""
    if unit.kind is Transaction.ENROLMENT:
        found = unit.body.before("HD").party("74", "IL")
    else:
        _, subscriber, patient = unit.context
        subscriber_number(subscriber)
        found = patient.party("QC") if patient.segments else subscriber.party("IL")
    if found is None or not (found.segments[0].get(3) or found.segments[0].get(4)):
        raise UnfitError("the member has no name")
    return found
