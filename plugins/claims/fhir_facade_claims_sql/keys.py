"""Keys as statements take them: few sizes of lists, and the column's own value of an id."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from fhir_facade_claims_sql.spec import Spec

SIZES = (1, 4, 12, 32, 100, 1_000)
"""Numbers of keys in one statement: few different statements, so that the database plans each once."""


def size_for(count: int) -> int:
    """The least size that holds so many keys; the count itself where none does."""
    return next((size for size in SIZES if size >= count), count)


def padded(values: Sequence[Any], size: int) -> Sequence[Any]:
    """The values, the last one repeated until there are ``size``."""
    return [*values, *[values[-1]] * (size - len(values))] if values else values


@lru_cache
def names_of(place: int, size: int) -> tuple[str, ...]:
    """The names under which a statement takes ``size`` keys, where several lists of keys have their places."""
    return tuple(f"k{place}_{index}" for index in range(size))


def raw_id(spec: Spec, claim_id: str) -> str | None:
    """The column's value of an id that this set could have given; None for another set's."""
    if not claim_id.startswith(spec.prefix):
        return None
    own = claim_id.removeprefix(spec.prefix)
    if spec.encode != "hex":
        return own
    try:
        return bytes.fromhex(own).decode()
    except ValueError:
        return None


def same_day(spec: Spec, after: str) -> str:
    """What of a day on which the last page ended is still to come in a set, by its ids' prefix."""
    if after and raw_id(spec, after) is not None:
        return "after"
    return "all" if spec.prefix > after else "none"
