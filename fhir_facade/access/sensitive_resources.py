"""Which resources of somebody else's FHIR server are sensitive: the same dated lists, read off the resource.

Payers write the same code system in many ways, so a system is known by what it is called, and a code whose system says
nothing is looked up by where it stands. Where in doubt a resource is labelled: a label too many hides a claim from an
app that may not see sensitive ones, a label too few shows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from fhir_facade.access.sensitivity import PART_2, Kind, SensitivityPolicy, plain

_DIAGNOSES = (Kind.ICD_10_DIAGNOSIS, Kind.ICD_9_DIAGNOSIS)
_PROCEDURES = (Kind.ICD_10_PROCEDURE, Kind.ICD_9_PROCEDURE)
_SERVICES = (Kind.SERVICE, Kind.CPT)

_SYSTEMS: tuple[tuple[tuple[str, ...], tuple[Kind, ...]], ...] = (
    (("icd-10", "icd10"), (Kind.ICD_10_DIAGNOSIS, Kind.ICD_10_PROCEDURE)),
    (("icd-9", "icd9"), (Kind.ICD_9_DIAGNOSIS, Kind.ICD_9_PROCEDURE)),
    (("hcpcs", "cpt"), _SERVICES),
    (("drg",), (Kind.MS_DRG,)),
)
"""What a system is called, in small letters → the kinds its codes may be."""

_PLACES: Mapping[str, tuple[Kind, ...]] = {
    "diagnosis": _DIAGNOSES,
    "procedure": _PROCEDURES,
    "item": (*_SERVICES, *_DIAGNOSES, *_PROCEDURES),
    "addItem": (*_SERVICES, *_DIAGNOSES, *_PROCEDURES),
}
"""Element of a claim → the kinds that stand there."""

SUBSTANCE_USE = frozenset({PART_2, "42CFRPart2CDS", "ETH", "ETHUD", "OPIOIDUD", "SUD"})
"""HL7 ActCodes by which a server itself says: substance-use information."""

RESTRICTED = frozenset({"R", "V"})
"""HL7 confidentiality codes; why they were given is not said, so the strictest reason counts."""


def resource_labels(policy: SensitivityPolicy, resource: Mapping[str, Any], first: date, last: date) -> frozenset[str]:
    """The security labels of a resource: what its server says, and what the lists say of its codes.

    Args:
        policy: the lists.
        resource: an R4 resource as parsed JSON.
        first: first day it is about; ``date.min`` where nobody knows.
        last: last day it is about; ``date.max`` where nobody knows.
    """
    said = _said(resource)
    implied = frozenset({PART_2}) if said & (SUBSTANCE_USE | RESTRICTED) else frozenset()
    return said | implied | policy.labels_of(_keys(resource), first, last)


def _said(resource: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(
        coding["code"] for coding in resource.get("meta", {}).get("security", ()) if isinstance(coding.get("code"), str)
    )


def _keys(resource: Mapping[str, Any]) -> Iterator[tuple[Kind, str]]:
    for place, element in resource.items():
        for coding in _codings(element):
            code = coding["code"]
            for kind in _kinds(str(coding.get("system", "")).lower(), place):
                yield kind, plain(code).zfill(3) if kind is Kind.MS_DRG else plain(code)


def _codings(node: Any) -> Iterator[Mapping[str, Any]]:
    """Everything under ``node`` that has a code, as a Coding has."""
    if isinstance(node, list):
        for item in node:
            yield from _codings(item)
    elif isinstance(node, dict):
        if isinstance(node.get("code"), str):
            yield node
        for value in node.values():
            yield from _codings(value)


def _kinds(system: str, place: str) -> tuple[Kind, ...]:
    here = _PLACES.get(place, ())
    called = next((kinds for names, kinds in _SYSTEMS if any(name in system for name in names)), None)
    if called is None:
        return here
    # a procedure's ICD-9 code may look like the code of another diagnosis: where the place decides, it decides
    return tuple(kind for kind in called if kind in here) or called
