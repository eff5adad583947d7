"""Bundles from bytes: what the sources rendered is joined, never parsed.

Source: R4 Bundle (searchset).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from fhir_facade.fhir.encode import encode
from fhir_facade.resources.page import Rendered


def entry(base: bytes, resource: Rendered, mode: bytes = b"match") -> bytes:
    """One entry.

    Args:
        base: absolute URL of the FHIR server.
        resource: what is in it; its type and id make the full URL.
        mode: ``match`` or ``include``.
    """
    url = b'{"fullUrl":"%b/%b/%b","resource":' % (base, resource.type.encode(), resource.id.encode())
    return b'%b%b,"search":{"mode":"%b"}}' % (url, resource.body, mode)


def outcome_entry(body: bytes) -> bytes:
    """An OperationOutcome among the entries: what was left out or understood differently.

    It exists nowhere else, so its full URL is a UUID; made from the content, it is the same for the same answer.
    """
    url = uuid5(NAMESPACE_OID, body.decode()).urn.encode()
    return b'{"fullUrl":"%b","resource":%b,"search":{"mode":"outcome"}}' % (url, body)


def searchset(links: Sequence[tuple[str, str]], entries: Iterable[bytes], total: int | None) -> bytes:
    """A whole searchset.

    Args:
        links: relation and absolute URL.
        entries: as ``entry`` and ``outcome_entry`` make them.
        total: all matches over all pages; None leaves it out.
    """
    head: dict[str, Any] = {"resourceType": "Bundle", "type": "searchset"}
    if total is not None:
        head["total"] = total
    head["link"] = [{"relation": relation, "url": url} for relation, url in links]
    body = b",".join(entries)
    return encode(head)[:-1] + (b',"entry":[%b]}' % body if body else b"}")


SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
"""Tag of resources that do not hold everything."""
