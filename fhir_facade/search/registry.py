"""The one registry: everything this FHIR server serves is declared here and nowhere else.

Routing, the query parser, the index, the CapabilityStatement and the OpenAPI document all read it, so what is declared
works and what works is declared.

Source: R4 search; CARIN Blue Button 2.0.0–2.2.0, CapabilityStatement c4bb and its SearchParameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from fhir_facade.search.query import Modifier, Prefix


class Kind(StrEnum):
    """R4 search parameter types that are offered here."""

    TOKEN = "token"  # noqa: S105 - the name of a parameter type
    DATE = "date"
    REFERENCE = "reference"
    STRING = "string"
    URI = "uri"


_MODIFIERS: Mapping[Kind, tuple[Modifier, ...]] = MappingProxyType(
    {
        Kind.TOKEN: (Modifier.MISSING, Modifier.NOT),
        Kind.DATE: (Modifier.MISSING,),
        Kind.REFERENCE: (Modifier.MISSING, Modifier.IDENTIFIER),
        Kind.STRING: (Modifier.MISSING, Modifier.EXACT, Modifier.CONTAINS),
        Kind.URI: (Modifier.MISSING,),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One search parameter of one resource type.

    Args:
        name: its code, as in the query string.
        kind: its R4 type.
        paths: where it looks, as dotted paths into the JSON; lists are walked on the way.
        doc: one sentence for developers.
        definition: canonical URL of its SearchParameter; None for one that this server adds.
        targets: resource types a reference may point to, among those served here.
        system: the code system that a plain ``code`` element implies; ``""`` where there is none.
        folded: token codes are compared without regard to case.
    """

    name: str
    kind: Kind
    paths: tuple[str, ...]
    doc: str
    definition: str | None = None
    targets: tuple[str, ...] = ()
    system: str = ""
    folded: bool = False

    @property
    def modifiers(self) -> tuple[Modifier, ...]:
        """The modifiers it takes; references take ``:Type`` for each of ``targets`` besides."""
        return _MODIFIERS[self.kind]

    @property
    def prefixes(self) -> tuple[Prefix, ...]:
        """The prefixes its values take."""
        return tuple(Prefix) if self.kind is Kind.DATE else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One ``$operation`` on an instance of a type."""

    name: str
    definition: str
    doc: str
    parameters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One resource type with everything that can be asked of it.

    Args:
        name: the R4 type.
        doc: one sentence for developers.
        parameters: its search parameters by name.
        includes: parameters that ``_include`` follows; all of them together are ``*``.
        revincludes: ``(source type, parameter)`` pairs that ``_revinclude`` follows backwards.
        sorts: parameters that ``_sort`` takes.
        order: the server's own order, ``-`` for newest first; every order ends with the id.
        member_path: the element that names the member; ``""`` for types that belong to nobody.
        profiles: names of the CARIN profiles its instances may claim.
        operations: operations on an instance.
    """

    name: str
    doc: str
    parameters: Mapping[str, Parameter]
    includes: tuple[str, ...] = ()
    revincludes: tuple[tuple[str, str], ...] = ()
    sorts: tuple[str, ...] = ("_id", "_lastUpdated")
    order: tuple[str, ...] = ()
    member_path: str = ""
    profiles: tuple[str, ...] = ()
    operations: tuple[Operation, ...] = ()


CARIN_PARAMETERS = "http://hl7.org/fhir/us/carin-bb/SearchParameter/"
CORE_PARAMETERS = "http://hl7.org/fhir/SearchParameter/"
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


def _parameters(*parameters: Parameter) -> Mapping[str, Parameter]:
    everywhere = (
        Parameter(
            name="_id",
            kind=Kind.TOKEN,
            paths=("id",),
            doc="The resource's id; exact.",
            definition=CORE_PARAMETERS + "Resource-id",
        ),
        Parameter(
            name="_lastUpdated",
            kind=Kind.DATE,
            paths=("meta.lastUpdated",),
            doc="When the source of record last changed it.",
            definition=CORE_PARAMETERS + "Resource-lastUpdated",
        ),
        Parameter(
            name="_profile",
            kind=Kind.URI,
            paths=("meta.profile",),
            doc="A profile it claims, with or without its |version.",
            definition=CORE_PARAMETERS + "Resource-profile",
        ),
        Parameter(
            name="_tag",
            kind=Kind.TOKEN,
            paths=("meta.tag",),
            doc="A tag it carries.",
            definition=CORE_PARAMETERS + "Resource-tag",
            folded=True,
        ),
    )
    return MappingProxyType({parameter.name: parameter for parameter in (*everywhere, *parameters)})


def _identifier(definition: str) -> Parameter:
    return Parameter(
        name="identifier",
        kind=Kind.TOKEN,
        paths=("identifier",),
        doc="A business identifier, as value or system|value; exact.",
        definition=definition,
    )


_PROVIDERS = ("Practitioner", "Organization")

