"""Diagnoses, procedures, transport and dental facts of a billed claim.

Source: ASC X12N 005010 implementation guides, segments ``HI``, ``CR1``, ``DN1``, ``DN2``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from fhir_facade.contracts.codes import (
    CDT,
    CPT,
    HCPCS,
    HIPPS,
    ICD_9_CM,
    ICD_10_CM,
    ICD_10_PCS,
    TOOTH_NUMBER,
    Code,
)
from fhir_facade.contracts.records import Diagnosis, DiagnosisRole, OralDetails, Procedure, Transport
from fhir_facade_claims_x12.loops import Loop, components, day, number, span
from fhir_facade_claims_x12.parties import one_line

_DIAGNOSES = {
    "ABK": (DiagnosisRole.PRINCIPAL, ICD_10_CM),
    "BK": (DiagnosisRole.PRINCIPAL, ICD_9_CM),
    "ABF": (DiagnosisRole.SECONDARY, ICD_10_CM),
    "BF": (DiagnosisRole.SECONDARY, ICD_9_CM),
    "ABJ": (DiagnosisRole.ADMITTING, ICD_10_CM),
    "BJ": (DiagnosisRole.ADMITTING, ICD_9_CM),
    "APR": (DiagnosisRole.REASON_FOR_VISIT, ICD_10_CM),
    "PR": (DiagnosisRole.REASON_FOR_VISIT, ICD_9_CM),
    "ABN": (DiagnosisRole.EXTERNAL_CAUSE, ICD_10_CM),
    "BN": (DiagnosisRole.EXTERNAL_CAUSE, ICD_9_CM),
}
_PROCEDURES = {
    "BBR": (True, ICD_10_PCS),
    "BR": (True, ICD_9_CM),
    "BBQ": (False, ICD_10_PCS),
    "BQ": (False, ICD_9_CM),
}
_SERVICES = {"AD": CDT, "HP": HIPPS}
_HCPCS_LEVEL_2 = re.compile(r"[A-Z]\d{4}")
_PROSTHESIS = {"I": False, "R": True}
_PRESENT = 9
"""Component of a ``HI`` composite that says whether the diagnosis was present on admission."""


def service(qualifier: str, value: str) -> Code | None:
    """A service code by its qualifier; ``HC`` covers both CPT and HCPCS Level II, which differ in shape."""
    if not value:
        return None
    if qualifier == "HC":
        return Code(HCPCS if _HCPCS_LEVEL_2.fullmatch(value) else CPT, value)
    system = _SERVICES.get(qualifier)
    return Code(system, value) if system else None


def modifier(value: str) -> Code:
    """A modifier; those of digits alone are CPT's."""
    return Code(CPT if value.isdigit() else HCPCS, value)


def diagnoses(own: Loop) -> tuple[Diagnosis, ...]:
    """Diagnoses in the order of the claim."""
    found = []
    for parts in _composites(own):
        role, system = _DIAGNOSES.get(parts[0], (None, ""))
        if role and len(parts) > 1:
            present = parts[_PRESENT - 1] or None if len(parts) >= _PRESENT else None
            found.append(Diagnosis(role=role, code=Code(system, parts[1]), present_on_admission=present))
    return tuple(found)


def procedures(own: Loop) -> tuple[Procedure, ...]:
    """ICD procedures of an institutional claim."""
    found = []
    for parts in _composites(own):
        principal, system = _PROCEDURES.get(parts[0], (False, ""))
        if system and len(parts) > 1:
            performed_on = day(parts[3], "the day of a procedure") if len(parts) > 3 and parts[3] else None
            found.append(Procedure(code=Code(system, parts[1]), principal=principal, performed_on=performed_on))
    return tuple(found)


def transport(own: Loop) -> Transport | None:
    """Ambulance details (``CR1``), with where the patient was picked up and taken to."""
    trip = own.first("CR1")
    if trip is None:
        return None
    pickup, dropoff = own.party("PW"), own.party("45")
    return Transport(
        patient_weight_lb=number(trip.get(2), "the patient's weight") if trip.get(1) == "LB" else None,
        reason=trip.get(4),
        distance_miles=number(trip.get(6), "the distance") if trip.get(5) == "DH" else None,
        round_trip_purpose=trip.get(9),
        stretcher_purpose=trip.get(10),
        pickup_location=one_line(pickup) if pickup else None,
        dropoff_location=one_line(dropoff) if dropoff else None,
    )


def oral(own: Loop, body: Loop) -> OralDetails | None:
    """Orthodontics, missing teeth, prostheses: from the claim and from its lines."""
    course = own.first("DN1")
    months = number(course.get(1) or course.get(2), "months of orthodontics") if course else None
    missing = (each.get(1) for each in own.all("DN2") if each.get(2) == "M")
    kinds = {each.get(5) for each in body.all("SV3")} & set(_PROSTHESIS)
    details = OralDetails(
        orthodontics_months=int(months) if months else None,
        appliance_placed_on=span(body, "452")[0],
        prosthesis_replacement=any(_PROSTHESIS[kind] for kind in kinds if kind) if kinds else None,
        prior_prosthesis_on=span(body, "441")[0],
        missing_teeth=tuple(Code(TOOTH_NUMBER, tooth) for tooth in missing if tooth),
    )
    return None if details == OralDetails() else details


def _composites(own: Loop) -> Iterator[tuple[str, ...]]:
    for segment in own.all("HI"):
        for place in range(1, len(segment.elements)):
            if parts := components(segment, place):
                yield parts
