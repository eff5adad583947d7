"""A claim as a claims source hands it over → FHIR ExplanationOfBenefit.

Names and map ids are the Common Payer Consumer Data Set's. Rules for every field stand in ``contracts.people``; and:
money is ``Decimal`` in US dollars with exactly two decimals and the sign as adjudicated, unknown is absent, never 0;
dates are inclusive at both ends; codes keep leading zeros. The mapping decides the FHIR shape, the guide version and
every invariant; a source never does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.parts import (
    Amounts,
    CareTeamMember,
    Detail,
    Diagnosis,
    Ingredient,
    LocalAmount,
    OralDetails,
    OtherPayer,
    Party,
    Payee,
    PharmacyDetails,
    Procedure,
    ProcessNote,
    Transport,
)
from fhir_facade.contracts.people import Identifier, SourcePosition
from fhir_facade.contracts.vocabulary import (
    Amount,
    CareTeamRole,
    ClaimKind,
    ClaimStatus,
    DiagnosisRole,
    NetworkStatus,
    PartyKind,
    PaymentStatus,
)

__all__ = [
    "Amount",
    "Amounts",
    "CareTeamMember",
    "CareTeamRole",
    "Claim",
    "ClaimKind",
    "ClaimLine",
    "ClaimStatus",
    "Detail",
    "Diagnosis",
    "DiagnosisRole",
    "Ingredient",
    "LocalAmount",
    "NetworkStatus",
    "OralDetails",
    "OtherPayer",
    "Party",
    "PartyKind",
    "Payee",
    "PaymentStatus",
    "PharmacyDetails",
    "Procedure",
    "ProcessNote",
    "Transport",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimLine:
    """One line of a claim."""

    number: int
    """Line number as the source has it: positive, unique in the claim, not necessarily 1..n [36]."""
    amounts: Amounts = field(default_factory=dict)
    """Line amounts [20]; absent kinds are unknown. Institutional claims carry amounts at lines or at the header."""
    service_start: date | None = None
    """First day [90, 118]; required but for inpatient lines. Pharmacy: fill date."""
    service_end: date | None = None
    """Last day, inclusive [119]."""
    revenue: str | None = None
    """NUBC revenue code, four digits [86]; required for inpatient lines."""
    procedure: Code | None = None
    """CPT or HCPCS; HIPPS on institutional lines, CDT on oral ones [40, 194].

    Absent on an institutional, vision or oral line it is not applicable; on a professional line it is published as
    unknown. A payer's own codes go on institutional lines only.
    """
    modifiers: tuple[Code, ...] = ()
    """[41, 195]."""
    place_of_service: str | None = None
    """CMS place of service, two digits [46]; required for professional, vision and oral lines."""
    units: Decimal | None = None
    """Units, visits or days billed, digits as in the source [42]."""
    unit: str | None = None
    """What a unit is, where the source says so (UCUM or plain)."""
    drug: Code | None = None
    """NDC, eleven digits, or ten with hyphens [38]; absent for a compound, which has ``ingredients``."""
    quantity: Decimal | None = None
    """Quantity dispensed, digits as in the source [39]."""
    quantity_unit: str | None = None
    """``ML``, ``GR``, ``UN``, ``F2``, ``ME``, ``EA`` [151]."""
    ingredients: tuple[Ingredient, ...] = ()
    allowed_units: Decimal | None = None
    """[149]."""
    adjustments: tuple[Code, ...] = ()
    """Claim adjustment (CARC) and remark (RARC) codes [92]."""
    rejects: tuple[Code, ...] = ()
    """NCPDP reject codes of a pharmacy line [92]."""
    benefit_payment: NetworkStatus | None = None
    """How the line was paid [142]."""
    denied: bool = False
    """The line was denied."""
    tooth: Code | None = None
    """First tooth or oral area [196]."""
    surfaces: tuple[Code, ...] = ()
    """[197]; need a tooth number, not an area."""
    additional_teeth: tuple[Code, ...] = ()
    """Further teeth or areas of the same line [204]; need a tooth."""
    transport: bool = False
    """The claim's ``Transport`` details belong to this line."""
    note_numbers: tuple[int, ...] = ()
    """``ProcessNote.number`` of the notes about this line."""
    local_amounts: tuple[LocalAmount, ...] = ()
    """Line amounts of the payer's own kinds → ``item.adjudication`` with that category."""
    details: tuple[Detail, ...] = ()
    position: SourcePosition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One adjudicated claim."""

    claim_id: str
    """The source's stable id of the claim; becomes part of ``ExplanationOfBenefit.id``."""
    member_id: str
    """Whose services these are [1]."""
    kind: ClaimKind
    claim_number: Identifier
    """Payer claim number, or prescription reference number of a pharmacy claim [35, 183]."""
    last_updated: datetime
    """When the source of record created or changed the claim [163]; never the clock of the run."""
    adjudicated_on: date
    """[179]."""
    service_start: date
    """Statement from date [177]; pharmacy: fill date."""
    payer_id: str
    """``organization_id`` of the payer [2, 175]; equals the payor of ``coverage_id``."""
    coverage_id: str
    """The cover the claim was adjudicated under, as of the date of service [2]."""
    billing_provider: Party
    """[94, 167]; an organization or a practitioner."""
    lines: tuple[ClaimLine, ...]
    """At least one."""
    status: ClaimStatus = ClaimStatus.ACTIVE
    other_identifiers: tuple[Identifier, ...] = ()
    service_end: date | None = None
    """Statement through date [178]."""
    received_on: date | None = None
    """[88]."""
    admitted_on: date | None = None
    """Start of stay [18]; required for inpatient."""
    discharged_on: date | None = None
    """End of stay [19]; absent while still inpatient."""
    other_payers: tuple[OtherPayer, ...] = ()
    payee: Payee | None = None
    care_team: tuple[CareTeamMember, ...] = ()
    facility_id: str | None = None
    """``organization_id`` of the service facility, where it is not the billing provider [97, 170, 176]."""
    prior_claims: tuple[Identifier, ...] = ()
    """Claims that this one replaces, immediate neighbours only [111]."""
    replaced_by: tuple[Identifier, ...] = ()
    """Claims that replace this one, immediate neighbours only [112]; this one is then cancelled."""
    diagnoses: tuple[Diagnosis, ...] = ()
    """Where an inpatient, outpatient, professional or vision claim has none, one is published as unknown.

    A pharmacy claim has none.
    """
    procedures: tuple[Procedure, ...] = ()
    type_of_bill: str | None = None
    """NUBC, as the source has it [17]."""
    point_of_origin: str | None = None
    """NUBC [13]."""
    admission_type: str | None = None
    """NUBC; ``4`` is newborn, which changes the code system of ``point_of_origin`` [14]."""
    discharge_status: str | None = None
    """NUBC, two digits [117]."""
    drg: Code | None = None
    """[32, 33, 113]; ``version`` is the grouper's."""
    medical_record_number: str | None = None
    """[110]."""
    patient_account_number: str | None = None
    """[109]."""
    amounts: Amounts = field(default_factory=dict)
    """Header amounts of an institutional claim whose lines carry none [20]."""
    totals: Amounts = field(default_factory=dict)
    """Claim totals [148]; where empty, the mapping adds up header or line amounts."""
    adjustments: tuple[Code, ...] = ()
    """Header CARC and RARC codes of an institutional claim [92]."""
    billing_network: NetworkStatus | None = None
    """[101]."""
    rendering_network: NetworkStatus | None = None
    """[101]; required for oral claims, unless ``billing_network`` or ``benefit_payment`` say it."""
    benefit_payment: NetworkStatus | None = None
    """[142]."""
    payment_status: PaymentStatus | None = None
    paid_on: date | None = None
    """[107]."""
    notes: tuple[ProcessNote, ...] = ()
    pharmacy: PharmacyDetails | None = None
    transport: Transport | None = None
    oral: OralDetails | None = None
    local_amounts: tuple[LocalAmount, ...] = ()
    """Claim amounts of the payer's own kinds → ``total`` with that category, beside those of ``totals``."""
    details: tuple[Detail, ...] = ()
    position: SourcePosition | None = None

    def named(self) -> Iterator[str]:
        """Ids of the organizations and practitioners it names: payer, facility, and who billed, treated or was paid."""
        yield self.payer_id
        parties = [self.billing_provider, *(member.provider for member in self.care_team)]
        if self.payee is not None and self.payee.party is not None:
            parties.append(self.payee.party)
        yield from (one.party_id for one in parties if one.kind in (PartyKind.ORGANIZATION, PartyKind.PRACTITIONER))
        if self.facility_id is not None:
            yield self.facility_id
