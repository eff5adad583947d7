"""Bundles from bytes: what the sources rendered is joined, never parsed.

Source: R4 Bundle (searchset).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from fhir_facade.fhir.encode import encode
from fhir_facade.resources.page import Rendered

Entry = tuple[bytes, bytes, bytes]
"""One entry in three pieces, what comes before the body, the body, what follows: it is copied once, into the Bundle."""

_AFTER = {mode: f',"search":{{"mode":"{mode}"}}}}'.encode() for mode in ("match", "include", "outcome")}


def entry(base: str, resource: Rendered, mode: str = "match") -> Entry:
    """One entry.

    Args:
        base: absolute URL of the FHIR server.
        resource: what is in it; its type and id make the full URL.
        mode: ``match`` or ``include``.
    """
    before = f'{{"fullUrl":"{base}/{resource.type}/{resource.id}","resource":'
    return before.encode(), resource.body, _AFTER[mode]


def outcome_entry(body: bytes) -> Entry:
    """An OperationOutcome among the entries: what was left out or understood differently.

    It exists nowhere else, so its full URL is a UUID; made from the content, it is the same for the same answer.
    """
    url = uuid5(NAMESPACE_OID, body.decode()).urn
    return f'{{"fullUrl":"{url}","resource":'.encode(), body, _AFTER["outcome"]


def searchset(links: Sequence[tuple[str, str]], entries: Iterable[Entry], total: int | None) -> bytes:
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
    pieces = [encode(head)[:-1]]
    opening = b',"entry":['
    for each in entries:
        pieces.append(opening)
        pieces += each
        opening = b","
    pieces.append(b"]}" if len(pieces) > 1 else b"}")
    return b"".join(pieces)


SUBSETTED = {"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}
"""Tag of resources that do not hold everything."""
