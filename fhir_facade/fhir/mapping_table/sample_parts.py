"""A completely filled sample: what its claims have in common."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier, SourcePosition
from fhir_facade.contracts.records import (
    Amount,
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Detail,
    Diagnosis,
    DiagnosisRole,
    LocalAmount,
    OtherPayer,
    Party,
    PartyKind,
    Payee,
    PaymentStatus,
    ProcessNote,
)
from fhir_facade.fhir.mapping_table.sample_people import (
    CLAIMS,
    CLINIC,
    DENTIST,
    IN,
    OUT,
    SEEN,
)

OWN = "https://payer.test/variables"

MONEY = {
    Amount.SUBMITTED: Decimal("150.10"),
    Amount.DISCOUNT: Decimal("20.00"),
    Amount.NONCOVERED: Decimal("10.00"),
    Amount.ELIGIBLE: Decimal("120.10"),
    Amount.DEDUCTIBLE: Decimal("1.00"),
    Amount.COINSURANCE: Decimal("2.00"),
    Amount.COPAY: Decimal("3.00"),
    Amount.MEMBER_LIABILITY: Decimal("16.00"),
    Amount.PRIOR_PAYER_PAID: Decimal("5.00"),
    Amount.BENEFIT: Decimal("104.10"),
    Amount.PAID_TO_PROVIDER: Decimal("104.10"),
    Amount.PAID_TO_PATIENT: Decimal("0.00"),
    Amount.PAID_BY_PATIENT: Decimal("16.00"),
    Amount.PAID_BY_PATIENT_CASH: Decimal("6.00"),
    Amount.PAID_BY_PATIENT_OTHER: Decimal("6.00"),
    Amount.PAID_BY_PATIENT_HEALTH_ACCOUNT: Decimal("4.00"),
}


def icd(value: str) -> Code:
    """An ICD-10-CM code."""
    return Code(codes.ICD_10_CM, value)


def team(*roles: CareTeamRole) -> tuple[CareTeamMember, ...]:
    """The same clinician in every role."""
    return tuple(CareTeamMember(role=role, provider=DENTIST, taxonomy="207Q00000X", responsible=True) for role in roles)


COMMON: dict[str, Any] = {
    "member_id": "m1",
    "last_updated": SEEN,
    "adjudicated_on": date(2024, 4, 1),
    "service_start": date(2024, 3, 1),
    "service_end": date(2024, 3, 4),
    "received_on": date(2024, 3, 20),
    "payer_id": "payer",
    "coverage_id": "c1",
    "billing_provider": CLINIC,
    "other_identifiers": (Identifier(system=CLAIMS, value="alt"),),
    "other_payers": (OtherPayer(name="Other Carrier"),),
    "payee": Payee(kind="other", party=Party(PartyKind.REPRESENTATIVE, "r1")),
    "prior_claims": (Identifier(system=CLAIMS, value="before"),),
    "medical_record_number": "MRN-1",
    "patient_account_number": "PAN-1",
    "billing_network": IN,
    "rendering_network": OUT,
    "benefit_payment": IN,
    "payment_status": PaymentStatus.PAID,
    "paid_on": date(2024, 4, 2),
    "notes": (ProcessNote(number=1, text="You owe nothing."),),
    "details": (Detail(category=Code(OWN, "own-fact"), text="Region 4"),),
    "local_amounts": (LocalAmount(category=Code(OWN, "own-amount"), amount=Decimal("7.77")),),
    "totals": {**MONEY, Amount.DRUG_COST: Decimal("120.10")},
    "position": SourcePosition(file="claims.csv", line=7),
}

DIAGNOSES = (
    Diagnosis(role=DiagnosisRole.PRINCIPAL, code=icd("E119"), present_on_admission="Y"),
    Diagnosis(role=DiagnosisRole.SECONDARY, code=icd("I10"), present_on_admission="N"),
)
ADJUSTED = (Code(codes.CARC, "45"), Code(codes.RARC, "N130"))

LINE = ClaimLine(
    number=6,
    amounts=MONEY,
    service_start=date(2024, 3, 1),
    service_end=date(2024, 3, 4),
    revenue="120",
    procedure=Code(codes.HCPCS, "G0299"),
    modifiers=(Code(codes.HCPCS, "GT"),),
    place_of_service="11",
    units=Decimal("2.50"),
    unit="visits",
    drug=Code(codes.NDC, "00093-7424-56"),
    quantity=Decimal("30.000"),
    quantity_unit="ML",
    allowed_units=Decimal("2"),
    adjustments=ADJUSTED,
    benefit_payment=IN,
    note_numbers=(1,),
    details=(Detail(category=Code(OWN, "own-line-fact"), text="Room 7"),),
    local_amounts=(LocalAmount(category=Code(OWN, "own-amount"), amount=Decimal("1.11")),),
)


def claim(kind: ClaimKind, **own: Any) -> Claim:
    """A claim with what all claims have, and what is its own."""
    facts: dict[str, Any] = {
        "claim_id": f"claim-{kind}",
        "kind": kind,
        "claim_number": Identifier(system=CLAIMS, value=f"N-{kind}"),
    }
    return Claim(**(facts | COMMON | own))
