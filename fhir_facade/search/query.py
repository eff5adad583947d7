"""A search, typed: what is left of a query string when every R4 rule has been applied to it.

Criteria are ANDed; the values of one criterion are ORed. The member is never a criterion of the query: it comes from
the grant and is handed to the resources beside it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Prefix(StrEnum):
    """R4 §3.1.1.4.5."""

    EQ = "eq"
    NE = "ne"
    GT = "gt"
    LT = "lt"
    GE = "ge"
    LE = "le"
    SA = "sa"
    EB = "eb"
    AP = "ap"


class Span(msgspec.Struct, frozen=True, array_like=True):
    """A half-open range ``[low, high)`` in microseconds since 1970-01-01T00:00Z; ``None`` is unbounded."""

    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class DateValue:
    """A date or date-time with its prefix; ``span`` is the whole day, month, second … that was written."""

    prefix: Prefix
    span: Span


@dataclass(frozen=True, slots=True)
class TokenValue:
    """``code`` (any system: ``system`` None), ``|code`` (no system: ``""``), ``system|code`` or ``system|``.

    Codes of case-insensitive parameters are folded, here and in the index.
    """

    system: str | None
    code: str | None


@dataclass(frozen=True, slots=True)
class ReferenceValue:
    """``Type/id`` of this server, or an absolute URL elsewhere (``resource_type`` None).

    A bare id becomes one value for each type that the parameter may point to.
    """

    resource_type: str | None
    value: str
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class StringValue:
    """A string or uri as written, unescaped."""

    text: str


Value = DateValue | TokenValue | ReferenceValue | StringValue


class Modifier(StrEnum):
    """The modifiers some parameter here declares."""

    MISSING = "missing"
    NOT = "not"
    EXACT = "exact"
    CONTAINS = "contains"
    IDENTIFIER = "identifier"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One parameter with its values. ``missing`` is set for ``:missing`` alone, whose ``values`` are empty."""

    parameter: str
    values: tuple[Value, ...]
    modifier: Modifier | None = None
    missing: bool | None = None


@dataclass(frozen=True, slots=True)
class SortKey:
    """One key of ``_sort``; every order ends with the id."""

    parameter: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Include:
    """One ``_include`` (or ``_revinclude``): source type, parameter, optional target type."""

    source: str
    parameter: str
    target: str | None = None
    iterate: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """A whole search over one resource type.

    ``count`` is the page size, 0 for a count alone. An empty ``sort`` is the server's own order: newest service first,
    then id. ``total`` is ``accurate`` where a count was asked for.
    """

    resource_type: str
    criteria: tuple[Criterion, ...] = ()
    count: int = 10
    sort: tuple[SortKey, ...] = ()
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    total: str | None = None
    summary: str | None = None
    elements: tuple[str, ...] = ()


class TokenIndex(msgspec.Struct, frozen=True, array_like=True):
    """A code or identifier of a resource; ``system`` ``""`` where it has none."""

    system: str
    code: str


class ReferenceIndex(msgspec.Struct, frozen=True, array_like=True):
    """A relative reference ``Type/id``, or an absolute URL elsewhere; its identifier is a ``TokenIndex`` beside it."""

    reference: str


class StringIndex(msgspec.Struct, frozen=True, array_like=True):
    """A text of a resource, as it stands: strings are compared folded (``search.folding``), uris exactly."""

    text: str


IndexValue = Span | TokenIndex | ReferenceIndex | StringIndex
"""What a parameter sees at one place of a resource; a date, instant or Period is the ``Span`` of it."""

IndexValues = dict[str, tuple[IndexValue, ...]]
"""Search parameter → everything of one resource that it looks at. A parameter without values is absent."""
