"""One member's staged records → that member's records and rejects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from fhir_facade.contracts.claims import Change, MemberRecords, Rejected, Removed, RemovedKind
from fhir_facade.contracts.people import Coverage, Identifier, Member, Organization, SourcePosition
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_tmsis.cells import CellFault, Record
from fhir_facade_claims_tmsis.claims import Source, claim, claim_id, id_of, is_shown, service_start
from fhir_facade_claims_tmsis.families import Unordered, Version, missing, number, versions
from fhir_facade_claims_tmsis.numbers import MemberIds
from fhir_facade_claims_tmsis.people import Covers, People, member
from fhir_facade_claims_tmsis.providers import Providers
from fhir_facade_claims_tmsis.settings import TmsisSettings
from fhir_facade_claims_tmsis.staging import Header, Staging

CLAIMS_AT_ONCE = 100
"""Claims per ``MemberRecords``: a member with very many comes in several."""

PAYER = "agency"

_TORN = "its records name several members, and no newer delivery says whose it is"


@dataclass(slots=True)
class _Batch:
    """Claims read so far, with what they name."""

    member: Member
    providers: Providers
    claims: list[Claim] = field(default_factory=list)
    coverages: dict[str, Coverage] = field(default_factory=dict)

    def records(self, payer: Organization) -> MemberRecords:
        """The batch as one record of the contract."""
        return MemberRecords(
            member=self.member,
            coverages=tuple(self.coverages.values()),
            claims=tuple(self.claims),
            organizations=(payer, *self.providers.organizations.values()),
            practitioners=tuple(self.providers.practitioners.values()),
        )


@dataclass(frozen=True, slots=True)
class MemberReader:
    """Reads members of one staging file."""

    settings: TmsisSettings
    staging: Staging
    ids: MemberIds

    def changes(self, msis_id: str) -> Iterator[Change]:
        """Everything the folder says of one member."""
        people = self.staging.people(msis_id)
        every = self.staging.headers(msis_id)
        headers = [header for header in every if not header.moved]
        yield from self._gone(msis_id, every)
        try:
            person = member(people, self.ids.of(msis_id), self.settings.base, exposes=self.ids.key is None)
        except CellFault as fault:
            yield Rejected(position=fault.position, reason=f"the member is left out: {fault.reason}")
            yield from self._without_member(headers, "its member is left out")
            return
        if person is None:
            yield from self._without_member(headers, "no eligibility file tells who the member is")
        else:
            yield from self._claims(person, people, headers)

    def _gone(self, msis_id: str, headers: Sequence[Header]) -> Iterator[Removed]:
        """Claims that may be stored of the member: they are another's by now, or what ended them came without them."""
        moved = versions((header for header in headers if header.moved), self.settings.chain)
        ids = [claim_id(version) for version in moved if isinstance(version, Version)]
        own = [header for header in headers if not header.moved and not header.torn]
        ids += [id_of(header, icn) for header, icn in missing(filter(self._counts, own))]
        for one in ids:
            yield Removed(kind=RemovedKind.CLAIM, record_id=one, member_id=self.ids.of(msis_id))

    def _without_member(self, headers: Sequence[Header], reason: str) -> Iterator[Rejected]:
        for header in filter(self._counts, headers):
            yield Rejected(position=header.record.position, reason=f"the claim is left out: {reason}")

    def _claims(self, person: Member, people: People, headers: Sequence[Header]) -> Iterator[Change]:
        covers = Covers(people, person, PAYER)
        for fault in covers.faults:
            yield Rejected(position=fault.position, reason=f"the cover is left out: {fault.reason}")
        batch, told = self._batch(person), False
        batch.coverages = {coverage.coverage_id: coverage for coverage in covers.spans}
        counted = list(filter(self._counts, headers))
        for header in (header for header in counted if header.torn):
            yield Rejected(position=header.record.position, reason=f"the claim is left out: {_TORN}")
        for version in versions((header for header in counted if not header.torn), self.settings.chain):
            if isinstance(version, Unordered):
                yield Rejected(
                    position=version.header.record.position, reason=f"the claim is left out: {version.reason}"
                )
                continue
            yield from self._claim(batch, version, covers, people)
            if len(batch.claims) >= CLAIMS_AT_ONCE:
                yield batch.records(self._payer())
                batch, told = self._batch(person), True
        if batch.claims or not told:
            yield batch.records(self._payer())

    def _counts(self, header: Header) -> bool:
        """Whether the record is a version of a claim; one that cannot say so is read, and rejected then."""
        try:
            return is_shown(header.record, self.settings.other_programs)
        except CellFault:
            return True

    def _claim(self, batch: _Batch, version: Version, covers: Covers, people: People) -> Iterator[Rejected]:
        providers = Providers(self.staging, self.settings.base)
        try:
            source = self._source(version, providers, people)
            start = service_start(source)
            coverage = covers.on(start)
            batch.claims.append(claim(source, batch.member.member_id, coverage.coverage_id, start))
        except CellFault as fault:
            yield Rejected(position=fault.position, reason=f"the claim is left out: {fault.reason}")
            return
        batch.coverages[coverage.coverage_id] = coverage
        batch.providers.organizations |= providers.organizations
        batch.providers.practitioners |= providers.practitioners

    def _source(self, version: Version, providers: Providers, people: People) -> Source:
        header = version.header
        is_shown(header.record, self.settings.other_programs)
        if not number(header):
            raise header.record.fault("ICN-ORIG is unknown, but every claim needs its number")
        parts, broken = self.staging.parts(header, self.settings.most_lines)
        if len(parts) > self.settings.most_lines:
            raise header.record.fault(f"it has more than {self.settings.most_lines} lines (most_lines)")
        if header.doubled:
            raise header.record.fault("its header stands twice in one delivery, with different content")
        if header.broken or broken:
            raise header.record.fault("one of its records could not be read")
        lines = [part for part in parts if part.segment.endswith("00003")]
        counted = header.record.whole("CLAIM-LINE-COUNT")
        if counted and counted != len(lines):
            raise header.record.fault(f"its header counts {counted} lines, but {len(lines)} are in the files")
        return Source(
            version=version,
            lines=lines,
            diagnoses=[part for part in parts if part.segment.endswith("00004")],
            providers=providers,
            base=self.settings.base,
            payer_id=PAYER,
            other_payers=self._carriers(people),
            network=self.settings.network,
        )

    def _carriers(self, people: People) -> tuple[str, ...]:
        """Names of the member's other insurers."""
        carriers = [r.text("INSURANCE-CARRIER-ID-NUM") for r in people.get("TPL00003", ())]
        return tuple(dict.fromkeys(self._carrier(carrier) for carrier in carriers if carrier))

    def _carrier(self, carrier: str) -> str:
        records: Sequence[Record] = self.staging.people(f"#{carrier}").get("TPL00006", ())
        names = [name for record in records if (name := record.text("INSURANCE-CARRIER-NAME"))]
        return names[-1] if names else f"Insurer {carrier}"

    def _batch(self, person: Member) -> _Batch:
        return _Batch(person, Providers(self.staging, self.settings.base))

    def _payer(self) -> Organization:
        return Organization(
            organization_id=PAYER,
            name=self.settings.payer_name,
            payer_id=Identifier(system=f"{self.settings.base}/payer", value=PAYER),
            last_updated=self.staging.as_of,
            position=SourcePosition(file="settings", line="payer_name"),
        )
