"""Whose a resource is."""

from __future__ import annotations

from typing import Any

MEMBER = {"Coverage": "beneficiary", "ExplanationOfBenefit": "patient", "RelatedPerson": "patient"}
"""Type → the element, and the search parameter, that names the member."""


def is_of(member_id: str, resource: dict[str, Any]) -> bool:
    """Whether a resource is the member's."""
    kind = resource["resourceType"]
    if kind == "Patient":
        return bool(resource.get("id") == member_id)
    reference = resource.get(MEMBER.get(kind, ""))
    named = reference.get("reference") if isinstance(reference, dict) else None
    return isinstance(named, str) and named.partition("/_history/")[0] == f"Patient/{member_id}"
