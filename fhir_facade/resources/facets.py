"""Search values beside a stored resource: enough to answer any search without opening the resource.

Two forms. *Facets* are all index values, packed; ``search.match`` decides on them. *Terms* are short hashes of codes
and references in one text, on which the database drops nearly everything that cannot match; what is left is decided on
the facets. So a search in the database means exactly what ``search.match`` means.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Collection, Iterable
from functools import lru_cache
from typing import Any

import msgspec

from fhir_facade.search.query import (
    DateIndex,
    IndexValue,
    IndexValues,
    ReferenceIndex,
    Span,
    StringIndex,
    TokenIndex,
)
from fhir_facade.search.registry import REGISTRY, Kind

UNTERMED = frozenset({"_id", "patient", "beneficiary"})
"""Parameters that have a column, or the same value in every row of a member."""

SERVICE = "service-date"
"""The parameter whose outer bounds stand in columns."""


def pack(found: IndexValues) -> bytes:
    """Index values as MessagePack."""
    return msgspec.msgpack.encode({name: [_packed(value) for value in values] for name, values in found.items()})


def _packed(value: IndexValue) -> list[Any] | str:
    match value:
        case DateIndex():
            return [value.span.low, value.span.high]
        case TokenIndex():
            return [value.system, value.code]
        case ReferenceIndex():
            return [value.reference]
        case StringIndex():
            return value.text


def unpack(packed: bytes, wanted: Collection[str] | None = None) -> IndexValues:
    """Index values from ``pack``; only those of the parameters ``wanted``, where given."""
    found = msgspec.msgpack.decode(packed)
    names = found if wanted is None else [name for name in wanted if name in found]
    return {name: tuple(map(_unpacked, found[name])) for name in names}


def _unpacked(item: Any) -> IndexValue:
    if isinstance(item, str):
        return StringIndex(item)
    if len(item) == 1:
        return ReferenceIndex(item[0])
    if isinstance(item[0], str):
        return TokenIndex(item[0], item[1])
    return DateIndex(Span(item[0], item[1]))


@lru_cache(maxsize=65_536)
def term(parameter: str, text: str) -> str:
    """Four characters that stand for a code or the last segment of a reference."""
    return b64encode(hashlib.blake2b(f"{parameter}\0{text}".encode(), digest_size=3).digest()).decode()


def last_segment(reference: str) -> str:
    """The id of a reference, relative or absolute."""
    return reference.rpartition("/")[2]


def terms(resource_type: str, found: IndexValues) -> str:
    """Every term of a resource, one after another."""
    parameters = REGISTRY[resource_type].parameters
    hashed: dict[str, None] = {}
    for name, values in found.items():
        if name not in UNTERMED and parameters[name].kind is not Kind.DATE:
            hashed.update((term(name, text), None) for text in _texts(name, values, parameters[name].kind))
    return "".join(hashed)


def _texts(name: str, values: Iterable[IndexValue], kind: Kind) -> Iterable[str]:
    for value in values:
        if isinstance(value, TokenIndex):
            yield value.code
        elif isinstance(value, ReferenceIndex):
            yield last_segment(value.reference)
        elif isinstance(value, StringIndex) and kind is Kind.URI:
            yield value.text


def bounds(found: IndexValues) -> tuple[int | None, int | None]:
    """First instant and end of all services, microseconds; None where a bound is open or nothing is known."""
    spans = [value.span for value in found.get(SERVICE, ()) if isinstance(value, DateIndex)]
    lows = [span.low for span in spans]
    highs = [span.high for span in spans]
    low = None if not lows or None in lows else min(value for value in lows if value is not None)
    high = None if not highs or None in highs else max(value for value in highs if value is not None)
    return low, high
