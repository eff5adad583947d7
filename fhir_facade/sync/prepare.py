"""From one mapped resource to one row: body and version first, the rest only where the row has to be written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.mapper import Mapped
from fhir_facade.resources import facets
from fhir_facade.resources.frames import Packer
from fhir_facade.resources.order import rank
from fhir_facade.resources.rendering import microseconds
from fhir_facade.resources.schema import SHARED, TYPES
from fhir_facade.search.index import index

_REFERENCE = re.compile(rb'"reference":"(Organization|Practitioner)/([A-Za-z0-9\-.]{1,64})"')

Link = tuple[int, str]
"""Type and id of a shared resource that a member's resource names."""


@dataclass(slots=True)
class Prepared:
    """One resource, encoded.

    Args:
        type: number of its type.
        id: of the resource.
        version: hash of its content.
        body: complete JSON.
        mapped: what the mapping gave.
    """

    type: int
    id: str
    version: str
    body: bytes
    mapped: Mapped

    @property
    def shared(self) -> bool:
        """Whether several members may see it."""
        return self.type in SHARED


def prepare(mapped: Mapped) -> Prepared:
    """Encode a mapped resource."""
    body, version = finish(mapped.resource)
    return Prepared(TYPES[mapped.type], mapped.id, version, body, mapped)


def packed_facets(prepared: Prepared) -> bytes:
    """The search values of a resource, not yet compressed."""
    return facets.pack(index(prepared.mapped.resource))


def row(prepared: Prepared, member: int, stamp: int, packer: Packer) -> dict[str, Any]:
    """The row of the table ``resource``."""
    mapped = prepared.mapped
    found = index(mapped.resource)
    low, high = facets.bounds(found)
    return {
        "member": member,
        "type": prepared.type,
        "rank": rank(mapped.sort_date),
        "id": prepared.id,
        "version": prepared.version,
        "stamp": stamp,
        "updated": microseconds(mapped.resource["meta"]["lastUpdated"]),
        "labels": f"|{'|'.join(sorted(mapped.labels))}|" if mapped.labels else "",
        "low": low,
        "high": high,
        "terms": facets.terms(mapped.type, found),
        "dictionary": packer.key,
        "facets": packer.facets(facets.pack(found)),
        "body": packer.body(prepared.body),
    }


def links(body: bytes) -> set[Link]:
    """The organizations and practitioners that a resource names."""
    return {(TYPES[kind.decode()], identifier.decode()) for kind, identifier in _REFERENCE.findall(body)}
