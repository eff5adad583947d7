"""From one mapped resource to one row: body and version first, the rest only where the row has to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fhir_facade.contracts.people import SourcePosition
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.mapper import Mapped
from fhir_facade.resources import facets
from fhir_facade.resources.frames import Packer
from fhir_facade.resources.named import named_in
from fhir_facade.resources.order import rank
from fhir_facade.resources.rendering import microseconds
from fhir_facade.resources.schema import SHARED, TYPES
from fhir_facade.search.index import index

Link = tuple[int, str]
"""Type and id of a shared resource that a member's resource names."""


@dataclass(slots=True)
class Prepared:
    """One resource, encoded.

    Args:
        type: number of its type.
        id: of the resource.
        version: hash of its content.
        name: name of its type.
        position: where the record was read.
        body: complete JSON; empty once it is packed.
        mapped: what the mapping gave; None once it is packed.
        packed: the row but for its member, where it is made already; compressed or not.
        named: what the resource names, likewise.
    """

    type: int
    id: str
    version: str
    name: str
    position: SourcePosition | None
    body: bytes
    mapped: Mapped | None
    packed: dict[str, Any] | None = None
    named: frozenset[Link] = frozenset()

    @property
    def shared(self) -> bool:
        """Whether several members may see it."""
        return self.type in SHARED

    def row(self, member: int, stamp: int, packer: Packer) -> dict[str, Any]:
        """The row of the table ``resource``."""
        row = self.packed or _row(self, stamp)
        return (row if row["dictionary"] is not None else row | _compressed(row, packer)) | {"member": member}

    def links(self) -> frozenset[Link]:
        """The organizations and practitioners that the resource names."""
        return self.named if self.packed is not None else links(self.body)

    def sample(self) -> tuple[bytes, bytes]:
        """Body and search values of a resource that is packed and not compressed yet.

        Raises:
            ValueError: it is compressed, or not packed.
        """
        if self.packed is None or self.packed["dictionary"] is not None:
            raise ValueError("the resource is no sample")
        return self.packed["body"], self.packed["facets"]


def prepare(mapped: Mapped) -> Prepared:
    """Encode a mapped resource."""
    body, version = finish(mapped.resource)
    return Prepared(TYPES[mapped.type], mapped.id, version, mapped.type, mapped.position, body, mapped)


def pack(prepared: Prepared, stamp: int, packer: Packer | None) -> None:
    """Make the row now and let go of everything else, so that little goes from process to process.

    Args:
        prepared: the resource.
        stamp: says which rendering wrote the row.
        packer: compresses the row; without one, that is left to ``Prepared.row``.
    """
    row = _row(prepared, stamp)
    prepared.packed, prepared.named = row | (_compressed(row, packer) if packer else {}), links(prepared.body)
    prepared.mapped, prepared.body = None, b""


def _mapped(prepared: Prepared) -> Mapped:
    if prepared.mapped is None:
        raise ValueError("the resource is packed")
    return prepared.mapped


def _row(prepared: Prepared, stamp: int) -> dict[str, Any]:
    """The row but for its member, not compressed."""
    mapped = _mapped(prepared)
    found = index(mapped.resource)
    low, high = facets.bounds(found)
    return {
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
        "dictionary": None,
        "facets": facets.pack(found),
        "body": prepared.body,
    }


def _compressed(row: Mapping[str, Any], packer: Packer) -> dict[str, Any]:
    return {"dictionary": packer.key, "facets": packer.facets(row["facets"]), "body": packer.body(row["body"])}


def links(body: bytes) -> frozenset[Link]:
    """The organizations and practitioners that a resource names."""
    named = (reference.partition("/") for reference in named_in(body))
    return frozenset((TYPES[kind], identifier) for kind, _, identifier in named)
