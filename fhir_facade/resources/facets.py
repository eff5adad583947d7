"""Search values beside a stored resource: enough to answer any search without opening the resource.

Two forms. *Facets* are all index values, packed; ``search.match`` decides on them. *Terms* are short hashes of codes
and references in one text, on which the database drops nearly everything that cannot match; what is left is decided on
the facets. So a search in the database means exactly what ``search.match`` means.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Collection, Sequence
from functools import cache, lru_cache
from typing import Any

import msgspec

from fhir_facade.search.query import (
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
    """Index values as MessagePack; a text that stands for itself as plain text."""
    return msgspec.msgpack.encode({name: _plain(values) for name, values in found.items()})


def _plain(values: tuple[IndexValue, ...]) -> Sequence[IndexValue | str]:
    texts = type(values[0]) is StringIndex  # values of a parameter are texts all or none
    return [value.text for value in values if isinstance(value, StringIndex)] if texts else values


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
    return Span(item[0], item[1])


def term(parameter: str, text: str) -> str:
    """Four characters that stand for a code or the last segment of a reference."""
    return b64encode(hashlib.blake2b(f"{parameter}\0{text}".encode(), digest_size=3).digest()).decode()


def last_segment(reference: str) -> str:
    """The id of a reference, relative or absolute."""
    return reference.rpartition("/")[2]


def terms(resource_type: str, found: IndexValues) -> str:
    """Every term of a resource, one after another."""
    termed = _termed(resource_type)
    return "".join(
        dict.fromkeys([_term(name, value) for name, values in found.items() if name in termed for value in values])
    )


@cache
def _termed(resource_type: str) -> frozenset[str]:
    """The parameters that have terms; strings are compared by their beginnings, dates by their bounds."""
    parameters = REGISTRY[resource_type].parameters.values()
    return frozenset(one.name for one in parameters if one.kind not in (Kind.DATE, Kind.STRING)) - UNTERMED


@lru_cache(maxsize=65_536)
def _term(parameter: str, value: IndexValue) -> str:
    match value:
        case TokenIndex():
            return term(parameter, value.code)
        case ReferenceIndex():
            return term(parameter, last_segment(value.reference))
        case StringIndex():
            return term(parameter, value.text)
    return ""


def bounds(found: IndexValues) -> tuple[int | None, int | None]:
    """First instant and end of all services, microseconds; None where a bound is open or nothing is known."""
    spans = [value for value in found.get(SERVICE, ()) if isinstance(value, Span)]
    lows = [span.low for span in spans]
    highs = [span.high for span in spans]
    low = None if not lows or None in lows else min(value for value in lows if value is not None)
    high = None if not highs or None in highs else max(value for value in highs if value is not None)
    return low, high
