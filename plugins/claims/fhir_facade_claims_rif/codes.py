"""Codes as RIF writes them → codes with their systems."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code

ICD_10_FROM = date(2015, 10, 1)
"""First day of service on which the United States coded diagnoses in ICD-10."""

_CPT = re.compile(r"\d{4}[0-9AFMTU]")
_HIPPS_REVENUE = {"0022", "0023", "0024"}
"""Revenue codes of prospective payment: their procedure column holds a HIPPS code."""

_MS_DRG_SINCE = 25
_ADJUSTMENT = re.compile(r"(?:CO|CR|OA|PI|PR)(\w{1,4})")


def diagnosis(value: str, version: str | None, service: date) -> Code:
    """An ICD-10-CM or ICD-9-CM code: ``version`` is 0 or 9, where blank the day of service decides."""
    return _code(codes.ICD_9_CM if _is_icd_9(version, service) else codes.ICD_10_CM, value)


_code = lru_cache(maxsize=65_536)(Code)


def icd_procedure(value: str, version: str | None, service: date) -> Code:
    """An ICD-10-PCS or ICD-9-CM code: ``version`` is 0 or 9, where blank the day of service decides."""
    return Code(codes.ICD_9_CM if _is_icd_9(version, service) else codes.ICD_10_PCS, value)


def _is_icd_9(version: str | None, service: date) -> bool:
    return version == "9" if version in ("0", "9") else service < ICD_10_FROM


@lru_cache(maxsize=65_536)
def procedure(value: str | None, revenue: str | None = None) -> Code | None:
    """The code of a line: CPT (HCPCS level I), HCPCS level II, or HIPPS where the revenue code says so."""
    if value is None:
        return None
    if revenue in _HIPPS_REVENUE:
        return Code(codes.HIPPS, value)
    return Code(codes.CPT if _CPT.fullmatch(value) else codes.HCPCS, value)


@lru_cache(maxsize=4_096)
def modifier(value: str) -> Code:
    """A modifier: CPT's start with a digit, HCPCS's with a letter."""
    return Code(codes.CPT if value[0].isdigit() else codes.HCPCS, value)


def drg(value: str | None, discharged: date) -> Code | None:
    """A Medicare severity DRG with the grouper's version, which follows the fiscal year of the discharge."""
    if value is None:
        return None
    version = discharged.year - 1983 + (discharged.month >= 10)
    return Code(codes.MS_DRG, value, version=str(version) if version >= _MS_DRG_SINCE else None)


def adjustment(value: str) -> Code | None:
    """The claim adjustment reason in an ANSI code such as ``CO45``; None where there is none."""
    match = _ADJUSTMENT.fullmatch(value)
    return Code(codes.CARC, match.group(1)) if match else None
