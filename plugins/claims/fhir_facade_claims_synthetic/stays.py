"""Inpatient claims: hospital stays, births, months in a nursing facility."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.records import (
    Amounts,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Diagnosis,
    DiagnosisRole,
    Party,
    Procedure,
)
from fhir_facade_claims_synthetic import catalogue, money
from fhir_facade_claims_synthetic.catalogue import StayReason
from fhir_facade_claims_synthetic.desk import Desk, team
from fhir_facade_claims_synthetic.money import Price


def stay(desk: Desk, first: date, reason: StayReason, *, at_header: bool, **details: Any) -> Claim:
    """A finished stay that begins on ``first``; amounts stand at the header or at the lines."""
    days = desk.dice.between(*reason.days)
    last = min(first + timedelta(days=days), desk.world.today)
    prices = _prices(desk, reason, surgery=bool(reason.procedures))
    return desk.claim(
        ClaimKind.INPATIENT,
        first,
        _lines(prices, first, days, at_header=at_header),
        details.pop("billing", None) or desk.place("hosp"),
        service_end=last,
        admitted_on=first,
        discharged_on=last,
        amounts=money.added(prices.values()) if at_header else {},
        drg=catalogue.drg(reason.drg, last),
        procedures=_procedures(reason, first),
        diagnoses=_diagnoses(reason),
        type_of_bill="0111",
        point_of_origin="5" if reason.admission_type == "4" else "1",
        admission_type=reason.admission_type,
        discharge_status="01",
        care_team=(
            team(CareTeamRole.ATTENDING, desk.shared()),
            *((team(CareTeamRole.OPERATING, desk.own(5)),) if reason.procedures else ()),
            team(CareTeamRole.PRIMARY, desk.own(1)),
        ),
        **details,
    )


def nursing_month(desk: Desk, admitted: date, first: date, last: date, facility: Party) -> Claim:
    """One month of a stay in a nursing facility that has not ended."""
    days = (last - first).days + 1
    per_day = desk.dice.dollars(215, 270)
    price = Price(submitted=per_day * days, allowed=desk.dice.share_of(per_day * days, 82, 96))
    room = desk.line(1, None, price, revenue="0120", units=Decimal(days), allowed_units=Decimal(days))
    return desk.claim(
        ClaimKind.INPATIENT,
        first,
        [room],
        facility,
        service_end=last,
        admitted_on=admitted,
        diagnoses=_diagnoses(catalogue.NURSING),
        type_of_bill="0212" if (admitted.year, admitted.month) == (first.year, first.month) else "0213",
        point_of_origin="4",
        admission_type="3",
        discharge_status="30",
        care_team=(team(CareTeamRole.ATTENDING, desk.own(1)),),
    )


def _prices(desk: Desk, reason: StayReason, *, surgery: bool) -> dict[str, Amounts]:
    whole = desk.dice.between(*reason.dollars)
    room = "0170" if reason.admission_type == "4" else "0120"
    shares = {room: 55, "0250": 12, "0300": 13} | ({"0360": 20} if surgery else {})
    lows = {revenue: whole * share // 100 for revenue, share in shares.items()}
    return {revenue: money.amounts(desk.price(low, low + 40)) for revenue, low in lows.items()}


def _lines(prices: dict[str, Amounts], first: date, days: int, *, at_header: bool) -> list[ClaimLine]:
    return [
        ClaimLine(
            number=number,
            revenue=revenue,
            service_start=first,
            units=Decimal(days if number == 1 else 1),
            amounts={} if at_header else amounts,
            allowed_units=None if at_header else Decimal(days if number == 1 else 1),
        )
        for number, (revenue, amounts) in enumerate(prices.items(), 1)
    ]


def _diagnoses(reason: StayReason) -> tuple[Diagnosis, ...]:
    principal = catalogue.icd(reason.principal)
    return (
        Diagnosis(role=DiagnosisRole.PRINCIPAL, code=principal, present_on_admission="Y"),
        Diagnosis(role=DiagnosisRole.ADMITTING, code=principal),
        *(
            Diagnosis(role=DiagnosisRole.SECONDARY, code=catalogue.icd(code), present_on_admission="Y")
            for code in reason.others
        ),
    )


def _procedures(reason: StayReason, first: date) -> tuple[Procedure, ...]:
    return tuple(
        Procedure(code=catalogue.pcs(code), principal=number == 0, performed_on=first)
        for number, code in enumerate(reason.procedures)
    )
