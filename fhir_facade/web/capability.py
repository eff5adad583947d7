"""The CapabilityStatement: written from the registry that routes, so that it cannot promise what is not there.

Source: R4 CapabilityStatement; CARIN Blue Button, CapabilityStatement c4bb; SMART App Launch 2.2 §2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from fhir_facade.fhir.encode import encode
from fhir_facade.resources.page import Freshness
from fhir_facade.search.registry import INTERACTIONS, REGISTRY, Parameter, ResourceType

Json = dict[str, Any]

CARIN = "http://hl7.org/fhir/us/carin-bb"
INSTANTIATES = f"{CARIN}/CapabilityStatement/c4bb"
OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
FORMATS = ("application/fhir+json", "json", "application/fhir+xml", "xml")
RELEASED = "2026-11-22"
"""Date of the last change of what the server can do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """What the statement says beyond the registry.

    Args:
        base: absolute URL of the FHIR server.
        carin: version of the CARIN guide whose profiles are served.
        publisher: name of the payer or agency.
        version: version of this software.
        oauth_uris: endpoint name (``authorize``, ``token``, ``introspect``, ``revoke``, ``register``, ``manage``) →
            absolute URL, equal to the discovery document.
        strict: unknown parameters are refused where the app does not say.
        page_size: matches per page where the app does not say.
    """

    base: str
    carin: str
    publisher: str
    version: str
    oauth_uris: Mapping[str, str] = field(default_factory=dict)
    strict: bool = False
    page_size: int = 10


def capability_statement(publication: Publication, freshness: str = "") -> tuple[bytes, str]:
    """The statement and its strong ETag, which changes with the content alone.

    Args:
        publication: what it says beyond the registry.
        freshness: sentences on how fresh the data are.
    """
    body = encode(_statement(publication, freshness))
    return body, strong_tag(body)


def strong_tag(body: bytes) -> str:
    """An ETag that changes with every byte of ``body``."""
    return f'"{sha256(body).hexdigest()[:16]}"'


def freshness_text(sources: Sequence[Freshness]) -> str:
    """How fresh the data are, in sentences."""
    return " ".join(_freshness_sentence(each) for each in sources)


def _freshness_sentence(source: Freshness) -> str:
    parts = (("data through", source.data_through), ("received", source.received), ("published", source.published))
    known = [f"{name} {moment:%Y-%m-%d}" for name, moment in parts if moment is not None]
    return f"Source {source.source}: {', '.join(known) or 'how fresh its data are is not known'}."


def _statement(publication: Publication, freshness: str) -> Json:
    return {
        "resourceType": "CapabilityStatement",
        "id": "fhir-facade",
        "url": f"{publication.base}/metadata",
        "version": publication.version,
        "name": "ClaimsFacade",
        "title": f"Claims of members, published by {publication.publisher}",
        "status": "active",
        "date": RELEASED,
        "publisher": publication.publisher,
        "description": "Members' claims and cover, read by the apps they choose.",
        "kind": "instance",
        "instantiates": [INSTANTIATES],
        "software": {"name": "fhir-facade", "version": publication.version},
        "implementation": {"description": f"Claims API of {publication.publisher}", "url": publication.base},
        "fhirVersion": "4.0.1",
        "format": list(FORMATS),
        "implementationGuide": [f"{CARIN}/ImplementationGuide/hl7.fhir.us.carin-bb|{publication.carin}"],
        "rest": [_rest(publication, freshness)],
    }


def _rest(publication: Publication, freshness: str) -> Json:
    return {
        "mode": "server",
        "documentation": _documentation(publication, freshness),
        "security": _security(publication.oauth_uris),
        "resource": [_resource(kind, publication) for kind in REGISTRY.values()],
    }


def _documentation(publication: Publication, freshness: str) -> str:
    handling = "refused" if publication.strict else "left out with a warning"
    return " ".join(
        (
            "Read only. Every answer is about the member who gave the app access; ids of other members answer as "
            "unknown ones.",
            f"Unknown search parameters are {handling} unless Prefer: handling says otherwise; wrong values are "
            "always refused.",
            f"A page has {publication.page_size} matches unless _count (at most 100) says otherwise.",
            "Dates without a zone are taken as UTC; resources without a value sort last.",
            "The current version of a resource alone is kept.",
            freshness,
        )
    ).strip()


def _security(oauth_uris: Mapping[str, str]) -> Json:
    security: Json = {
        "cors": True,
        "service": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                        "code": "SMART-on-FHIR",
                    }
                ],
                "text": "OAuth 2.0 with SMART App Launch; see .well-known/smart-configuration",
            }
        ],
        "description": "Members log in, choose what to share, and can end an app's access at any time.",
    }
    if oauth_uris:
        uris = [{"url": name, "valueUri": uri} for name, uri in oauth_uris.items()]
        security = {"extension": [{"url": OAUTH_URIS, "extension": uris}], **security}
    return security


def _resource(kind: ResourceType, publication: Publication) -> Json:
    resource: Json = {
        "type": kind.name,
        **({"supportedProfile": profiles(kind, publication.carin)} if kind.profiles else {}),
        "documentation": kind.doc,
        "interaction": [{"code": code} for code in INTERACTIONS],
        "versioning": "versioned",
        "readHistory": False,
        "conditionalRead": "full-support",
        "referencePolicy": ["literal", "resolves"],
    }
    if kind.includes:
        resource["searchInclude"] = [f"{kind.name}:{name}" for name in (*kind.includes, "*")]
    if kind.revincludes:
        resource["searchRevInclude"] = [f"{source}:{name}" for source, name in kind.revincludes]
    resource["searchParam"] = [_parameter(parameter) for parameter in kind.parameters.values()]
    if kind.operations:
        resource["operation"] = [
            {"name": each.name, "definition": each.definition, "documentation": each.doc} for each in kind.operations
        ]
    return resource


def profiles(kind: ResourceType, carin: str) -> list[str]:
    """Canonicals of the profiles that instances of the type may claim."""
    return [f"{CARIN}/StructureDefinition/{name}|{carin}" for name in kind.profiles]


def _parameter(parameter: Parameter) -> Json:
    definition = {"definition": parameter.definition} if parameter.definition else {}
    return {"name": parameter.name, **definition, "type": str(parameter.kind), "documentation": parameter.doc}
