"""Outpatient institutional claims: emergency rooms, hospital clinics, therapy, home health."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.records import (
    CareTeamRole,
    Claim,
    ClaimKind,
    Diagnosis,
    DiagnosisRole,
)
from fhir_facade_claims_synthetic import catalogue, money
from fhir_facade_claims_synthetic.catalogue import Service
from fhir_facade_claims_synthetic.desk import Desk, team

_LABORATORY = Service("G0306", "R10.9", "22", (30, 90), "0300")
_DRUG = Service("J0696", "R10.9", "22", (30, 90), "0636")


def visit(desk: Desk, day: date, service: Service, *, at_header: bool = False, **details: Any) -> Claim:
    """One visit; an emergency brings laboratory and drugs along. Amounts stand at the header or at the lines."""
    emergency = service.revenue == "0450"
    services = (service, _LABORATORY, _DRUG) if emergency else (service,)
    prices = [money.amounts(desk.price(*each.dollars)) for each in services]
    lines = [
        desk.line(
            number,
            day,
            None,
            revenue=each.revenue,
            procedure=catalogue.hcpcs(each.code),
            units=Decimal(1),
            allowed_units=None if at_header else Decimal(1),
        )
        for number, each in enumerate(services, 1)
    ]
    if not at_header:
        lines = [money.with_amounts(line, amounts) for line, amounts in zip(lines, prices, strict=True)]
    defaults: dict[str, Any] = {
        "service_end": day,
        "amounts": money.added(prices) if at_header else {},
        "diagnoses": _diagnoses(service, emergency=emergency),
        "type_of_bill": "0329" if service.revenue == "0551" else "0131",
        "point_of_origin": "1",
        "admission_type": "1" if emergency else "3",
        "discharge_status": "01",
        "care_team": (team(CareTeamRole.ATTENDING, desk.shared()), team(CareTeamRole.PRIMARY, desk.own(1))),
    }
    billing = details.pop("billing", None) or desk.place("hha" if service.revenue == "0551" else "hosp")
    return desk.claim(ClaimKind.OUTPATIENT, day, lines, billing, **defaults | details)


def _diagnoses(service: Service, *, emergency: bool) -> tuple[Diagnosis, ...]:
    principal = Diagnosis(role=DiagnosisRole.PRINCIPAL, code=catalogue.icd(service.diagnosis))
    if not emergency:
        return (principal, Diagnosis(role=DiagnosisRole.SECONDARY, code=catalogue.icd("I10")))
    reason = Diagnosis(role=DiagnosisRole.REASON_FOR_VISIT, code=catalogue.icd(service.diagnosis))
    if service.diagnosis.startswith("S"):
        fall = Diagnosis(role=DiagnosisRole.EXTERNAL_CAUSE, code=catalogue.icd("W01.0XXA"))
        return (principal, reason, fall)
    return (principal, reason)
