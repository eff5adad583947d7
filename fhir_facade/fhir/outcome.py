"""OperationOutcome: how the FHIR endpoints say what went wrong, or what they left out.

Source: FHIR R4, http://hl7.org/fhir/R4/operationoutcome.html.
"""

from __future__ import annotations

from typing import Literal

from fhir_facade.fhir.values import Json

Severity = Literal["fatal", "error", "warning", "information"]


def issue(code: str, diagnostics: str, *, severity: Severity = "error", expression: str | None = None) -> Json:
    """One issue.

    Args:
        code: FHIR issue type (``not-found``, ``invalid``, ``forbidden`` …).
        diagnostics: one plain sentence for the app's developer, without anything about a member.
        severity: how bad it is.
        expression: the search parameter or element it is about, as ``http.<name>`` or FHIRPath.
    """
    result: Json = {"severity": severity, "code": code, "diagnostics": diagnostics}
    if expression is not None:
        result["expression"] = [expression]
    return result


def outcome(*issues: Json) -> Json:
    """An OperationOutcome of one or more issues."""
    return {"resourceType": "OperationOutcome", "issue": list(issues)}
