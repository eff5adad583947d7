"""Everything the files say of one member, as records and rejects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

from fhir_facade.contracts.claims import Change, MemberRecords, Rejected
from fhir_facade.contracts.people import Organization, SourcePosition
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_x12 import joining, remittance, submission
from fhir_facade_claims_x12.answers import answers
from fhir_facade_claims_x12.cutting import Unit
from fhir_facade_claims_x12.enrolment import Person
from fhir_facade_claims_x12.loops import UnfitError
from fhir_facade_claims_x12.parties import Directory
from fhir_facade_claims_x12.settings import X12Settings
from fhir_facade_claims_x12.staging import Staged, Staging
from fhir_facade_claims_x12.submission import Submission
from fhir_facade_claims_x12.versions import History

T = TypeVar("T")


class MemberReader:
    """Reads members out of the staging file.

    Args:
        staging: the units of all files.
        settings: the source's settings.
        payer: the payer's record.
    """

    def __init__(self, staging: Staging, settings: X12Settings, payer: Organization) -> None:
        self._staging = staging
        self._settings = settings
        self._payer = payer

    def changes(self, key: str) -> Iterator[Change]:
        """The member's records, and what could not be read of them."""
        rejects: list[Rejected] = []
        person = Person(key, self._settings)
        for staged in self._staging.enrolments(key):
            person.reading = _place(staged)
            _try(rejects, staged, person.enrol)
        billed = self._staging.submissions(key)
        for staged in billed:
            person.reading = _place(staged)
            person.mention(staged.unit)
        try:
            yield self._records(person, billed, rejects)
        except UnfitError as error:
            file = next((each for each in (*self._staging.enrolments(key), *billed)), None)
            if file:
                rejects.append(_reject(file, str(error)))
        yield from rejects

    def _records(self, person: Person, billed: list[Staged], rejects: list[Rejected]) -> MemberRecords:
        member, coverages = person.member(), person.coverages()
        directory = Directory(max((each.unit.created for each in billed), default=member.last_updated))
        history, files = self._history(billed, directory, rejects)
        claims: list[Claim] = []
        for version in history.versions:
            staged = files[id(version.remittance.unit)]
            found = _try(rejects, staged, lambda _unit: joining.claim(version, coverages, self._settings, staged.file))  # noqa: B023 - called at once
            if found:
                claims.append(found)
        rejects += [_reject(files[id(odd.remittance.unit)], odd.reason) for odd in history.odd]
        return MemberRecords(
            member=member,
            coverages=coverages,
            claims=tuple(claims),
            organizations=(self._payer, *directory.organizations.values()),
            practitioners=tuple(directory.practitioners.values()),
        )

    def _history(
        self, billed: list[Staged], directory: Directory, rejects: list[Rejected]
    ) -> tuple[History, dict[int, Staged]]:
        by_control: dict[str, list[tuple[Staged, Submission]]] = {}
        for staged in billed:
            if found := _try(rejects, staged, lambda unit: submission.read(unit, directory)):
                by_control.setdefault(found.control, []).append((staged, found))
        history = History()
        files: dict[int, Staged] = {}
        for control, submitted in by_control.items():
            own = [found for _, found in submitted]
            paid = [each for each in self._staging.remittances(control) if answers(each.unit, own)]
            self._staging.join([each.row for each in paid])
            decided = [each for each in (_try(rejects, staged, remittance.read) for staged in paid) if each]
            files |= {id(staged.unit): staged for staged in paid}
            rejects += [_reject(files[id(each.unit)], text) for each in decided for text in each.left_out]
            history.add(own, decided)
            if not paid and self._settings.report_waiting:
                rejects += [_reject(staged, "no remittance has come for this claim yet") for staged, _ in submitted]
        history.link()
        return history, files


def _try(rejects: list[Rejected], staged: Staged, read: Callable[[Unit], T]) -> T | None:
    try:
        return read(staged.unit)
    except UnfitError as error:
        rejects.append(_reject(staged, str(error)))
        return None


def _reject(staged: Staged, reason: str) -> Rejected:
    return Rejected(position=_place(staged), reason=reason)


def _place(staged: Staged) -> SourcePosition:
    return SourcePosition(file=staged.file, line=f"segment {staged.unit.first}")
