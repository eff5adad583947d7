"""One claim on its way to becoming an ExplanationOfBenefit: what is known about it, and what was noticed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.people import Coverage, Organization, Practitioner, Representative
from fhir_facade.contracts.records import Amounts, Claim, Party, PartyKind
from fhir_facade.fhir.guide import Guide
from fhir_facade.fhir.ids import facade_id
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Records around a claim, by their source ids.

    ``complete`` says that everything a claim may refer to is here: a reference to anything else would lead nowhere.
    Else an absent record limits what can be checked, no more.
    """

    coverages: Mapping[str, Coverage] = field(default_factory=dict)
    organizations: Mapping[str, Organization] = field(default_factory=dict)
    practitioners: Mapping[str, Practitioner] = field(default_factory=dict)
    representatives: Mapping[str, Representative] = field(default_factory=dict)
    complete: bool = False

    @classmethod
    def of(cls, records: MemberRecords) -> Known:
        """What the records of one member hold, which is all that their claims may refer to."""
        return cls(
            coverages={c.coverage_id: c for c in records.coverages},
            organizations={o.organization_id: o for o in records.organizations},
            practitioners={p.practitioner_id: p for p in records.practitioners},
            representatives={r.representative_id: r for r in records.representatives},
            complete=True,
        )

    def lacks(self, party: Party) -> bool:
        """Whether a reference to the party would lead nowhere."""
        return self.complete and party.party_id not in self._of_kind(party.kind)

    def _of_kind(self, kind: PartyKind) -> Mapping[str, object]:
        if kind is PartyKind.ORGANIZATION:
            return self.organizations
        if kind is PartyKind.PRACTITIONER:
            return self.practitioners
        return self.representatives if kind is PartyKind.REPRESENTATIVE else {}


NOTHING_KNOWN = Known()


@dataclass(slots=True, kw_only=True)
class Draft:
    """A claim with its surroundings.

    Args:
        guide: the version of the guide.
        source: short name of the claims source.
        claim: the record.
        patient_id: ``Patient.id`` of the member.
        known: records around the claim.
        financial: False for the non-financial Basis profiles.
    """

    guide: Guide
    source: str
    claim: Claim
    patient_id: str
    known: Known
    financial: bool = True
    findings: list[str] = field(default_factory=list)
    """What was noticed and does not make the claim unfit, each to follow on "claim 123: "."""
    contained: dict[str, Json] = field(default_factory=dict)
    """Contained resources by the source's id of their record."""
    line_sums: Amounts = field(default_factory=dict)
    """The sum per kind of amount over the lines."""
    information: list[Json] = field(default_factory=list)
    """What stands in ``supportingInfo``, without its sequence: the first entry is number 1."""
    details: dict[bytes, int] = field(default_factory=dict)
    """The payer's own facts as they are written, digit by digit, each with its sequence."""

    def note(self, finding: str) -> None:
        """Remember something the payer's engineer should look at."""
        self.findings.append(finding)

    def inform(self, info: Json) -> int:
        """Add a supportingInfo entry; returns its sequence, which lines cite."""
        self.information.append(info)
        return len(self.information)

    def local(self, local_id: str, what: str) -> str:
        """The facade's id of another record of the same source."""
        if type(local_id) is not str or not local_id:
            raise Unfit(f"{what} has no id")
        return facade_id(self.source, local_id)

    def refer(self, party: Party, what: str) -> Json:
        """A reference to a party of the same source; the member is this claim's Patient."""
        if party.kind is PartyKind.MEMBER and party.party_id == self.claim.member_id:
            return reference("Patient", self.patient_id)
        if not isinstance(party.kind, PartyKind):
            raise Unfit(f"{what} is of no known kind")
        if self.known.lacks(party):
            raise Unfit(f"{what} is not among the records handed over")
        return reference(party.kind.value, self.local(party.party_id, what))
