"""Diagnoses and inpatient procedures: dotted codes, one role each, exactly one principal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from fhir_facade.contracts.codes import ICD_9_CM, ICD_10_CM, ICD_10_PCS, Code
from fhir_facade.contracts.records import Diagnosis, DiagnosisRole, Procedure
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.guide import CARIN, THO, Guide
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import ABSENT_REASON, Json, absent, code_text, concept, day

_HL7_ROLES = frozenset({"principal", "admitting"})
_PRESENT = frozenset("YNUW1")
_RANKED = frozenset({DiagnosisRole.PRINCIPAL, DiagnosisRole.SECONDARY})

UNKNOWN_DIAGNOSIS: Json = {
    "coding": [{"system": ICD_10_CM, "code": "unknown", "_code": absent()}],
    "text": "The claim names no diagnosis",
}
"""The diagnosis of a claim that names none, where the profile demands one.

The bound value set has no code for it, and a concept without a code is refused; so, as with a missing procedure, its
place says by extension that it is unknown, and the member does not lose the whole claim.
"""

RoleNames = Mapping[DiagnosisRole, str]
"""Role → its code in the profile; ``SECONDARY`` is always named, and stands in for roles that are not."""


@lru_cache(maxsize=65536)
def dotted(code: Code) -> str:
    """A diagnosis code as its system writes it: ``I10`` and ``E119`` → ``I10``, ``E11.9``; ICD-9 E codes after four."""
    bare = code_text(code.value, "a diagnosis code").replace(".", "").upper()
    place = 4 if code.system == ICD_9_CM and bare.startswith("E") else 3
    return bare if len(bare) <= place else f"{bare[:place]}.{bare[place:]}"


def diagnoses(draft: Draft, names: RoleNames) -> list[Json]:
    """``diagnosis`` of an institutional, professional or oral claim [6–8, 21–23, 28–31, 189]."""
    result: list[Json] = []
    admitted = "admitting" in names.values()
    for diagnosis in arranged(draft, draft.claim.diagnoses, names):
        concept_ = _concept(draft, diagnosis)
        role = _role(draft.guide, names[diagnosis.role])
        entry = {"sequence": len(result) + 1, "diagnosisCodeableConcept": concept_, "type": [role]}
        if admitted and diagnosis.present_on_admission is not None:
            entry |= _present(draft, diagnosis.present_on_admission)
        result.append(entry)
    return result


def unknown_diagnosis(draft: Draft) -> list[Json]:
    """``diagnosis`` of a claim that names none."""
    draft.note("it names no diagnosis; one is published as unknown")
    return [{"sequence": 1, "diagnosisCodeableConcept": UNKNOWN_DIAGNOSIS, "type": [_role(draft.guide, "principal")]}]


def arranged(draft: Draft, given: tuple[Diagnosis, ...], names: RoleNames) -> Sequence[Diagnosis]:
    """The diagnoses to write: each code once per role, one principal, which no secondary repeats.

    Claims files carry the principal diagnosis twice, in its own column and as the first of the list; the repetition
    goes, and gives its present-on-admission indicator to the principal. Where none is principal, the first listed is.
    """
    return _in_order(tuple(_renamed(diagnosis, names) for diagnosis in given if _writable(draft, diagnosis)))


@lru_cache(maxsize=4096)
def _in_order(found: tuple[Diagnosis, ...]) -> tuple[Diagnosis, ...]:
    """Those that may be written, in order; the same few stand on most claims of a member."""
    first = next((d for d in found if d.role is DiagnosisRole.PRINCIPAL), None)
    first = first or next((d for d in found if d.role is DiagnosisRole.SECONDARY), None)
    if first is None:
        return tuple(dict.fromkeys(found))
    keys = {id(d): _key(d) for d in found}
    twins = [d for d in found if d.code is not None and keys[id(d)] == keys[id(first)]]
    twin = next((d for d in twins if d.role is DiagnosisRole.SECONDARY), None)
    marker = first.present_on_admission or (twin.present_on_admission if twin else None)
    principal = _principal(first, marker)
    repeated = {id(first)} | {id(d) for d in twins if d.role in _RANKED}
    rest = [(keys[id(d)], _demoted(d)) for d in found if id(d) not in repeated]
    once = {(key, d.role): d for key, d in reversed(rest)}
    return (principal, *reversed(once.values()))


def _key(diagnosis: Diagnosis) -> object:
    return dotted(diagnosis.code) if diagnosis.code is not None else diagnosis.masked and id(diagnosis)


def _principal(diagnosis: Diagnosis, marker: str | None) -> Diagnosis:
    if diagnosis.role is DiagnosisRole.PRINCIPAL and diagnosis.present_on_admission == marker:
        return diagnosis
    return replace(diagnosis, role=DiagnosisRole.PRINCIPAL, present_on_admission=marker)


def _demoted(diagnosis: Diagnosis) -> Diagnosis:
    second = diagnosis.role is DiagnosisRole.PRINCIPAL
    return replace(diagnosis, role=DiagnosisRole.SECONDARY) if second else diagnosis


def _renamed(diagnosis: Diagnosis, names: RoleNames) -> Diagnosis:
    if DiagnosisRole(diagnosis.role) in names:
        return diagnosis
    return replace(diagnosis, role=DiagnosisRole.SECONDARY)


def _writable(draft: Draft, diagnosis: Diagnosis) -> bool:
    if diagnosis.code is not None:
        return True
    if not diagnosis.masked:
        raise Unfit("a diagnosis has no code and is not masked")
    if not draft.guide.masked_diagnosis:
        draft.note("this version of the guide has no code for a masked diagnosis; it is left out")
    return draft.guide.masked_diagnosis


def _concept(draft: Draft, diagnosis: Diagnosis) -> Json:
    code = diagnosis.code
    if diagnosis.masked or code is None:
        return draft.guide.concept(ABSENT_REASON, "masked")
    if code.system == ICD_10_CM:
        return concept(ICD_10_CM, dotted(code), code.version, code.display)
    if code.system == ICD_9_CM:
        return concept(draft.guide.icd9_diagnosis, dotted(code), code.version, code.display)
    raise Unfit("a diagnosis is neither ICD-10-CM nor ICD-9-CM")


@lru_cache(maxsize=64)
def _role(guide: Guide, role: str) -> Json:
    system = f"{THO}/ex-diagnosistype" if role in _HL7_ROLES else f"{CARIN}/CodeSystem/C4BBClaimDiagnosisType"
    return guide.concept(system, role)


def _present(draft: Draft, indicator: str) -> Json:
    if indicator not in _PRESENT:
        draft.note("a present-on-admission indicator is not Y, N, U, W or 1; it is left out")
        return {}
    return {"onAdmission": concept(draft.guide.present_on_admission, indicator)}


def procedures(draft: Draft) -> list[Json]:
    """``procedure`` of an institutional claim [9–12, 24–27, 187]: at most one principal."""
    result: list[Json] = []
    principal_seen = False
    for procedure in dict.fromkeys(draft.claim.procedures):
        principal = procedure.principal is True and not principal_seen
        principal_seen = principal_seen or principal
        result.append({"sequence": len(result) + 1} | _procedure(draft, procedure, principal))
    return result


def _procedure(draft: Draft, procedure: Procedure, principal: bool) -> Json:
    kind = concept(f"{CARIN}/CodeSystem/C4BBClaimProcedureType", "principal" if principal else "other")
    result: Json = {"type": [kind]}
    if procedure.performed_on is not None:
        result["date"] = day(procedure.performed_on, "a procedure's date")
    return result | {"procedureCodeableConcept": _procedure_code(draft, procedure.code)}


def _procedure_code(draft: Draft, code: Code) -> Json:
    bare = code_text(code.value, "a procedure code").replace(".", "").upper()
    if code.system in (ICD_10_PCS, ICD_10_CM):
        return concept(ICD_10_PCS, bare, code.version, code.display)
    if code.system == ICD_9_CM:
        written = bare if len(bare) <= 2 else f"{bare[:2]}.{bare[2:]}"
        return concept(draft.guide.icd9_procedure, written, code.version, code.display)
    raise Unfit("a procedure is neither ICD-10-PCS nor ICD-9-CM")
