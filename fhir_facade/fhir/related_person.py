"""Representative record → RelatedPerson (C4BB-RelatedPerson).

Source: CARIN Blue Button, StructureDefinition C4BB-RelatedPerson.
"""

from __future__ import annotations

from fhir_facade.contracts.people import Representative
from fhir_facade.fhir.demographics import addresses, contacts, name
from fhir_facade.fhir.guide import Guide, meta
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, concept, day, period, reference


def related_person(guide: Guide, person_id: str, record: Representative, patient_id: str) -> Json:
    """The RelatedPerson of somebody who may act for a member.

    Raises:
        Unfit: the record has neither name nor relationship, or cannot become conformant otherwise.
    """
    profile = meta(guide, "RelatedPerson", record.last_updated)
    result: Json = {"resourceType": "RelatedPerson", "id": person_id, "meta": profile}
    result["active"] = bool(record.active)
    result["patient"] = reference("Patient", patient_id)
    if record.relationship is not None:
        kind = record.relationship
        result["relationship"] = [concept(kind.system, kind.value, kind.version, kind.display)]
    found = name(record.name) if record.name is not None else {}
    if found:
        result["name"] = [found]
    if not found and record.relationship is None:
        raise Unfit("a representative needs a name or a relationship")
    if numbers := contacts(record.contacts):
        result["telecom"] = numbers
    if record.birth_date is not None:
        result["birthDate"] = day(record.birth_date, "the representative's date of birth")
    if places := addresses(record.addresses):
        result["address"] = places
    if span := period(record.starts_on, record.ends_on, "the representative's authority"):
        result["period"] = span
    return result
