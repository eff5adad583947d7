"""The one registry: everything this FHIR server serves is declared here and nowhere else.

Routing, the query parser, the index, the CapabilityStatement and the OpenAPI document all read it, so what is declared
works and what works is declared.

Source: R4 search; CARIN Blue Button 2.0.0–2.2.0, CapabilityStatement c4bb and its SearchParameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fhir_facade.search.claims import CLAIM
from fhir_facade.search.declaration import Kind, Operation, Parameter, ResourceType
from fhir_facade.search.disclosures import DISCLOSURE
from fhir_facade.search.every_type import CARIN_PARAMETERS, CORE_PARAMETERS, identifier, parameters

__all__ = [
    "COMPARTMENT",
    "INTERACTIONS",
    "MAXIMUM_COUNT",
    "REGISTRY",
    "RESULT_PARAMETERS",
    "Kind",
    "Operation",
    "Parameter",
    "ResourceType",
]

INTERACTIONS = ("read", "vread", "search-type")
RESULT_PARAMETERS: Mapping[str, str] = MappingProxyType(
    {
        "_count": "Matches per page, 1 to 100; 0 gives the total alone.",
        "_sort": "Sort keys, comma separated; a leading - sorts descending.",
        "_include": "Follow references of the matches, as Type:parameter or Type:parameter:Target.",
        "_include:iterate": "Follow references of what was included, too.",
        "_revinclude": "Add resources that point to the matches, as Type:parameter.",
        "_total": "accurate or estimate give Bundle.total; none leaves it out.",
        "_summary": "true, text, data, count or false.",
        "_elements": "Elements to return, comma separated; mandatory ones always stay.",
        "_format": "json, xml or html; wins over the Accept header.",
        "_pretty": "true indents the answer.",
    }
)
MAXIMUM_COUNT = 100

_COVERAGE = ResourceType(
    name="Coverage",
    doc="A span of cover of the member.",
    parameters=parameters(
        Parameter(
            name="patient",
            kind=Kind.REFERENCE,
            paths=("beneficiary",),
            doc="The member who is covered.",
            definition=CORE_PARAMETERS + "Coverage-patient",
            targets=("Patient",),
        ),
        Parameter(
            name="beneficiary",
            kind=Kind.REFERENCE,
            paths=("beneficiary",),
            doc="The member who is covered.",
            definition=CORE_PARAMETERS + "Coverage-beneficiary",
            targets=("Patient",),
        ),
        Parameter(
            name="payor",
            kind=Kind.REFERENCE,
            paths=("payor",),
            doc="The payer.",
            definition=CARIN_PARAMETERS + "coverage-payor",
            targets=("Organization", "Patient", "RelatedPerson"),
        ),
        Parameter(
            name="status",
            kind=Kind.TOKEN,
            paths=("status",),
            doc="active, cancelled, draft or entered-in-error.",
            definition=CORE_PARAMETERS + "Coverage-status",
            system="http://hl7.org/fhir/fm-status",
            folded=True,
        ),
        Parameter(
            name="type",
            kind=Kind.TOKEN,
            paths=("type",),
            doc="Kind of cover.",
            definition=CORE_PARAMETERS + "Coverage-type",
            folded=True,
        ),
        identifier(CORE_PARAMETERS + "Coverage-identifier"),
    ),
    includes=("payor",),
    revincludes=(("ExplanationOfBenefit", "coverage"),),
    member_path="beneficiary",
    profiles=("C4BB-Coverage",),
)

_EVERYTHING = Operation(
    name="everything",
    definition="http://hl7.org/fhir/OperationDefinition/Patient-everything",
    doc="The member and everything here about them, page by page.",
    parameters=("start", "end", "_since", "_type", "_count"),
)

_PATIENT = ResourceType(
    name="Patient",
    doc="The member.",
    parameters=parameters(identifier(CORE_PARAMETERS + "Patient-identifier")),
    revincludes=(("Coverage", "beneficiary"), ("ExplanationOfBenefit", "patient"), ("RelatedPerson", "patient")),
    member_path="id",
    profiles=("C4BB-Patient",),
    operations=(_EVERYTHING,),
)

_ORGANIZATION = ResourceType(
    name="Organization",
    doc="A payer or provider that the member's claims or covers name.",
    parameters=parameters(
        identifier(CORE_PARAMETERS + "Organization-identifier"),
        Parameter(
            name="name",
            kind=Kind.STRING,
            paths=("name", "alias"),
            doc="Start of its name.",
            definition=CORE_PARAMETERS + "Organization-name",
        ),
    ),
    profiles=("C4BB-Organization",),
)

_PRACTITIONER = ResourceType(
    name="Practitioner",
    doc="A person who provides care and is named by the member's claims.",
    parameters=parameters(
        identifier(CORE_PARAMETERS + "Practitioner-identifier"),
        Parameter(
            name="name",
            kind=Kind.STRING,
            paths=("name.family", "name.given", "name.prefix", "name.suffix", "name.text"),
            doc="Start of any part of the name.",
            definition=CORE_PARAMETERS + "Practitioner-name",
        ),
    ),
    profiles=("C4BB-Practitioner",),
)

_RELATED_PERSON = ResourceType(
    name="RelatedPerson",
    doc="Someone who may act for the member, or was paid for them.",
    parameters=parameters(
        Parameter(
            name="patient",
            kind=Kind.REFERENCE,
            paths=("patient",),
            doc="The member they are related to.",
            definition=CORE_PARAMETERS + "RelatedPerson-patient",
            targets=("Patient",),
        ),
        identifier(CORE_PARAMETERS + "RelatedPerson-identifier"),
    ),
    member_path="patient",
    profiles=("C4BB-RelatedPerson",),
)

REGISTRY: Mapping[str, ResourceType] = MappingProxyType(
    {t.name: t for t in (CLAIM, _COVERAGE, _PATIENT, _ORGANIZATION, _PRACTITIONER, _RELATED_PERSON, DISCLOSURE)}
)

COMPARTMENT = ("ExplanationOfBenefit", "Coverage", "RelatedPerson")
"""Types that can be searched under ``Patient/[id]/``, by the parameter that their ``member_path`` belongs to.

Source: R4 CompartmentDefinition patient.
"""
