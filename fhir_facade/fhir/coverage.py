"""Coverage record → Coverage (C4BB-Coverage).

Source: CARIN Blue Button, StructureDefinition C4BB-Coverage.
"""

from __future__ import annotations

from fhir_facade.contracts.codes import SUBSCRIBER_RELATIONSHIP
from fhir_facade.contracts.people import Coverage
from fhir_facade.fhir.guide import THO, Guide, meta
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, absent, concept, period, reference, text

_STATUSES = frozenset({"active", "cancelled", "draft", "entered-in-error"})
_RELATIONSHIPS = frozenset({"self", "spouse", "child", "common", "parent", "injured", "other"})


def coverage(
    guide: Guide, coverage_id: str, record: Coverage, patient_id: str, payor_id: str, member_number: Json | None
) -> Json:
    """The Coverage of a span of cover.

    Args:
        guide: the version of the guide.
        coverage_id: ``Coverage.id``.
        record: the span of cover.
        patient_id: ``Patient.id`` of the beneficiary.
        payor_id: ``Organization.id`` of the payer.
        member_number: the member's identifier of type MB, where the member's record is at hand.

    Raises:
        Unfit: the record cannot become a conformant Coverage.
    """
    if record.status not in _STATUSES:
        raise Unfit("the coverage's status is not active or cancelled")
    if record.relationship not in _RELATIONSHIPS:
        raise Unfit("the relationship to the subscriber is not a subscriber-relationship code")
    profile = meta(guide, "Coverage", record.last_updated)
    result: Json = {"resourceType": "Coverage", "id": coverage_id, "meta": profile}
    if member_number is not None:
        result["identifier"] = [member_number]
    result["status"] = record.status
    if record.kind is not None:
        result["type"] = concept(record.kind.system, record.kind.value, record.kind.version, record.kind.display)
    result["subscriberId"] = text(record.subscriber_id, "the subscriber id")
    result["beneficiary"] = reference("Patient", patient_id)
    result["relationship"] = concept(SUBSCRIBER_RELATIONSHIP, record.relationship)
    if span := period(record.starts_on, record.ends_on, "the coverage"):
        result["period"] = span
    result["payor"] = [reference("Organization", payor_id)]
    if classes := _classes(record):
        result["class"] = classes
    return result


def _classes(record: Coverage) -> list[Json]:
    result = []
    for kind, value, label in (
        ("group", record.group_id, record.group_name),
        ("plan", record.plan_id, record.plan_name),
    ):
        if value is None and label is None:
            continue
        found: Json = {"type": concept(f"{THO}/coverage-class", kind)}
        found |= {"_value": absent()} if value is None else {"value": text(value, f"the {kind} id")}
        if label is not None:
            found["name"] = text(label, f"the {kind} name")
        result.append(found)
    return result
