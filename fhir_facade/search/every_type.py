"""Search parameters that every type has, or that most have alike.

Source: R4 §3.1.1.4.1 (parameters for all resources).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from fhir_facade.search.declaration import Kind, Parameter

CARIN_PARAMETERS = "http://hl7.org/fhir/us/carin-bb/SearchParameter/"
CORE_PARAMETERS = "http://hl7.org/fhir/SearchParameter/"


def parameters(*more: Parameter) -> Mapping[str, Parameter]:
    """The parameters of a type by name: those of every type, then ``more``."""
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
    return MappingProxyType({parameter.name: parameter for parameter in (*everywhere, *more)})


def identifier(definition: str) -> Parameter:
    """The parameter ``identifier`` with the canonical URL of its SearchParameter."""
    return Parameter(
        name="identifier",
        kind=Kind.TOKEN,
        paths=("identifier",),
        doc="A business identifier, as value or system|value; exact.",
        definition=definition,
    )
