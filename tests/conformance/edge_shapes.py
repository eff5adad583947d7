"""A plain claim of each kind, from which the edge cases differ."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    Amount,
    Amounts,
    Claim,
    ClaimKind,
    ClaimLine,
    Diagnosis,
    DiagnosisRole,
    NetworkStatus,
    Party,
    PartyKind,
    PaymentStatus,
    PharmacyDetails,
)
from tests.conformance import edge_people as people

CLAIM_SYSTEM = "https://payer.example.org/claim"
LOCAL = "https://payer.example.org/code"
HOSPITAL = Party(PartyKind.ORGANIZATION, "hospital")
PHARMACY = Party(PartyKind.ORGANIZATION, "pharmacy")
DOCTOR = Party(PartyKind.PRACTITIONER, "doctor")
TAX_ONLY = Party(PartyKind.PRACTITIONER, "tax-only")
NAMELESS = Party(PartyKind.PRACTITIONER, "nameless")
PARENT = Party(PartyKind.REPRESENTATIVE, "parent")
MEMBER = Party(PartyKind.MEMBER, "m-1")
SERVED = date(2025, 6, 1)


def amounts(**amounts: str) -> Amounts:
    return {Amount(kind): Decimal(amount) for kind, amount in amounts.items()}


PAID = amounts(
    submitted="200.10",
    discount="50.00",
    eligible="150.10",
    deductible="20.00",
    coinsurance="10.10",
    copay="20.00",
    noncovered="0.00",
    memberliability="50.10",
    benefit="100.00",
    paidtoprovider="100.00",
    paidtopatient="0.00",
    paidbypatient="50.10",
    priorpayerpaid="0.00",
)


def diagnosis(role: DiagnosisRole, value: str, **changes: Any) -> Diagnosis:
    return Diagnosis(role=role, code=Code(codes.ICD_10_CM, value), **changes)


PRINCIPAL = diagnosis(DiagnosisRole.PRINCIPAL, "I10")


def line(number: int = 1, **changes: Any) -> ClaimLine:
    return replace(ClaimLine(number=number, service_start=SERVED, amounts=PAID), **changes)


def claim(claim_id: str, kind: ClaimKind, *lines: ClaimLine, **changes: Any) -> Claim:
    plain = Claim(
        claim_id=claim_id,
        member_id="m-1",
        kind=kind,
        claim_number=Identifier(system=CLAIM_SYSTEM, value=claim_id.upper()),
        last_updated=people.UPDATED,
        adjudicated_on=date(2025, 6, 20),
        service_start=SERVED,
        payer_id="payer",
        coverage_id="cov-1",
        billing_provider=HOSPITAL,
        lines=lines,
        payment_status=PaymentStatus.PAID,
        paid_on=date(2025, 6, 25),
        benefit_payment=NetworkStatus.IN_NETWORK,
    )
    return replace(plain, **changes)


def inpatient(claim_id: str, **changes: Any) -> Claim:
    first = line(1, revenue="0120", units=Decimal("2"), service_start=None)
    plain = claim(
        claim_id,
        ClaimKind.INPATIENT,
        first,
        admitted_on=SERVED,
        discharged_on=date(2025, 6, 3),
        service_end=date(2025, 6, 3),
        diagnoses=(PRINCIPAL,),
    )
    return replace(plain, **changes)


def outpatient(claim_id: str, **changes: Any) -> Claim:
    first = line(1, revenue="0450", procedure=Code(codes.HCPCS, "G0380"))
    return replace(claim(claim_id, ClaimKind.OUTPATIENT, first, diagnoses=(PRINCIPAL,)), **changes)


def professional(claim_id: str, **changes: Any) -> Claim:
    first = line(
        1,
        procedure=Code(codes.HCPCS, "G0438"),
        place_of_service="11",
        benefit_payment=NetworkStatus.IN_NETWORK,
    )
    plain = claim(claim_id, ClaimKind.PROFESSIONAL, first, diagnoses=(PRINCIPAL,))
    return replace(plain, **changes)


def pharmacy(claim_id: str, **changes: Any) -> Claim:
    drug = Code(codes.NDC, "00777310502")
    first = line(1, drug=drug, quantity=Decimal("30.000"), quantity_unit="EA", amounts=amounts(drugcost="10.00"))
    details = PharmacyDetails(days_supply=30, daw_code="0", fill_number=0)
    plain = claim(claim_id, ClaimKind.PHARMACY, first, billing_provider=PHARMACY, pharmacy=details)
    return replace(plain, **changes)


def oral(claim_id: str, **changes: Any) -> Claim:
    first = line(
        1,
        procedure=Code(codes.CDT, "D0120"),
        place_of_service="11",
        benefit_payment=NetworkStatus.OUT_OF_NETWORK,
    )
    plain = claim(claim_id, ClaimKind.ORAL, first, rendering_network=NetworkStatus.IN_NETWORK)
    return replace(plain, **changes)
