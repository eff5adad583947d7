"""R4's search semantics, exactly: does a resource match a query? Live mode uses it; SQL is held against it.

Criteria are ANDed, the values of one are ORed, and a resource with several values for a parameter matches where any
one of them does.

Source: R4 §3.1.1.4 (parameters), §3.1.1.4.5 (prefixes and ranges), §3.1.1.4.10 (token), §3.1.1.4.12 (reference).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fhir_facade.search.folding import fold_string
from fhir_facade.search.query import (
    Criterion,
    DateValue,
    IndexValue,
    IndexValues,
    Modifier,
    Prefix,
    ReferenceIndex,
    ReferenceValue,
    SearchQuery,
    Span,
    StringIndex,
    StringValue,
    TokenIndex,
    TokenValue,
    Value,
)
from fhir_facade.search.registry import REGISTRY, Kind


def matches(query: SearchQuery, found: IndexValues) -> bool:
    """Whether a resource with the index values ``found`` matches every criterion of ``query``."""
    return all(_meets(query.resource_type, criterion, found) for criterion in query.criteria)


def _meets(resource_type: str, criterion: Criterion, found: IndexValues) -> bool:
    values = found.get(criterion.parameter, ())
    if criterion.modifier is Modifier.MISSING:
        return criterion.missing is (not values)
    hit = any(_equals(resource_type, criterion, wanted, value) for wanted in criterion.values for value in values)
    return not hit if criterion.modifier is Modifier.NOT else hit


def _equals(resource_type: str, criterion: Criterion, wanted: Value, value: IndexValue) -> bool:
    match wanted, value:
        case DateValue(), Span():
            return compare(wanted.prefix, wanted.span, value)
        case TokenValue(), TokenIndex():
            return wanted.system in (None, value.system) and wanted.code in (None, value.code)
        case ReferenceValue(), ReferenceIndex():
            return reference_matches(wanted, value.reference)
        case StringValue(), StringIndex():
            exact = REGISTRY[resource_type].parameters[criterion.parameter].kind is Kind.URI
            return _text_matches(wanted.text, value.text, Modifier.EXACT if exact else criterion.modifier)
    return False


def _text_matches(wanted: str, text: str, modifier: Modifier | None) -> bool:
    if modifier is Modifier.EXACT:
        return wanted == text
    if modifier is Modifier.CONTAINS:
        return fold_string(wanted) in fold_string(text)
    return fold_string(text).startswith(fold_string(wanted))


def reference_matches(wanted: ReferenceValue, reference: str) -> bool:
    """Whether a stored ``reference`` is the one that is ``wanted``; a bare id fits any type."""
    if wanted.foreign:
        return reference == wanted.value
    if wanted.resource_type is None:
        return reference.count("/") == 1 and reference.endswith("/" + wanted.value)
    return reference == f"{wanted.resource_type}/{wanted.value}"


def compare(prefix: Prefix, wanted: Span, target: Span) -> bool:
    """Whether the range ``target`` of a resource stands to the range ``wanted`` of a search as ``prefix`` says."""
    return _COMPARE[prefix](wanted, target)


def _within(wanted: Span, target: Span) -> bool:
    return _reaches_no_lower(wanted, target) and _reaches_no_higher(wanted, target)


def _reaches_no_lower(wanted: Span, target: Span) -> bool:
    return wanted.low is None or (target.low is not None and target.low >= wanted.low)


def _reaches_no_higher(wanted: Span, target: Span) -> bool:
    return wanted.high is None or (target.high is not None and target.high <= wanted.high)


def _starts_after(wanted: Span, target: Span) -> bool:
    return target.low is not None and wanted.high is not None and target.low >= wanted.high


def _ends_before(wanted: Span, target: Span) -> bool:
    return target.high is not None and wanted.low is not None and target.high <= wanted.low


_COMPARE: Mapping[Prefix, Callable[[Span, Span], bool]] = {
    Prefix.EQ: _within,
    Prefix.NE: lambda w, t: not _within(w, t),
    Prefix.GT: lambda w, t: not _reaches_no_higher(w, t),
    Prefix.LT: lambda w, t: not _reaches_no_lower(w, t),
    Prefix.GE: lambda w, t: not _reaches_no_higher(w, t) or _within(w, t),
    Prefix.LE: lambda w, t: not _reaches_no_lower(w, t) or _within(w, t),
    Prefix.SA: _starts_after,
    Prefix.EB: _ends_before,
    Prefix.AP: lambda w, t: not _starts_after(w, t) and not _ends_before(w, t),
}
