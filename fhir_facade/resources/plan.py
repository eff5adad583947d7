"""From a typed query to what the database is asked: conditions that every match meets, and whether they already decide.

A *narrowing* is necessary, never more: it may let through what does not match, never drop what does. Where it does not
decide alone, ``search.match`` looks at the facets of each row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_facade.resources.facets import SERVICE, UNTERMED, last_segment, term
from fhir_facade.resources.page import Viewer
from fhir_facade.search.query import (
    Criterion,
    DateValue,
    Modifier,
    Prefix,
    ReferenceValue,
    SearchQuery,
    StringValue,
    TokenValue,
    Value,
)
from fhir_facade.search.registry import REGISTRY, Kind

_INSTANT_WIDTH = 1_000_000
"""``lastUpdated`` is exact to the second at least."""

_OWN = frozenset({"patient", "beneficiary"})


@dataclass(slots=True)
class Narrowing:
    """Conditions with their values.

    Args:
        ids: the only ids that can match.
        term_groups: of each group, one term at least must be there.
        low, high: some service begins before ``low``; some ends after ``high``.
        updated_low, updated_high: changed after, changed before (microseconds, exclusive).
        nothing: no row can match.
        decided: every row that meets the conditions matches.
        parameters: every parameter of the query: those whose facets decide otherwise.
    """

    ids: tuple[str, ...] | None = None
    term_groups: list[tuple[str, ...]] = field(default_factory=list)
    low: int | None = None
    high: int | None = None
    updated_low: int | None = None
    updated_high: int | None = None
    nothing: bool = False
    decided: bool = True
    parameters: set[str] = field(default_factory=set)

    def starts_before(self, moment: int | None) -> None:
        """Keep what has a service that begins before ``moment``."""
        self.low = _tighter(min, self.low, moment)

    def ends_after(self, moment: int | None) -> None:
        """Keep what has a service that ends after ``moment``."""
        self.high = _tighter(max, self.high, moment)

    def changed_after(self, moment: int | None) -> None:
        """Keep what changed after ``moment``, give or take the precision of an instant."""
        self.updated_low = _tighter(max, self.updated_low, None if moment is None else moment - _INSTANT_WIDTH - 1)

    def changed_before(self, moment: int | None) -> None:
        """Keep what changed before ``moment``."""
        self.updated_high = _tighter(min, self.updated_high, moment)


def _tighter(choose: Callable[[int, int], int], known: int | None, moment: int | None) -> int | None:
    if known is None or moment is None:
        return moment if known is None else known
    return choose(known, moment)


def narrow(viewer: Viewer, query: SearchQuery) -> Narrowing:
    """What the database can be asked for ``query``."""
    narrowing = Narrowing()
    for criterion in query.criteria:
        narrowing.parameters.add(criterion.parameter)
        if criterion.parameter in _OWN and _all_plain(criterion, ReferenceValue):
            narrowing.nothing |= not any(_is_viewer(viewer, value) for value in criterion.values)
        elif criterion.parameter == "_id" and _all_plain(criterion, TokenValue) and _no_system(criterion):
            _narrow_ids(narrowing, criterion)
        else:
            narrowing.decided = False
            _narrow_other(narrowing, query.resource_type, criterion)
    return narrowing


def _all_plain(criterion: Criterion, kind: type[Value]) -> bool:
    return criterion.modifier is None and all(isinstance(value, kind) for value in criterion.values)


def _no_system(criterion: Criterion) -> bool:
    return all(isinstance(value, TokenValue) and not value.system and value.code for value in criterion.values)


def _is_viewer(viewer: Viewer, value: Value) -> bool:
    return (
        isinstance(value, ReferenceValue)
        and not value.foreign
        and value.resource_type in (None, "Patient")
        and value.value == viewer.patient
    )


def _narrow_ids(narrowing: Narrowing, criterion: Criterion) -> None:
    wanted = tuple(dict.fromkeys(v.code for v in criterion.values if isinstance(v, TokenValue) and v.code))
    known = narrowing.ids
    narrowing.ids = wanted if known is None else tuple(identifier for identifier in wanted if identifier in known)
    narrowing.nothing |= not narrowing.ids


def _narrow_other(narrowing: Narrowing, resource_type: str, criterion: Criterion) -> None:
    if criterion.modifier not in (None, Modifier.IDENTIFIER) or criterion.parameter in UNTERMED:
        return
    kind = REGISTRY[resource_type].parameters[criterion.parameter].kind
    if kind is Kind.DATE:
        _narrow_dates(narrowing, criterion)
    elif kind is not Kind.STRING:
        group = tuple(_term(criterion.parameter, value) for value in criterion.values)
        if all(group):
            narrowing.term_groups.append(tuple(t for t in dict.fromkeys(group) if t))


def _term(parameter: str, value: Value) -> str | None:
    if isinstance(value, TokenValue):
        return term(parameter, value.code) if value.code else None
    if isinstance(value, ReferenceValue):
        return term(parameter, last_segment(value.value))
    return term(parameter, value.text) if isinstance(value, StringValue) else None


def _narrow_dates(narrowing: Narrowing, criterion: Criterion) -> None:
    if len(criterion.values) != 1 or not isinstance(criterion.values[0], DateValue):
        return
    value = criterion.values[0]
    if criterion.parameter == SERVICE:
        _bound(value, narrowing.ends_after, narrowing.starts_before)
    elif criterion.parameter == "_lastUpdated":
        _bound(value, narrowing.changed_after, narrowing.changed_before)


_Bound = Callable[[int | None], None]


def _bound(value: DateValue, after: _Bound, before: _Bound) -> None:
    low, high = value.span.low, value.span.high
    from_low, from_high, to_low, to_high = _REACH[value.prefix]
    if from_low or from_high:
        after(low if from_low else high)
    if to_low or to_high:
        before(low if to_low else high)


_REACH: Mapping[Prefix, tuple[Any, Any, Any, Any]] = {
    # a match ends after the low, after the high; begins before the low, before the high of what was written
    Prefix.EQ: (True, False, False, True),
    Prefix.NE: (False, False, False, False),
    Prefix.GT: (False, True, False, False),
    Prefix.LT: (False, False, True, False),
    Prefix.GE: (True, False, False, False),
    Prefix.LE: (False, False, False, True),
    Prefix.SA: (False, True, False, False),
    Prefix.EB: (False, False, True, False),
    Prefix.AP: (True, False, False, True),
}
