"""Which payment stands: reversals, corrections, replacements and voids of one member's claims.

A reversal (status 22) takes back the latest payment of the same control number that fits; the next payment of that
number is its correction. A claim billed as replacement (frequency 7) or void (8) names the payer's number of the one it
takes the place of. Superseded payments stay as cancelled claims, linked to their immediate neighbours.

Source: ASC X12N 005010X221 section 1.10.2.8 (reversals and corrections); NUBC and CMS-1500 frequency codes 7 and 8.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from fhir_facade_claims_x12.remittance import NO_PAYMENT, REVERSAL, Remittance
from fhir_facade_claims_x12.submission import VOID, Submission


@dataclass(slots=True, eq=False)
class Version:
    """One payment of one claim. ``prior`` and ``successor`` are its neighbours in a chain of corrections."""

    submission: Submission
    remittance: Remittance
    name: str
    cancelled: bool = False
    prior: Version | None = None
    successor: Version | None = None


@dataclass(frozen=True, slots=True)
class Odd:
    """A remittance that changes nothing, and why."""

    remittance: Remittance
    reason: str


@dataclass(slots=True)
class History:
    """All payments of one member."""

    versions: list[Version] = field(default_factory=list)
    odd: list[Odd] = field(default_factory=list)

    def add(self, submissions: list[Submission], remittances: list[Remittance]) -> None:
        """The claims and payments of one control number, each oldest first."""
        own: list[Version] = []
        for remittance in remittances:
            if remittance.status in NO_PAYMENT:
                self.odd.append(Odd(remittance, "the payment says that nothing was adjudicated"))
            elif remittance.status == REVERSAL:
                self._reverse(own, remittance)
            else:
                self._pay(own, submissions, remittance)
        self.versions += own

    def link(self) -> None:
        """Follow what replacements and voids name; once, after everything was added."""
        for version in self.versions:
            original = version.submission.original
            older = next((each for each in self.versions if original and _was(each, original, version)), None)
            if older is None:
                continue
            _supersede(older, version)
            if version.submission.frequency == VOID:
                version.cancelled = True

    def _reverse(self, own: list[Version], remittance: Remittance) -> None:
        paid = [each for each in own if not each.cancelled]
        same = [each for each in paid if each.remittance.number == remittance.number]
        fitting = [each for each in same or paid if each.remittance.charge == -remittance.charge]
        if not fitting:
            self.odd.append(Odd(remittance, "it reverses a payment that is in no file"))
            return
        fitting[-1].cancelled = True

    def _pay(self, own: list[Version], submissions: list[Submission], remittance: Remittance) -> None:
        if any(_same(each.remittance, remittance) for each in own):
            self.odd.append(Odd(remittance, "the same payment is there twice; the first stays"))
            return
        submission = _billed(submissions, remittance)
        named = sum(each.remittance.number == remittance.number for each in own) + 1
        number = remittance.number or f"{remittance.control}-{remittance.adjudicated_on:%Y%m%d}"
        version = Version(submission, remittance, number if named == 1 else f"{number}-{named}")
        reversed_one = next((each for each in reversed(own) if each.cancelled and each.successor is None), None)
        again = next((each for each in own if not each.cancelled and each.remittance.number == remittance.number), None)
        if older := reversed_one or again:
            _supersede(older, version)
        own.append(version)


def _billed(submissions: list[Submission], remittance: Remittance) -> Submission:
    """The claim that a payment answers: of the same charge, the latest that was billed before it."""
    same = [each for each in submissions if each.charge == remittance.charge] or submissions
    earlier = [each for each in same if each.unit.created <= remittance.unit.created] or same
    return earlier[-1]


def _same(one: Remittance, other: Remittance) -> bool:
    texts = (
        [segment.elements for segment in (*each.unit.context[0].segments, *each.unit.body.segments)]
        for each in (one, other)
    )
    return next(texts) == next(texts)


def _was(each: Version, original: str, version: Version) -> bool:
    return each is not version and each.remittance.number == original and each.successor is None


def _supersede(older: Version, newer: Version) -> None:
    older.cancelled, older.successor, newer.prior = True, newer, older
