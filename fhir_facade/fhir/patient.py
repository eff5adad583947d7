"""Member → Patient (C4BB-Patient).

Source: CARIN Blue Button, StructureDefinition C4BB-Patient; US Core Race, Ethnicity and Birth Sex extensions.
"""

from __future__ import annotations

from fhir_facade.contracts.codes import RACE_ETHNICITY, Code
from fhir_facade.contracts.people import Member
from fhir_facade.fhir.demographics import addresses, contacts, names
from fhir_facade.fhir.guide import CARIN_IDENTIFIER_TYPE, Guide, meta
from fhir_facade.fhir.identifiers import plain
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, code_text, coding, concept, day, reference, text

_US_CORE = "http://hl7.org/fhir/us/core/StructureDefinition"
_GENDERS = frozenset({"male", "female", "other", "unknown"})
_BIRTH_SEXES = frozenset({"F", "M", "UNK"})
_NULL_FLAVOR = "http://terminology.hl7.org/CodeSystem/v3-NullFlavor"
_UNSAID = {"UNK": "Unknown", "ASKU": "Asked but unknown"}

OMB_RACES = {
    "1002-5": "American Indian or Alaska Native",
    "2028-9": "Asian",
    "2054-5": "Black or African American",
    "2076-8": "Native Hawaiian or Other Pacific Islander",
    "2106-3": "White",
}
"""The five OMB categories (CDC Race & Ethnicity code system)."""
OMB_ETHNICITIES = {"2135-2": "Hispanic or Latino", "2186-5": "Not Hispanic or Latino"}


def patient(guide: Guide, patient_id: str, member: Member, survivor_id: str | None) -> Json:
    """The Patient of a member.

    Args:
        guide: the version of the guide.
        patient_id: ``Patient.id``.
        member: the record.
        survivor_id: ``Patient.id`` of the member this one was merged into.

    Raises:
        Unfit: the record cannot become a conformant Patient.
    """
    result: Json = {"resourceType": "Patient", "id": patient_id, "meta": meta(guide, "Patient", member.last_updated)}
    if extensions := _extensions(member):
        result["extension"] = extensions
    result["identifier"] = _identifiers(guide, member)
    if survivor_id is not None:
        result["active"] = False
    result["name"] = names(member.names)
    if found := contacts(member.contacts):
        result["telecom"] = found
    result |= _person(member)
    if places := addresses(member.addresses):
        result["address"] = places
    if member.languages:
        result["communication"] = _languages(member)
    if survivor_id is not None:
        result["link"] = [{"other": reference("Patient", survivor_id), "type": "replaced-by"}]
    return result


def member_identifier(guide: Guide, member: Member) -> Json:
    """The number on the member's card [1], as Patient and Coverage carry it."""
    if member.member_number.system is None:
        raise Unfit("the member number needs the system that issued it")
    return {"type": guide.identifier_type("MB")} | plain(member.member_number, "the member number")


def _identifiers(guide: Guide, member: Member) -> list[Json]:
    result = [member_identifier(guide, member)]
    unique = member.unique_member_id
    if unique is not None:
        if unique.system is None:
            raise Unfit("the unique member id needs the system that issued it")
        result.append({"type": concept(CARIN_IDENTIFIER_TYPE, "um")} | plain(unique, "the unique member id"))
    return result


def _person(member: Member) -> Json:
    if member.gender not in _GENDERS:
        raise Unfit("the member's gender is not male, female, other or unknown")
    result: Json = {"gender": member.gender}
    if member.birth_date is not None:
        result["birthDate"] = day(member.birth_date, "the date of birth")
    if member.died_on is not None:
        result["deceasedDateTime"] = day(member.died_on, "the date of death")
    elif member.deceased is not None:
        result["deceasedBoolean"] = bool(member.deceased)
    return result


def _languages(member: Member) -> list[Json]:
    spoken = [{"language": concept("urn:ietf:bcp:47", code_text(tag, "a language"))} for tag in member.languages]
    return [spoken[0] | {"preferred": True}, *spoken[1:]]


def _extensions(member: Member) -> list[Json]:
    result = []
    if member.races:
        result.append({"url": f"{_US_CORE}/us-core-race", "extension": _categories(member.races, OMB_RACES)})
    if member.ethnicity is not None:
        ethnicity = _categories((member.ethnicity,), OMB_ETHNICITIES)
        result.append({"url": f"{_US_CORE}/us-core-ethnicity", "extension": ethnicity})
    if member.birth_sex is not None:
        if member.birth_sex not in _BIRTH_SEXES:
            raise Unfit("the member's birth sex is not F, M or UNK")
        result.append({"url": f"{_US_CORE}/us-core-birthsex", "valueCode": member.birth_sex})
    return result


def _categories(codes: tuple[Code, ...], omb: dict[str, str]) -> list[Json]:
    """OMB categories as codes; whatever else the source says stands in the text for people.

    A null flavor stands alone (us-core-23), so it counts only where no category does.
    """
    distinct = list(dict.fromkeys(codes))
    known = [code for code in distinct if code.system == RACE_ETHNICITY and code.value in omb]
    unknown = [code for code in distinct if code.system == _NULL_FLAVOR and code.value in _UNSAID]
    parts = [coding(code.system, code.value) for code in known or unknown[:1]]
    label = ", ".join(code.display or (omb | _UNSAID).get(code.value, code.value) for code in distinct)
    return [
        *({"url": "ombCategory", "valueCoding": part} for part in parts),
        {"url": "text", "valueString": text(label, "race or ethnicity")},
    ]