_CLAIM = ResourceType(
    name="ExplanationOfBenefit",
    doc="A claim as the payer decided it.",
    parameters=_parameters(
        Parameter(
            name="patient",
            kind=Kind.REFERENCE,
            paths=("patient",),
            doc="The member; only the member who gave access ever matches.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-patient",
            targets=("Patient",),
        ),
        Parameter(
            name="type",
            kind=Kind.TOKEN,
            paths=("type",),
            doc="Kind of claim: institutional, oral, pharmacy, professional, vision.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-type",
            folded=True,
        ),
        _identifier(CARIN_PARAMETERS + "explanationofbenefit-identifier"),
        Parameter(
            name="service-date",
            kind=Kind.DATE,
            paths=("billablePeriod", "item.servicedDate", "item.servicedPeriod"),
            doc="Day or period of the services, of the claim or of any line.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-service-date",
        ),
        Parameter(
            name="service-start-date",
            kind=Kind.DATE,
            paths=("billablePeriod.start", "item.servicedDate", "item.servicedPeriod.start"),
            doc="First day of the services, of the claim or of any line.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-service-start-date",
        ),
        Parameter(
            name="billable-period-start",
            kind=Kind.DATE,
            paths=("billablePeriod.start",),
            doc="First day of the billed period.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-billable-period-start",
        ),
        Parameter(
            name="status",
            kind=Kind.TOKEN,
            paths=("status",),
            doc="active, cancelled, draft or entered-in-error.",
            definition=CORE_PARAMETERS + "ExplanationOfBenefit-status",
            system="http://hl7.org/fhir/explanationofbenefit-status",
            folded=True,
        ),
        Parameter(
            name="use",
            kind=Kind.TOKEN,
            paths=("use",),
            doc="claim, preauthorization or predetermination.",
            system="http://hl7.org/fhir/claim-use",
            folded=True,
        ),
        Parameter(
            name="created",
            kind=Kind.DATE,
            paths=("created",),
            doc="When the payer made it.",
            definition=CORE_PARAMETERS + "ExplanationOfBenefit-created",
        ),
        Parameter(
            name="insurer",
            kind=Kind.REFERENCE,
            paths=("insurer",),
            doc="The payer.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-insurer",
            targets=("Organization",),
        ),
        Parameter(
            name="provider",
            kind=Kind.REFERENCE,
            paths=("provider",),
            doc="Who billed.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-provider",
            targets=_PROVIDERS,
        ),
        Parameter(
            name="care-team",
            kind=Kind.REFERENCE,
            paths=("careTeam.provider",),
            doc="Anyone of the care team.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-care-team",
            targets=_PROVIDERS,
        ),
        Parameter(
            name="coverage",
            kind=Kind.REFERENCE,
            paths=("insurance.coverage",),
            doc="The cover under which it was decided.",
            definition=CARIN_PARAMETERS + "explanationofbenefit-coverage",
            targets=("Coverage",),
        ),
        Parameter(
            name="payee",
            kind=Kind.REFERENCE,
            paths=("payee.party",),
            doc="Who was paid.",
            definition=CORE_PARAMETERS + "ExplanationOfBenefit-payee",
            targets=("Practitioner", "Organization", "Patient", "RelatedPerson"),
        ),
    ),
    includes=("patient", "provider", "care-team", "coverage", "insurer", "payee"),
    sorts=("_id", "_lastUpdated", "service-date", "billable-period-start", "created"),
    order=("-service-date",),
    member_path="patient",
    profiles=(
        "C4BB-ExplanationOfBenefit-Inpatient-Institutional",
        "C4BB-ExplanationOfBenefit-Outpatient-Institutional",
        "C4BB-ExplanationOfBenefit-Oral",
        "C4BB-ExplanationOfBenefit-Pharmacy",
        "C4BB-ExplanationOfBenefit-Professional-NonClinician",
    ),
)

_COVERAGE = ResourceType(
    name="Coverage",
    doc="A span of cover of the member.",
    parameters=_parameters(
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
        _identifier(CORE_PARAMETERS + "Coverage-identifier"),
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
    parameters=_parameters(_identifier(CORE_PARAMETERS + "Patient-identifier")),
    revincludes=(("Coverage", "beneficiary"), ("ExplanationOfBenefit", "patient"), ("RelatedPerson", "patient")),
    member_path="id",
    profiles=("C4BB-Patient",),
    operations=(_EVERYTHING,),
)

_ORGANIZATION = ResourceType(
    name="Organization",
    doc="A payer or provider that the member's claims or covers name.",
    parameters=_parameters(
        _identifier(CORE_PARAMETERS + "Organization-identifier"),
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
    parameters=_parameters(
        _identifier(CORE_PARAMETERS + "Practitioner-identifier"),
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
    parameters=_parameters(
        Parameter(
            name="patient",
            kind=Kind.REFERENCE,
            paths=("patient",),
            doc="The member they are related to.",
            definition=CORE_PARAMETERS + "RelatedPerson-patient",
            targets=("Patient",),
        ),
        _identifier(CORE_PARAMETERS + "RelatedPerson-identifier"),
    ),
    member_path="patient",
    profiles=("C4BB-RelatedPerson",),
)

REGISTRY: Mapping[str, ResourceType] = MappingProxyType(
    {t.name: t for t in (_CLAIM, _COVERAGE, _PATIENT, _ORGANIZATION, _PRACTITIONER, _RELATED_PERSON)}
)

COMPARTMENT = ("ExplanationOfBenefit", "Coverage", "RelatedPerson")
"""Types that can be searched under ``Patient/[id]/``, by the parameter that their ``member_path`` belongs to.

Source: R4 CompartmentDefinition patient.
"""
