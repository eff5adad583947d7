"""One member's staged rows → that member's records, tombstones and rejects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain

from fhir_facade.contracts.claims import Change, MemberRecords, Rejected, Removed, RemovedKind
from fhir_facade.contracts.people import Coverage, Identifier, Member, Organization
from fhir_facade.contracts.records import Claim, ClaimKind
from fhir_facade_claims_rif import institutional, pharmacy, professional, staging
from fhir_facade_claims_rif.cells import CellFault, Row
from fhir_facade_claims_rif.coverages import Covers
from fhir_facade_claims_rif.header import Source, midnight, need_day
from fhir_facade_claims_rif.kinds import BENEFICIARY, HISTORY, FileKind
from fhir_facade_claims_rif.members import member
from fhir_facade_claims_rif.providers import Providers
from fhir_facade_claims_rif.settings import RifSettings
from fhir_facade_claims_rif.staging import StagedRecord
from fhir_facade_claims_rif.versions import Outcome, settle

CLAIMS_AT_ONCE = 100
"""Claims per ``MemberRecords``: a member with very many comes in several."""

_READERS: dict[ClaimKind, Callable[[Source, str], Claim]] = {
    ClaimKind.PROFESSIONAL: professional.claim,
    ClaimKind.INPATIENT: institutional.claim,
    ClaimKind.OUTPATIENT: institutional.claim,
    ClaimKind.PHARMACY: pharmacy.claim,
}


@dataclass(slots=True)
class _Person:
    """Who the claims that follow belong to."""

    member: Member
    covers: Covers


@dataclass(slots=True)
class _Batch:
    """Claims read so far, with what they name."""

    person: _Person
    providers: Providers
    claims: list[Claim] = field(default_factory=list)
    coverages: dict[str, Coverage] = field(default_factory=dict)

    def records(self, payer: Organization) -> MemberRecords:
        """The batch as one record of the contract."""
        return MemberRecords(
            member=self.person.member,
            coverages=tuple(self.coverages.values()),
            claims=tuple(self.claims),
            organizations=(payer, *self.providers.organizations.values()),
            practitioners=tuple(self.providers.practitioners.values()),
        )


@dataclass(frozen=True, slots=True)
class MemberReader:
    """Reads members of one folder.

    Args:
        settings: who the payer is.
        as_of: when the newest file of the folder was written.
    """

    settings: RifSettings
    as_of: datetime

    def changes(self, member_id: str, records: Iterable[StagedRecord]) -> Iterator[Change]:
        """Everything the folder says of one member; ``records`` come with the beneficiary's own rows first."""
        stream = iter(records)
        people: list[StagedRecord] = []
        claims: list[StagedRecord] = []
        for record in stream:
            if record.kind.claim_kind:
                claims.append(record)
                break
            people.append(record)
        person, changes = self._person(member_id, people)
        yield from changes
        if person is None:
            gone = any(isinstance(change, Removed) for change in changes)
            yield from () if gone else map(_orphan, chain(claims, stream))
        else:
            yield from self._claims(person, chain(claims, stream))

    def _person(self, member_id: str, records: Sequence[StagedRecord]) -> tuple[_Person | None, list[Change]]:
        years, history, changes, removed = self._people(records)
        if not years:
            row = removed[-1] if removed else None
            tombstone = Removed(kind=RemovedKind.MEMBER, record_id=member_id, member_id=member_id)
            return None, [*changes, tombstone] if row else changes
        try:
            return _Person(member(years, history), Covers(years, self.settings.payer_id)), changes
        except CellFault as fault:
            return None, [*changes, Rejected(position=fault.position, reason=f"the member is left out: {fault.reason}")]

    def _people(self, records: Sequence[StagedRecord]) -> tuple[list[Row], list[Row], list[Change], list[Row]]:
        """Settled rows of the reference years, rows of the history, rejects, and rows that deleted a year."""
        years: list[Row] = []
        removed: list[Row] = []
        rejected: list[Change] = []
        for year in sorted({row.line for record in records if record.kind is BENEFICIARY for row in record.rows}):
            rows = [row for record in records if record.kind is BENEFICIARY for row in record.rows if row.line == year]
            outcome = settle(rows)
            years += outcome.rows
            removed += [outcome.removed] if outcome.removed else []
            rejected += outcome.rejected
        history = [row.row for record in records if record.kind is HISTORY for row in record.rows]
        return years, history, rejected, removed

    def _claims(self, person: _Person, records: Iterable[StagedRecord]) -> Iterator[Change]:
        batch, told = self._batch(person), False
        batch.coverages = {coverage.coverage_id: coverage for coverage in person.covers.all()}
        for record in records:
            if len(record.rows) > staging.MOST_ROWS:
                yield _endless(record)
                continue
            outcome = settle(record.rows)
            yield from outcome.rejected
            if outcome.removed:
                yield _tombstone(record, outcome.removed, person.member.member_id)
            elif outcome.rows and not outcome.broken:
                yield from self._claim(batch, record.kind, outcome)
            if len(batch.claims) >= CLAIMS_AT_ONCE:
                yield batch.records(self._payer())
                batch, told = self._batch(person), True
        if batch.claims or not told:
            yield batch.records(self._payer())

    def _claim(self, batch: _Batch, kind: FileKind, outcome: Outcome) -> Iterator[Rejected]:
        providers = Providers(self.as_of)
        source = Source(kind, outcome.rows, providers, self.settings.payer_id)
        try:
            day = need_day(source.first, "SRVC_DT" if kind.part == "d" else "CLM_FROM_DT")
            coverage = batch.person.covers.on(kind.part, day)
            claim = _READERS[kind.claim_kind or ClaimKind.PROFESSIONAL](source, coverage.coverage_id)
        except CellFault as fault:
            yield Rejected(position=fault.position, reason=f"the claim is left out: {fault.reason}")
            return
        batch.claims.append(claim)
        batch.coverages[coverage.coverage_id] = coverage
        batch.providers.organizations |= providers.organizations
        batch.providers.practitioners |= providers.practitioners

    def _batch(self, person: _Person) -> _Batch:
        return _Batch(person, Providers(self.as_of))

    def _payer(self) -> Organization:
        number = Identifier(system=self.settings.payer_number_system or None, value=self.settings.payer_number)
        return Organization(
            organization_id=self.settings.payer_id,
            name=self.settings.payer_name,
            payer_id=number,
            last_updated=self.as_of,
        )


def _orphan(record: StagedRecord) -> Rejected:
    reason = "the claim is left out: no beneficiary file tells who its beneficiary is"
    return Rejected(position=record.rows[0].row.position, reason=reason)


def _endless(record: StagedRecord) -> Rejected:
    reason = f"the claim is left out: it has more than {staging.MOST_ROWS:,} rows"
    return Rejected(position=record.rows[0].row.position, reason=reason)


def _tombstone(record: StagedRecord, row: Row, member_id: str) -> Removed:
    """When CMS processed the deletion is when it happened; prescriptions tell no such day."""
    processed = row.day("NCH_WKLY_PROC_DT")
    return Removed(
        kind=RemovedKind.CLAIM,
        record_id=f"{record.kind.name}-{record.record_id}",
        member_id=member_id,
        removed_at=midnight(processed) if processed else None,
    )
