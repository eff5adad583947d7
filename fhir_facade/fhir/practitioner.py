"""Practitioner record → Practitioner (C4BB-Practitioner).

Source: CARIN Blue Button, StructureDefinition C4BB-Practitioner.
"""

from __future__ import annotations

from fhir_facade.contracts.people import Practitioner
from fhir_facade.fhir.demographics import addresses, contacts, name
from fhir_facade.fhir.guide import Guide, meta
from fhir_facade.fhir.identifiers import NPI, of_practitioner
from fhir_facade.fhir.values import Json, absent


def practitioner(guide: Guide, practitioner_id: str, record: Practitioner) -> Json:
    """The Practitioner of a clinician; a family name that the source lacks is stated as unknown.

    Raises:
        Unfit: the record cannot become a conformant Practitioner.
    """
    profile = meta(guide, "Practitioner", record.last_updated)
    result: Json = {"resourceType": "Practitioner", "id": practitioner_id, "meta": profile}
    result["identifier"] = of_practitioner(guide, record)
    found = name(record.name)
    result["name"] = [found if "family" in found else found | {"_family": absent()}]
    if numbers := contacts(record.contacts):
        result["telecom"] = numbers
    if places := addresses(record.addresses):
        result["address"] = places
    return result


def as_organization(guide: Guide, local_id: str, record: Practitioner) -> Json:
    """A clinician as a contained Organization.

    Guide 2.1.0 demands an Organization where its authors meant a prescriber (repaired in 2.2.0). A contained one keeps
    name and NPI with the claim, and invents no organization that could be read on its own.

    Raises:
        Unfit: the record has no name.
    """
    found = name(record.name)
    label = " ".join([*found.get("given", ()), found.get("family", "")]).strip()
    numbers = [identifier for identifier in of_practitioner(guide, record) if identifier.get("system") == NPI]
    result: Json = {
        "resourceType": "Organization",
        "id": local_id,
        "meta": {"profile": [guide.profile("Organization")]},
    }
    if numbers:
        result["identifier"] = numbers
    result["active"] = True
    return result | ({"name": label} if label else {"_name": absent()})
