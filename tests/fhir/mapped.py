"""One claim mapped: its EOB, the reason it was rejected, what was found, and how to look into it."""

from __future__ import annotations

from typing import Any

from fhir_facade.contracts.records import (
    Claim,
)
from fhir_facade.fhir.eob.draft import Known
from fhir_facade.fhir.mapper import Mapped, Mapper, Rejection
from fhir_facade.fhir.mapping_table.sample_claims import (
    EVERYTHING,
)

KNOWN = Known.of(EVERYTHING)


def eob(claim: Claim, carin: str = "2.2.0", *, pins: bool = False) -> dict[str, Any]:
    found = Mapper("s", carin, pins).claim(claim, known=KNOWN)
    assert isinstance(found, Mapped), found
    return found.resource


def reason(claim: Claim, carin: str = "2.2.0", known: Known = KNOWN) -> str:
    found = Mapper("s", carin).claim(claim, known=known)
    assert isinstance(found, Rejection), found
    return found.reason


def findings(claim: Claim, carin: str = "2.2.0") -> tuple[str, ...]:
    found = Mapper("s", carin).claim(claim, known=KNOWN)
    assert isinstance(found, Mapped)
    return found.findings


def code(concept: dict[str, Any]) -> str:
    return str(concept["coding"][0]["code"])


def information(resource: dict[str, Any], category: str) -> list[dict[str, Any]]:
    return [entry for entry in resource["supportingInfo"] if code(entry["category"]) == category]


def adjudications(holder: dict[str, Any], category: str) -> list[dict[str, Any]]:
    return [entry for entry in holder.get("adjudication", ()) if code(entry["category"]) == category]
