"""A line of the audit trail as an R4 AuditEvent, in words that a member understands.

Source: R4 AuditEvent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTIONS = "http://hl7.org/fhir/restful-interaction"
OWN = "urn:fhir-facade:audit"
"""System of what happened besides FHIR requests: log-ins, decisions, tokens."""

_REST = {"read": "read", "vread": "vread", "search": "search-type", "everything": "operation"}
_ACTIONS = {"read": "R", "vread": "R", "grant": "U", "token": "C"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One line about a member's data.

    ``at`` is in microseconds since 1970; ``what`` and ``outcome`` are the trail's words; ``by_member`` says that the
    member did it in person, rather than somebody who acts for them.
    """

    number: int
    at: int
    what: str
    outcome: str
    app_id: str
    app_name: str
    by_member: bool
    request_id: str
    detail: str


def disclosure_id(number: int) -> str:
    """The id of a line as a resource."""
    return f"audit-{number}"


def audit_event(line: Disclosure, patient: str, observer: str) -> dict[str, Any]:
    """The resource.

    Args:
        line: what happened.
        patient: the member's ``Patient.id``.
        observer: name of the agency whose trail it is.
    """
    recorded = datetime.fromtimestamp(line.at / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    person = {"who": {"display": "the member" if line.by_member else "somebody who acts for the member"}}
    app = {"who": {"identifier": {"value": line.app_id}, "display": line.app_name or line.app_id}, "requestor": True}
    return {
        "resourceType": "AuditEvent",
        "id": disclosure_id(line.number),
        "meta": {"lastUpdated": recorded},
        "type": {"system": TYPES, "code": "rest"} if line.what in _REST else {"system": OWN, "code": "access"},
        "subtype": [_subtype(line.what)],
        "action": _ACTIONS.get(line.what, "E"),
        "recorded": recorded,
        "outcome": _outcome(line.outcome),
        "outcomeDesc": line.outcome,
        "agent": [app, person | {"requestor": False}] if line.app_id else [person | {"requestor": True}],
        "source": {"observer": {"display": observer}},
        "entity": [_entity(line, patient)],
    }


def _subtype(what: str) -> dict[str, str]:
    return {"system": INTERACTIONS, "code": _REST[what]} if what in _REST else {"system": OWN, "code": what}


def _outcome(outcome: str) -> str:
    if not outcome.isdigit():
        return "0"
    return "8" if int(outcome) >= 500 else "4" if int(outcome) >= 400 else "0"


def _entity(line: Disclosure, patient: str) -> dict[str, Any]:
    entity: dict[str, Any] = {
        "what": {"reference": f"Patient/{patient}"},
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "1"},
        "role": {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "1"},
    }
    if line.detail:
        entity["description"] = line.detail
    if line.request_id:
        entity["detail"] = [{"type": "request", "valueString": line.request_id}]
    return entity
