"""AuditEvents beside the resources of the claims sources: a member reads who looked at their data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from heapq import nlargest, nsmallest
from itertools import islice

from fhir_facade.fhir.disclosure import Disclosure, audit_event
from fhir_facade.fhir.encode import finish
from fhir_facade.resources import order, paging
from fhir_facade.resources.page import Freshness, Gone, Page, Position, Rendered, Resources, Viewer
from fhir_facade.resources.paging import Ranked
from fhir_facade.search.index import index
from fhir_facade.search.match import matches
from fhir_facade.search.query import SearchQuery

KIND = "AuditEvent"

Disclosures = Callable[[str], Iterable[Disclosure]]
"""Patient id → lines about that member's data, newest first."""


class WithDisclosures:
    """The claims sources' resources, and AuditEvents from the audit trail.

    Args:
        inner: everything else.
        disclosures: the lines of one member.
        observer: name of the agency whose trail it is.
    """

    def __init__(self, inner: Resources, disclosures: Disclosures, observer: str) -> None:
        self._inner = inner
        self._disclosures = disclosures
        self._observer = observer

    def read(self, viewer: Viewer, resource_type: str, resource_id: str) -> Rendered | Gone | None:
        """One resource."""
        if resource_type != KIND:
            return self._inner.read(viewer, resource_type, resource_id)
        return next((found for found in self._all(viewer) if found.id == resource_id), None)

    def read_many(self, viewer: Viewer, references: Sequence[str]) -> Sequence[Rendered]:
        """The resources of these relative references; nothing refers to an AuditEvent."""
        return self._inner.read_many(viewer, [r for r in references if not r.startswith(f"{KIND}/")])

    def search(
        self, viewer: Viewer, query: SearchQuery, after: Position | None = None, before: Position | None = None
    ) -> Page:
        """One page."""
        if query.resource_type != KIND:
            return self._inner.search(viewer, query, after, before)
        return paging.page(self, viewer, query, after, before)

    def ranked(
        self, viewer: Viewer, query: SearchQuery, limit: int, after: Position | None, before: Position | None
    ) -> Sequence[Ranked]:
        """At most ``limit`` matching AuditEvents with their places."""
        key = order.comparable(query.sort)
        places = self._places(viewer, query)
        if before is not None:
            earlier = (place for place in places if key(place.position) < key(before))
            return nlargest(limit, earlier, key=lambda place: key(place.position))[::-1]
        later = (place for place in places if after is None or key(place.position) > key(after))
        if query.sort:
            return nsmallest(limit, later, key=lambda place: key(place.position))
        return list(islice(later, limit))  # the trail's own order is this one

    def total(self, viewer: Viewer, query: SearchQuery) -> int:
        """How many match."""
        return sum(1 for _ in self._places(viewer, query))

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References of the people whom the claims sources find for ``evidence``."""
        return self._inner.match(evidence)

    def represented(self, representative: str) -> Sequence[str]:
        """Patient ids for whom the representative may act today."""
        return self._inner.represented(representative)

    def freshness(self) -> Sequence[Freshness]:
        """How fresh each claims source is."""
        return self._inner.freshness()

    def _places(self, viewer: Viewer, query: SearchQuery) -> Iterator[Ranked]:
        for line in self._disclosures(viewer.patient):
            resource = audit_event(line, viewer.patient, self._observer)
            values = index(resource)
            if matches(query, values):
                yield Ranked(order.sort_keys(query.sort, values, -line.number), _rendered(line, resource))

    def _all(self, viewer: Viewer) -> Iterator[Rendered]:
        for line in self._disclosures(viewer.patient):
            yield _rendered(line, audit_event(line, viewer.patient, self._observer))


def _rendered(line: Disclosure, resource: dict[str, object]) -> Rendered:
    body, version = finish(resource)
    return Rendered(KIND, str(resource["id"]), version, line.at, frozenset(), body)
