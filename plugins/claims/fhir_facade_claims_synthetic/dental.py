"""Oral claims: check-ups, fillings with their surfaces, extractions, braces, dentures."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.codes import ORAL_AREA, TOOTH_NUMBER, TOOTH_SURFACE, Code
from fhir_facade.contracts.records import (
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    Diagnosis,
    DiagnosisRole,
    NetworkStatus,
    OralDetails,
)
from fhir_facade_claims_synthetic import catalogue
from fhir_facade_claims_synthetic.desk import Desk, team

CARIES = Diagnosis(role=DiagnosisRole.PRINCIPAL, code=catalogue.icd("K02.52"))
_EXAMINED = Diagnosis(role=DiagnosisRole.PRINCIPAL, code=catalogue.icd("Z01.20"))
_CROWDED = Diagnosis(role=DiagnosisRole.PRINCIPAL, code=catalogue.icd("M26.31"))


def tooth(number: int) -> Code:
    """A tooth by its universal number (1–32)."""
    return Code(TOOTH_NUMBER, str(number))


def surfaces(letters: str) -> tuple[Code, ...]:
    """Tooth surfaces by their letters."""
    return tuple(Code(TOOTH_SURFACE, letter) for letter in letters)


def check_up(desk: Desk, day: date) -> Claim:
    """Examination and cleaning."""
    lines = [line(desk, 1, day, catalogue.CHECK_UP, (35, 70)), line(desk, 2, day, catalogue.CLEANING, (60, 110))]
    return claim(desk, day, lines, _EXAMINED)


def filling(desk: Desk, day: date) -> Claim:
    """A filling on two surfaces of one tooth."""
    where = tooth(desk.dice.one((2, 3, 14, 15, 18, 19, 30, 31)))
    lines = [line(desk, 1, day, catalogue.FILLING, (140, 260), tooth=where, surfaces=surfaces("MO"))]
    return claim(desk, day, lines, CARIES)


def extraction(desk: Desk, day: date) -> Claim:
    """One tooth out."""
    lines = [line(desk, 1, day, catalogue.EXTRACTION, (110, 240), tooth=tooth(desk.dice.between(1, 32)))]
    return claim(desk, day, lines, CARIES)


def braces(desk: Desk, day: date, placed_on: date, months: int) -> Claim:
    """One month of orthodontic treatment that lasts ``months``."""
    upper = Code(ORAL_AREA, "01")
    lines = [line(desk, 1, day, catalogue.BRACES, (140, 190), tooth=upper)]
    details = OralDetails(orthodontics_months=months, appliance_placed_on=placed_on)
    return claim(desk, day, lines, _CROWDED, oral=details)


def line(desk: Desk, number: int, day: date, code: str, dollars: tuple[int, int], **details: Any) -> ClaimLine:
    """One line of a dental claim."""
    defaults: dict[str, Any] = {
        "service_end": day,
        "procedure": catalogue.dental(code),
        "place_of_service": "11",
        "units": Decimal(1),
        "allowed_units": Decimal(1),
        "benefit_payment": NetworkStatus.IN_NETWORK,
    }
    return desk.line(number, day, desk.price(*dollars), **defaults | details)


def claim(desk: Desk, day: date, lines: list[ClaimLine], diagnosis: Diagnosis, **details: Any) -> Claim:
    """A dental claim; the member's own dentist treats and bills."""
    dentist = desk.own(3)
    defaults: dict[str, Any] = {
        "service_end": day,
        "diagnoses": (diagnosis,),
        "care_team": (team(CareTeamRole.RENDERING, dentist),),
        "rendering_network": NetworkStatus.IN_NETWORK,
    }
    return desk.claim(ClaimKind.ORAL, day, lines, dentist, **defaults | details)
