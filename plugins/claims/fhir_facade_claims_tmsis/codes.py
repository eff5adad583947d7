"""Codes as T-MSIS writes them → codes with their systems."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.records import Diagnosis, DiagnosisRole, Procedure
from fhir_facade_claims_tmsis.cells import Record

_ICD_9, _ICD_10 = "1", "2"
"""Diagnosis code flags: 1 is the older edition."""

_PROCEDURE_SYSTEMS = {
    "01": codes.CPT,
    "02": codes.ICD_9_CM,
    "06": codes.HCPCS,
    "07": codes.ICD_10_PCS,
}
_CPT = re.compile(r"\d{4}[0-9AFMTU]")
_HCPCS = re.compile(r"[A-Z]\d{4}")
_PRESENT = frozenset("YNUW1")
_MOST_DIAGNOSES, _MOST_PROCEDURES = 12, 6
_ROLES = {
    "P": DiagnosisRole.PRINCIPAL,
    "A": DiagnosisRole.ADMITTING,
    "E": DiagnosisRole.EXTERNAL_CAUSE,
    "R": DiagnosisRole.REASON_FOR_VISIT,
}
"""DIAGNOSIS-TYPE of a diagnosis record; every other one is secondary."""


def element(name: str, base: str) -> Code:
    """An element that keeps its own name because the guide has none for it."""
    return Code(f"{base}/t-msis-element", name.lower())


def diagnoses(header: Record, records: Sequence[Record], inpatient: bool) -> tuple[Diagnosis, ...]:
    """Diagnoses of the header (dictionary up to version 3) or of diagnosis records (from version 4)."""
    found = list(_of_records(records)) if records else list(_of_header(header))
    kept: list[Diagnosis] = []
    for diagnosis in found:
        role = diagnosis.role
        principal = role is DiagnosisRole.PRINCIPAL and any(d.role is role for d in kept)
        known = role is DiagnosisRole.SECONDARY and any(d.code == diagnosis.code for d in kept)
        admitting = role is DiagnosisRole.ADMITTING and not inpatient
        if not (principal or known or admitting):
            kept.append(diagnosis)
    return tuple(kept)


def _of_header(header: Record) -> Iterator[Diagnosis]:
    for place in range(1, _MOST_DIAGNOSES + 1):
        code = _diagnosis(header, f"DIAGNOSIS-CODE-{place}", f"DIAGNOSIS-CODE-FLAG-{place}")
        if code:
            role = DiagnosisRole.PRINCIPAL if place == 1 else DiagnosisRole.SECONDARY
            yield Diagnosis(role=role, code=code, present_on_admission=_present(header, f"DIAGNOSIS-POA-FLAG-{place}"))
    admitting = _diagnosis(header, "ADMITTING-DIAGNOSIS-CODE", "ADMITTING-DIAGNOSIS-CODE-FLAG")
    if admitting:
        yield Diagnosis(role=DiagnosisRole.ADMITTING, code=admitting)


def _of_records(records: Sequence[Record]) -> Iterator[Diagnosis]:
    ordered = sorted(records, key=lambda r: r.whole("DIAGNOSIS-SEQUENCE-NUMBER") or 0)
    named = any(record.text("DIAGNOSIS-TYPE") == "P" for record in ordered)
    for place, record in enumerate(ordered):
        code = _diagnosis(record, "DIAGNOSIS-CODE", "DIAGNOSIS-CODE-FLAG")
        role = _ROLES.get(record.text("DIAGNOSIS-TYPE") or "", DiagnosisRole.SECONDARY)
        if not named and place == 0:
            role = DiagnosisRole.PRINCIPAL
        if code:
            yield Diagnosis(role=role, code=code, present_on_admission=_present(record, "DIAGNOSIS-POA-FLAG"))


def _present(record: Record, name: str) -> str | None:
    value = record.text(name)
    return value if value in _PRESENT else None


def _diagnosis(record: Record, name: str, flag: str) -> Code | None:
    """A code of neither edition is left out: nothing can be said of it."""
    value = record.code(name)
    edition = record.text(flag)
    if value is None or edition not in (_ICD_9, _ICD_10, None):
        return None
    return Code(codes.ICD_9_CM if edition == _ICD_9 else codes.ICD_10_CM, value)


def procedures(header: Record) -> tuple[Procedure, ...]:
    """ICD procedures of a stay; the first is the principal one."""
    found: list[Procedure] = []
    for place in range(1, _MOST_PROCEDURES + 1):
        value = header.code(f"PROCEDURE-CODE-{place}")
        system = _PROCEDURE_SYSTEMS.get((header.text(f"PROCEDURE-CODE-FLAG-{place}") or "07").zfill(2))
        if value and system in (codes.ICD_9_CM, codes.ICD_10_PCS):
            day = header.day(f"PROCEDURE-CODE-DATE-{place}")
            found.append(Procedure(code=Code(system, value), principal=not found, performed_on=day))
    return tuple(found)


def procedure(line: Record, base: str) -> Code | None:
    """The procedure of a line; codes of the state's own keep a system of the state's own."""
    value = line.code("PROCEDURE-CODE") or _rate(line)
    if value is None:
        return None
    flag = (line.text("PROCEDURE-CODE-FLAG") or "").zfill(2)
    if flag in _PROCEDURE_SYSTEMS:
        return Code(_PROCEDURE_SYSTEMS[flag], value)
    if flag == "00":
        standard = codes.CPT if _CPT.fullmatch(value) else codes.HCPCS if _HCPCS.fullmatch(value) else None
        if standard:
            return Code(standard, value)
    return Code(f"{base}/procedure", value)


def _rate(line: Record) -> str | None:
    """HCPCS-RATE of institutional lines holds a procedure code where it is no amount."""
    value = line.code("HCPCS-RATE")
    return value if value and (_CPT.fullmatch(value) or _HCPCS.fullmatch(value)) else None


def modifiers(line: Record) -> tuple[Code, ...]:
    """Modifiers: CPT's start with a digit, HCPCS's with a letter."""
    values = [value for place in range(1, 5) if (value := line.text(f"PROCEDURE-CODE-MOD-{place}"))]
    return tuple(Code(codes.CPT if value[0].isdigit() else codes.HCPCS, value) for value in values)


def drg(header: Record, base: str) -> Code | None:
    """A diagnosis related group. The indicator begins with HG, SG or XX and the year or version of the grouper."""
    value = header.code("DIAGNOSIS-RELATED-GROUP")
    if value is None:
        return None
    indicator = header.text("DIAGNOSIS-RELATED-GROUP-IND") or ""
    version = indicator[2:].strip() or None
    if indicator.startswith("HG"):
        return Code(codes.MS_DRG, value[-3:].zfill(3), version=version)
    return Code(f"{base}/drg", value, version=version)
