"""A claim as a claims source hands it over → FHIR ExplanationOfBenefit.

Names and map ids are the Common Payer Consumer Data Set's. Rules for every field stand in ``contracts.people``; and:
money is ``Decimal`` in US dollars with exactly two decimals and the sign as adjudicated, unknown is absent, never 0;
dates are inclusive at both ends; codes keep leading zeros. The mapping decides the FHIR shape, the guide version and
every invariant; a source never does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier, SourcePosition


class ClaimKind(StrEnum):
    """Which of the five CARIN profiles a claim becomes [190, 16, 15]; vision shares the professional profile."""

    INPATIENT = "inpatient"
    OUTPATIENT = "outpatient"
    PROFESSIONAL = "professional"
    VISION = "vision"
    PHARMACY = "pharmacy"
    ORAL = "oral"


class ClaimStatus(StrEnum):
    """[140]: an adjusted, reversed or voided claim is ``cancelled``."""

    ACTIVE = "active"
    CANCELLED = "cancelled"


class Amount(StrEnum):
    """What an amount means [20, 188]."""

    SUBMITTED = "submitted"
    ELIGIBLE = "eligible"
    """Allowed amount."""
    DEDUCTIBLE = "deductible"
    COINSURANCE = "coinsurance"
    COPAY = "copay"
    NONCOVERED = "noncovered"
    PRIOR_PAYER_PAID = "priorpayerpaid"
    BENEFIT = "benefit"
    """Paid by this payer."""
    PAID_BY_PATIENT = "paidbypatient"
    PAID_BY_PATIENT_CASH = "paidbypatientcash"
    PAID_BY_PATIENT_OTHER = "paidbypatientother"
    PAID_BY_PATIENT_HEALTH_ACCOUNT = "paidbypatienthealthaccount"
    PAID_TO_PROVIDER = "paidtoprovider"
    PAID_TO_PATIENT = "paidtopatient"
    MEMBER_LIABILITY = "memberliability"
    DISCOUNT = "discount"
    DRUG_COST = "drugcost"
    """Pharmacy: ingredient cost, dispensing fee, sales tax and administration together."""


Amounts = Mapping[Amount, Decimal]


class CareTeamRole(StrEnum):
    """Function of a provider on the claim [165]."""

    ATTENDING = "attending"
    OPERATING = "operating"
    OTHER_OPERATING = "otheroperating"
    RENDERING = "rendering"
    PRIMARY = "primary"
    """Primary care provider [96]."""
    REFERRING = "referring"
    PRESCRIBING = "prescribing"
    SUPERVISOR = "supervisor"
    PURCHASED_SERVICE = "purchasedservice"


class DiagnosisRole(StrEnum):
    """Role of a diagnosis [189]; ``SECONDARY`` is written as the kind's profile wants it (``other``, ``secondary``)."""

    PRINCIPAL = "principal"
    ADMITTING = "admitting"
    SECONDARY = "secondary"
    EXTERNAL_CAUSE = "externalcauseofinjury"
    REASON_FOR_VISIT = "patientreasonforvisit"


class NetworkStatus(StrEnum):
    """[101, 142]: ``OTHER`` only for a benefit payment that is neither, or mixed."""

    IN_NETWORK = "innetwork"
    OUT_OF_NETWORK = "outofnetwork"
    OTHER = "other"


class PaymentStatus(StrEnum):
    """[91]."""

    PAID = "paid"
    DENIED = "denied"
    PARTIALLY_PAID = "partiallypaid"


class PartyKind(StrEnum):
    """Which record a party id names."""

    ORGANIZATION = "Organization"
    PRACTITIONER = "Practitioner"
    MEMBER = "Patient"
    REPRESENTATIVE = "RelatedPerson"


