"""Illnesses, services and drugs as codes, without any display text.

Diagnoses are ICD-10-CM, stays carry ICD-10-PCS and MS-DRG, services are HCPCS Level II, drugs NDC: code systems of the
US government. The few revenue, bill and dental codes that a claim cannot do without stand here as bare values.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fhir_facade.contracts.codes import CDT, HCPCS, ICD_10_CM, ICD_10_PCS, MS_DRG, NDC, Code


@dataclass(frozen=True, slots=True)
class StayReason:
    """Why somebody lies in hospital: principal and further diagnoses, procedures, DRG, usual days and dollars."""

    principal: str
    others: tuple[str, ...]
    procedures: tuple[str, ...]
    drg: str
    days: tuple[int, int]
    dollars: tuple[int, int]
    admission_type: str = "1"


STAYS = (
    StayReason("I50.23", ("I10", "E11.9", "N18.30"), (), "291", (3, 7), (9000, 22000)),
    StayReason("J18.9", ("J44.0", "I10"), (), "194", (2, 6), (6000, 15000)),
    StayReason("A41.9", ("N39.0", "E11.65"), ("02HV33Z",), "871", (4, 9), (14000, 38000)),
    StayReason("M17.11", ("E66.9", "I10"), ("0SRC0J9",), "470", (2, 4), (24000, 45000), "3"),
    StayReason("K35.80", (), ("0DTJ4ZZ",), "399", (1, 3), (12000, 24000)),
    StayReason("J45.901", ("J30.9",), (), "203", (1, 3), (4000, 9000)),
    StayReason("S72.001A", ("I10", "M81.0"), ("0SR90J9",), "522", (4, 8), (28000, 52000)),
)
DELIVERY = StayReason("O80", ("Z37.0",), ("10E0XZZ",), "807", (2, 3), (8000, 14000), "3")
BIRTH = StayReason("Z38.00", ("Z23", "P59.9"), ("3E0234Z",), "795", (2, 3), (2500, 5000), "4")
DETOX = StayReason("F10.231", ("F11.20", "F17.210"), ("HZ2ZZZZ",), "897", (4, 7), (7000, 14000))
NURSING = StayReason("G30.9", ("F02.80", "I10", "R26.89"), (), "57", (30, 30), (6500, 8200), "3")


@dataclass(frozen=True, slots=True)
class Service:
    """One service: HCPCS code, diagnosis, place of service, dollars."""

    code: str
    diagnosis: str
    place: str
    dollars: tuple[int, int]
    revenue: str = "0510"


OFFICE = (
    Service("T1015", "J06.9", "11", (90, 220)),
    Service("T1015", "I10", "11", (90, 220)),
    Service("G0463", "E11.9", "22", (110, 260)),
    Service("S9083", "J02.9", "20", (80, 190)),
    Service("Q3014", "F41.1", "10", (30, 80)),
    Service("G0444", "Z00.00", "11", (25, 60)),
    Service("J0696", "N39.0", "11", (40, 120)),
    Service("G0283", "M54.50", "11", (30, 90)),
)
WELL_CHILD = Service("S0302", "Z00.129", "11", (120, 240))
FLU_SHOT = Service("G0008", "Z23", "11", (20, 45))
PRENATAL = Service("H1000", "Z34.83", "11", (60, 160))
PERSONAL_CARE = Service("T1019", "R26.89", "12", (80, 190))
WHEELCHAIR_VAN = Service("A0130", "R26.89", "41", (40, 90))
AMBULANCE = Service("A0428", "R26.89", "41", (280, 520))
MILEAGE = Service("A0425", "R26.89", "41", (60, 160))
EQUIPMENT = (
    Service("E0143", "R26.89", "12", (60, 140)),
    Service("E0601", "G47.33", "12", (450, 900)),
    Service("A4253", "E11.9", "12", (30, 90)),
)
EYE_EXAM = Service("S0620", "H52.13", "11", (70, 150))
GLASSES = (Service("V2020", "H52.13", "11", (60, 140)), Service("V2103", "H52.13", "11", (40, 90)))
SUBSTANCE_USE = (
    Service("H0001", "F11.20", "57", (120, 260)),
    Service("H0004", "F10.20", "57", (70, 140)),
    Service("H0015", "F14.20", "57", (140, 300)),
    Service("H0020", "F11.20", "58", (15, 30)),
    Service("G0480", "F19.20", "81", (80, 160)),
)
VISITS = (
    Service("G0382", "R10.9", "23", (420, 1400), "0450"),
    Service("G0383", "S93.401A", "23", (600, 1900), "0450"),
    Service("G0463", "E11.9", "22", (150, 380), "0510"),
    Service("G0283", "M54.50", "22", (60, 180), "0420"),
    Service("G0279", "Z12.31", "22", (120, 300), "0403"),
    Service("G0299", "I50.22", "12", (110, 220), "0551"),
)


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug as it is dispensed: NDC, usual quantity, its unit, days, dollars."""

    ndc: str
    quantity: Decimal
    unit: str
    days: int
    dollars: tuple[int, int]
    brand: bool = False


def _drug(ndc: str, quantity: str, unit: str, days: int, low: int, high: int, brand: bool = False) -> Drug:
    return Drug(ndc, Decimal(quantity), unit, days, (low, high), brand)


ACUTE_DRUGS = (
    _drug("00093416173", "100", "ML", 10, 9, 24),
    _drug("00173068220", "18", "GR", 30, 45, 90, True),
    _drug("00054350049", "100", "ML", 5, 12, 30),
)
CHRONIC_DRUGS = (
    _drug("00093104801", "60", "EA", 30, 6, 18),
    _drug("68180098001", "30", "EA", 30, 5, 15),
    _drug("00071015623", "30", "EA", 30, 120, 260, True),
    _drug("00088222033", "10", "ML", 28, 180, 340, True),
    _drug("62175011837", "30", "EA", 30, 10, 28),
    _drug("00049490066", "30", "EA", 30, 90, 240, True),
)
SENIOR_DRUGS = (
    _drug("00003089421", "60", "EA", 30, 380, 560, True),
    _drug("62856024630", "30", "EA", 30, 200, 420, True),
    _drug("00054429925", "30", "EA", 30, 5, 14),
)
RECOVERY_DRUG = _drug("12496120803", "30", "EA", 15, 140, 260, True)
COMPOUND_PARTS = (("00054350049", "80", "ML"), ("00121086802", "80", "ML"), ("00093104801", "1.5", "GR"))

CHECK_UP, CLEANING, FILLING, EXTRACTION, BRACES, DENTURE = "D0120", "D1110", "D2392", "D7140", "D8080", "D5213"


def icd(code: str) -> Code:
    """An ICD-10-CM diagnosis."""
    return Code(ICD_10_CM, code)


def pcs(code: str) -> Code:
    """An ICD-10-PCS procedure."""
    return Code(ICD_10_PCS, code)


def hcpcs(code: str) -> Code:
    """A HCPCS Level II service or modifier."""
    return Code(HCPCS, code)


def dental(code: str) -> Code:
    """A dental service."""
    return Code(CDT, code)


def ndc(code: str) -> Code:
    """A drug."""
    return Code(NDC, code)


def drg(code: str, discharged: date) -> Code:
    """An MS-DRG of the grouper that was in force on ``discharged`` (version 43 is fiscal year 2026)."""
    fiscal_year = discharged.year + (discharged.month >= 10)
    return Code(MS_DRG, code.zfill(3), version=str(fiscal_year - 1983))
