"""Organization record → Organization (C4BB-Organization).

Source: CARIN Blue Button, StructureDefinition C4BB-Organization.
"""

from __future__ import annotations

from fhir_facade.contracts.people import Organization
from fhir_facade.fhir.demographics import addresses, contacts
from fhir_facade.fhir.guide import Guide, meta
from fhir_facade.fhir.identifiers import of_organization
from fhir_facade.fhir.values import Json, text


def organization(guide: Guide, organization_id: str, record: Organization) -> Json:
    """The Organization of a payer, provider, pharmacy or facility.

    Raises:
        Unfit: the record cannot become a conformant Organization.
    """
    profile = meta(guide, "Organization", record.last_updated)
    result: Json = {"resourceType": "Organization", "id": organization_id, "meta": profile}
    if identifiers := of_organization(guide, record):
        result["identifier"] = identifiers
    result["active"] = bool(record.active)
    result["name"] = text(record.name, "the organization's name")
    if found := contacts(record.contacts, of_organization=True):
        result["telecom"] = found
    if places := addresses(record.addresses):
        result["address"] = places
    return result