@dataclass(frozen=True, slots=True)
class Party:
    """A reference to another record of the same source: its kind and its id there."""

    kind: PartyKind
    party_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Payee:
    """Who was paid [120, 121]: ``subscriber``, ``provider``, ``beneficiary`` or ``other``, which needs a party."""

    kind: str
    party: Party | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CareTeamMember:
    """One provider on the claim [93–96, 98, 99, 122, 165–174, 182]; ``taxonomy`` is the NUCC code [47]."""

    role: CareTeamRole
    provider: Party
    taxonomy: str | None = None
    responsible: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """One diagnosis [6–8, 21–23, 30, 31]. A diagnosis with two roles is handed over twice.

    ``code`` is ICD-10-CM or ICD-9-CM, with or without its dot; ``present_on_admission`` is the one-letter indicator
    ``Y N U W 1`` [28, 29]; ``masked`` says that the payer withholds the code, which is then absent.
    """

    role: DiagnosisRole
    code: Code | None
    present_on_admission: str | None = None
    masked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Procedure:
    """One ICD procedure of an inpatient claim [9–12, 24–27, 187]."""

    code: Code
    principal: bool = False
    performed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherPayer:
    """Another carrier involved in the claim [141]. ``coverage_id`` names its Coverage where the source has one."""

    name: str
    coverage_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessNote:
    """Explanation to the member [181]; lines cite it by ``number``."""

    number: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """One ingredient of a compound drug [38, 39, 151]."""

    drug: Code
    quantity: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PharmacyDetails:
    """What only a pharmacy claim has; codes are NCPDP's, passed through."""

    days_supply: int | None = None
    """Days [77]."""
    daw_code: str | None = None
    """Dispense as written, product selection code [79]."""
    fill_number: int | None = None
    """0 is the first fill [137]."""
    refills_authorized: int | None = None
    brand_generic: str | None = None
    """Brand/generic indicator [144]."""
    origin: str | None = None
    """Prescription origin code [143]."""
    compound_code: str | None = None
    """``2`` means compound [78]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transport:
    """What only a transport claim has; every value belongs to the lines that say ``transport=True``."""

    patient_weight_lb: Decimal | None = None
    reason: str | None = None
    """X12 ambulance transport reason code."""
    distance_miles: Decimal | None = None
    round_trip_purpose: str | None = None
    stretcher_purpose: str | None = None
    pickup_location: str | None = None
    dropoff_location: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OralDetails:
    """What only a dental claim has [198–205]."""

    orthodontics_months: int | None = None
    """Months of treatment; its presence says that the treatment is orthodontic [199, 201]."""
    appliance_placed_on: date | None = None
    """[200]."""
    prosthesis_replacement: bool | None = None
    """[202]."""
    prior_prosthesis_on: date | None = None
    """[203]."""
    missing_teeth: tuple[Code, ...] = ()
    """[198, 205]."""


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
    """CPT, HCPCS, HIPPS or CDT [40, 194]."""
    modifiers: tuple[Code, ...] = ()
    """[41, 195]."""
    place_of_service: str | None = None
    """CMS place of service, two digits [46]; required for professional and oral lines."""
    units: Decimal | None = None
    """Units, visits or days billed, digits as in the source [42]."""
    unit: str | None = None
    """What a unit is, where the source says so (UCUM or plain)."""
    drug: Code | None = None
    """NDC, eleven digits [38]; absent for a compound, whose ingredients stand in ``ingredients``."""
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
    """[197]; need a tooth."""
    additional_teeth: tuple[Code, ...] = ()
    """Further teeth or areas of the same line [204]; need a tooth."""
    transport: bool = False
    """The claim's ``Transport`` details belong to this line."""
    note_numbers: tuple[int, ...] = ()
    """``ProcessNote.number`` of the notes about this line."""
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
    """[94, 167]."""
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
    """[101]; required for oral claims."""
    benefit_payment: NetworkStatus | None = None
    """[142]."""
    payment_status: PaymentStatus | None = None
    paid_on: date | None = None
    """[107]."""
    notes: tuple[ProcessNote, ...] = ()
    pharmacy: PharmacyDetails | None = None
    transport: Transport | None = None
    oral: OralDetails | None = None
    position: SourcePosition | None = None
