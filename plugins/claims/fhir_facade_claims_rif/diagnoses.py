"""Diagnoses and procedures of a claim: one principal, every code with its version, external causes apart."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from functools import cache

from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.records import Diagnosis, DiagnosisRole, Procedure
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.codes import diagnosis, icd_procedure

_MOST = 25
_PRESENT = frozenset("YNUW1")


def professional(rows: list[Row], service: date) -> tuple[Diagnosis, ...]:
    """Principal, then the others, then those that only a line names."""
    found = _ranked(rows[0], service)
    of_lines = dict.fromkeys(_code(row, "LINE_ICD_DGNS_CD", "LINE_ICD_DGNS_VRSN_CD", service) for row in rows)
    new = of_lines.keys() - {None, *(d.code for d in found)}
    return (*found, *(Diagnosis(role=DiagnosisRole.SECONDARY, code=code) for code in of_lines if code in new))


def institutional(row: Row, service: date) -> tuple[Diagnosis, ...]:
    """Principal, the others, admitting, reasons for the visit, external causes."""
    found = _ranked(row, service)
    admitting = _code(row, "ADMTG_DGNS_CD", "ADMTG_DGNS_VRSN_CD", service)
    if admitting:
        found.append(Diagnosis(role=DiagnosisRole.ADMITTING, code=admitting))
    for number in range(1, 4):
        reason = _code(row, f"RSN_VISIT_CD{number}", f"RSN_VISIT_VRSN_CD{number}", service)
        if reason:
            found.append(Diagnosis(role=DiagnosisRole.REASON_FOR_VISIT, code=reason))
    return (*found, *_external_causes(row, service))


def _ranked(row: Row, service: date) -> list[Diagnosis]:
    """The principal diagnosis is repeated as the first of the numbered ones, and stands once."""
    principal = _code(row, "PRNCPAL_DGNS_CD", "PRNCPAL_DGNS_VRSN_CD", service)
    numbered = list(_numbered(row, "ICD_DGNS_CD", "ICD_DGNS_VRSN_CD", "CLM_POA_IND_SW", service))
    codes = dict.fromkeys(([principal] if principal else []) + [code for code, _ in numbered])
    present = dict(reversed(numbered))
    roles = [DiagnosisRole.PRINCIPAL] + [DiagnosisRole.SECONDARY] * len(codes)
    return [
        Diagnosis(role=role, code=code, present_on_admission=present.get(code))
        for role, code in zip(roles, codes, strict=False)
    ]


def _external_causes(row: Row, service: date) -> Iterator[Diagnosis]:
    first = _code(row, "FST_DGNS_E_CD", "FST_DGNS_E_VRSN_CD", service)
    numbered = list(_numbered(row, "ICD_DGNS_E_CD", "ICD_DGNS_E_VRSN_CD", "CLM_E_POA_IND_SW", service))
    present = dict(reversed(numbered))
    for code in dict.fromkeys(([first] if first else []) + [code for code, _ in numbered]):
        yield Diagnosis(role=DiagnosisRole.EXTERNAL_CAUSE, code=code, present_on_admission=present.get(code))


def _numbered(row: Row, code: str, version: str, present: str, service: date) -> Iterator[tuple[Code, str | None]]:
    cells = row.cells
    for coded, versioned, marked in _columns(code, version, present):
        if coded in cells and (found := _code(row, coded, versioned, service)):
            sign = row.text(marked)
            yield found, sign if sign in _PRESENT else None


@cache
def _columns(*stems: str) -> list[tuple[str, ...]]:
    return [tuple(f"{stem}{number}" for stem in stems) for number in range(1, _MOST + 1)]


def _code(row: Row, code: str, version: str, service: date) -> Code | None:
    value = row.text(code)
    return diagnosis(value, row.text(version), service) if value else None


def procedures(row: Row, service: date) -> tuple[Procedure, ...]:
    """ICD procedures; the first is the principal one."""
    found = []
    columns = _columns("ICD_PRCDR_CD", "ICD_PRCDR_VRSN_CD", "PRCDR_DT")
    for number, (coded, versioned, performed) in enumerate(columns, start=1):
        value = row.text(coded)
        if value:
            code = icd_procedure(value, row.text(versioned), service)
            found.append(Procedure(code=code, principal=number == 1, performed_on=row.day(performed)))
    return tuple(found)
