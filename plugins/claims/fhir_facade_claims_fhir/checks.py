"""Whether the upstream declares what the settings say of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fhir_facade_claims_fhir.members import MEMBER
from fhir_facade_claims_fhir.settings import FhirSettings


def faults_of(settings: FhirSettings, capability: dict[str, Any]) -> list[str]:
    """What its CapabilityStatement does not declare, each fault a sentence that says what to do."""
    version = str(capability.get("fhirVersion", ""))
    if capability["resourceType"] != "CapabilityStatement" or not version.startswith("4.0"):
        return [f"claims.fhir.base: speaks FHIR {version or 'of no version'}; R4 (4.0.1) is needed"]
    declared = {
        str(entry.get("type")): {str(one.get("name")) for one in _dicts(entry, "searchParam")}
        for rest in _dicts(capability, "rest")
        for entry in _dicts(rest, "resource")
    }
    return [fault for kind in settings.types for fault in _faults(settings, kind, declared.get(kind))]


def _dicts(node: dict[str, Any], name: str) -> Iterator[dict[str, Any]]:
    found = node.get(name, [])
    yield from (item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()


def _faults(settings: FhirSettings, kind: str, declared: set[str] | None) -> Iterator[str]:
    if declared is None:
        yield f"claims.fhir.types: the upstream does not serve {kind}; take it out of types"
        return
    wanted = {MEMBER[kind]} if kind in MEMBER else {"identifier"} if kind == "Patient" else {"_id"}
    for name in sorted(wanted - declared):
        yield f"claims.fhir.types: the upstream does not search {kind} by {name}; ask its operator for it"
    if kind == "ExplanationOfBenefit":
        for name in sorted(set(settings.parameters) - declared):
            yield f"claims.fhir.parameters: the upstream does not search {kind} by {name}; take it out of parameters"
