"""A resource of somebody else's FHIR server made one of ours: ids, references, labels, version; every digit kept.

Relative references are the source's own and get the source's name in front of the id; contained, logical and absolute
ones stay as they are. A version in a reference goes: versions here are the facade's own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.ids import facade_id, is_fhir_id
from fhir_facade.resources import order
from fhir_facade.resources.page import Rendered
from fhir_facade.resources.rendering import microseconds
from fhir_facade.search.index import index
from fhir_facade.search.moments import period_span
from fhir_facade.search.query import IndexValues, Span
from fhir_facade.search.registry import REGISTRY

Json = Mapping[str, Any]
Labels = Callable[[Json, date, date], frozenset[str]]
"""Labels of a resource that is about the days from … to …."""

SHARED = ("Organization", "Practitioner")
UNKNOWN_UPDATE = "2000-01-01T00:00:00Z"
"""Last update where the upstream says none: it changes with neither clock nor data."""

_ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_RELATIVE = re.compile(r"([A-Z][A-Za-z]{1,63})/([A-Za-z0-9\-.]{1,64})(?:/_history/[A-Za-z0-9\-.]{1,64})?")
_EPOCH = date(1970, 1, 1)
_DAY = 86_400_000_000


@dataclass(frozen=True, slots=True)
class Shaped:
    """A resource ready to be searched and sent.

    Args:
        rendered: what is sent.
        values: what searches see.
        rank: its place in the server's own order.
        named: organizations and practitioners it names, as the source's own references.
    """

    rendered: Rendered
    values: IndexValues
    rank: int
    named: frozenset[str]


def is_of(member_id: str, resource: Json) -> bool:
    """Whether a resource, as the source gave it, is the member's."""
    kind = REGISTRY.get(str(resource.get("resourceType")))
    if kind is None or kind.member_path is None:
        return False
    if kind.member_path == "id":
        return bool(resource.get("id") == member_id)
    reference = resource.get(kind.member_path)
    parts = _RELATIVE.fullmatch(str(reference.get("reference"))) if isinstance(reference, Mapping) else None
    return parts is not None and parts.groups() == ("Patient", member_id)


def shape(source: str, resource: Json, labels: Labels) -> Shaped:
    """The facade's own form of a resource.

    Args:
        source: name of the source.
        resource: as the source gave it; not changed.
        labels: of a resource.

    Raises:
        ValueError: it has no id, or a date in it is none.
        TypeError, KeyError, AttributeError: an element has not the type that R4 gives it.
    """
    if not is_fhir_id(resource.get("id")):
        raise ValueError("a resource without an id")
    named: set[str] = set()
    own = _rewritten(resource, source, named)
    own["id"] = facade_id(source, resource["id"])
    own["meta"] = {"lastUpdated": UNKNOWN_UPDATE, **own.get("meta", {})}
    values = index(own)
    found = labels(resource, *_days(values))
    _mark(own["meta"], found)
    leading = {name: own.pop(name) for name in ("resourceType", "id", "meta")}
    body, version = finish(leading | own)
    updated = microseconds(leading["meta"]["lastUpdated"])
    rendered = Rendered(leading["resourceType"], leading["id"], version, updated, found, body)
    return Shaped(rendered, values, order.rank(_sort_date(resource, values)), frozenset(named))


def _rewritten(node: Any, source: str, named: set[str]) -> Any:
    if isinstance(node, list):
        return [_rewritten(item, source, named) for item in node]
    if not isinstance(node, Mapping):
        return node
    found = {name: _rewritten(value, source, named) for name, value in node.items()}
    parts = _RELATIVE.fullmatch(node["reference"]) if isinstance(node.get("reference"), str) else None
    if parts is not None:
        kind, local = parts.groups()
        found["reference"] = f"{kind}/{facade_id(source, local)}"
        if kind in SHARED:
            named.add(f"{kind}/{local}")
    return found


def _mark(meta: dict[str, Any], labels: frozenset[str]) -> None:
    """Write the labels into ``meta.security`` that are not there yet."""
    security = list(meta.get("security", ()))
    said = {coding.get("code") for coding in security}
    security += [{"system": _ACT_CODE, "code": label} for label in sorted(labels) if label not in said]
    if security:
        meta["security"] = security


def _spans(values: IndexValues) -> list[Span]:
    return [value for value in values.get("service-date", ()) if isinstance(value, Span)]


def _days(values: IndexValues) -> tuple[date, date]:
    """First and last day of service; open where nobody knows, so that a dated list never misses."""
    spans = _spans(values)
    first = min((_day(span.low) or date.min for span in spans), default=date.min)
    last = max((_day(None if span.high is None else span.high - 1) or date.max for span in spans), default=date.max)
    return first, last


def _day(moment: int | None) -> date | None:
    return None if moment is None else _EPOCH + timedelta(days=moment // _DAY)


def _sort_date(resource: Json, values: IndexValues) -> date | None:
    """First day of service of a claim, first day of a cover; None for others and where there is none."""
    if resource["resourceType"] == "Coverage":
        span = period_span(resource.get("period", {}))
        return None if span is None else _day(span.low)
    return min((day for span in _spans(values) if (day := _day(span.low)) is not None), default=None)
