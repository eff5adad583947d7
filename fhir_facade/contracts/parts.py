"""The parts of a claim: who, why, and what only one kind of claim has. Rules for every field: ``contracts.people``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.vocabulary import (
    Amount,
    CareTeamRole,
    DiagnosisRole,
    PartyKind,
)

Amounts = Mapping[Amount, Decimal]
"""What an amount means → how much, in US dollars."""


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
class LocalAmount:
    """An amount of the payer's own kind, for which ``Amount`` has no member; ``category`` says what it means."""

    category: Code
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A fact of the payer's own without a field here: ``category`` says what it is; exactly one value follows.

    Written as a ``supportingInfo`` entry of its own category; that of a line is cited by the line.
    """

    category: Code
    code: Code | None = None
    text: str | None = None
    quantity: Decimal | None = None
    unit: str | None = None
    """What ``quantity`` counts, where the source says so."""
    day: date | None = None
