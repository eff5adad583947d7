"""The order of matches, the same for every source of resources, so that several merge into one.

A missing value comes last, whichever way is sorted. A date sorts by its beginning ascending and by its end descending,
a parameter with several values by the first in that order (R4 §3.1.1.3.1). Every order ends with the id. The server's
own order is the newest service first, by day.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import total_ordering
from typing import Any

from fhir_facade.resources.page import Position
from fhir_facade.search.folding import fold_string
from fhir_facade.search.query import IndexValue, IndexValues, ReferenceIndex, SortKey, Span, TokenIndex

UNRANKED = 0
"""Rank of what has no day: after everything that has one."""

Keys = tuple[int | str | None, ...]

_INSTANT = "_lastUpdated"
"""An instant sorts by its beginning both ways."""


def rank(day: date | None) -> int:
    """The sort value of a day in the server's own order: smaller is newer."""
    return UNRANKED if day is None else -day.toordinal()


def sort_keys(sort: Sequence[SortKey], found: IndexValues, ranked: int) -> Keys:
    """Plain sort values of one resource, as a ``Position`` carries them."""
    if not sort:
        return (ranked,)
    return tuple(_sort_value(key, found) for key in sort)


def _sort_value(key: SortKey, found: IndexValues) -> int | str | None:
    late = key.descending and key.parameter != _INSTANT
    values = [_plain(value, late) for value in found.get(key.parameter, ())]
    present: list[Any] = [value for value in values if value is not None]
    if not present:
        return None
    return max(present) if key.descending else min(present)  # type: ignore[no-any-return]  # all of one kind


def in_columns(sort: Sequence[SortKey]) -> bool:
    """Whether the id and the time of the last change are all that the order needs."""
    return bool(sort) and all(key.parameter in ("_id", _INSTANT) for key in sort)


def column_keys(sort: Sequence[SortKey], identifier: str, updated: int) -> Keys:
    """What ``sort_keys`` gives for an order that is ``in_columns``, without the index values."""
    return tuple(identifier if key.parameter == "_id" else updated for key in sort)


def _plain(value: IndexValue, late: bool) -> int | str | None:
    if isinstance(value, Span):
        return value.high if late else value.low
    if isinstance(value, TokenIndex):
        return value.code
    if isinstance(value, ReferenceIndex):
        return value.reference
    return fold_string(value.text)


@total_ordering
class _Backwards:
    """A value that sorts the other way round."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Backwards) and bool(self.value == other.value)

    def __lt__(self, other: _Backwards) -> bool:
        return bool(other.value < self.value)

    def __hash__(self) -> int:
        return hash(self.value)


def comparable(sort: Sequence[SortKey]) -> Callable[[Position], tuple[Any, ...]]:
    """A key function that puts positions into the order of ``sort``."""
    descending = [key.descending for key in sort] or [False]

    def key(position: Position) -> tuple[Any, ...]:
        parts = zip(position.keys, descending, strict=True)
        return (*(_part(value, down) for value, down in parts), position.id)

    return key


def _part(value: int | str | None, down: bool) -> tuple[bool, Any]:
    if value is None:
        return True, 0
    return False, _Backwards(value) if down else value
