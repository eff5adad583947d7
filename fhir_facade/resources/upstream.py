"""Resources from a payer who already speaks FHIR: asked for on request, checked, and shown in the facade's own form.

The upstream narrows, ``search.match`` decides; order, pages and totals are the facade's, whatever the upstream's are.
So the first page of a search reads all that the upstream finds for it, up to a limit; the pages that follow are cut
from what it read, as long as that is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from heapq import nlargest, nsmallest

from fhir_facade.contracts.errors import ClaimsInvalid
from fhir_facade.contracts.upstream import ResourceSource
from fhir_facade.fhir.ids import facade_id, is_fhir_id
from fhir_facade.resources import order, paging
from fhir_facade.resources.asking import Asker
from fhir_facade.resources.kept import AT_ONCE_S, UNUSED_S, KeptHistories, seen_by_searches
from fhir_facade.resources.live_query import local_id, may_stand_for
from fhir_facade.resources.named import NamedProviders
from fhir_facade.resources.page import Freshness, Gone, Page, Position, Rendered, Viewer
from fhir_facade.resources.paging import Ranked
from fhir_facade.resources.plan import narrow
from fhir_facade.resources.shaping import SHARED, Labels, Shaped
from fhir_facade.resources.upstream_member import UpstreamMember
from fhir_facade.resources.upstream_query import parameters
from fhir_facade.search.match import matches
from fhir_facade.search.query import SearchQuery

_OWN = ("Patient", "Coverage", "ExplanationOfBenefit", "RelatedPerson")


class UpstreamResources:
    """The resources of one source that speaks FHIR.

    Args:
        name: of the source.
        source: the opened source.
        labels: security labels of a resource.
        seconds: that one request may wait for the source.
    """

    def __init__(self, name: str, source: ResourceSource, labels: Labels, seconds: float) -> None:
        self._name = name
        self._source = source
        self._labels = labels
        self._asker = Asker(name, seconds)
        self._providers = NamedProviders()
        self._kept = KeptHistories()

    def read(self, viewer: Viewer, resource_type: str, resource_id: str) -> Rendered | Gone | None:
        """One resource; an upstream knows no tombstones."""
        found = self.read_many(viewer, [f"{resource_type}/{resource_id}"])
        return found[0] if found else None

    def read_many(self, viewer: Viewer, references: Sequence[str]) -> Sequence[Rendered]:
        """The resources of these relative references, in their order."""
        member = self._member(viewer)
        if member is None:
            return ()
        wanted = list(dict.fromkeys(references))
        shaped = [one.rendered for one in self._look_up(viewer, member, wanted)]
        found = {f"{one.type}/{one.id}": one for one in shaped}
        return [found[reference] for reference in wanted if reference in found]

    def search(
        self, viewer: Viewer, query: SearchQuery, after: Position | None = None, before: Position | None = None
    ) -> Page:
        """One page."""
        return paging.page(self, viewer, query, after, before)

    def ranked(
        self, viewer: Viewer, query: SearchQuery, limit: int, after: Position | None, before: Position | None
    ) -> Sequence[Ranked]:
        """At most ``limit`` matches in the query's order, with their places."""
        compare = order.comparable(query.sort)

        def key(place: Ranked) -> tuple[object, ...]:
            return compare(place.position)

        begins = after is None and before is None
        places = self._places(viewer, query, None if begins else UNUSED_S)
        if before is not None:
            end = compare(before)
            chosen = nlargest(limit, (p for p in places if key(p) < end), key=key)[::-1]
        else:
            start = None if after is None else compare(after)
            chosen = nsmallest(limit, (p for p in places if start is None or key(p) > start), key=key)
        self._providers.remember(viewer, (place.rendered for place in chosen))
        return chosen

    def total(self, viewer: Viewer, query: SearchQuery) -> int:
        """How many match."""
        return sum(1 for _ in self._places(viewer, query, AT_ONCE_S))

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References of the people whom the source finds for ``evidence``."""
        asked = dict(evidence)
        found = self._asker.records(self._asker.deadline(), lambda: self._source.match(asked), str)
        if not all(is_fhir_id(person) for person in found):
            raise ClaimsInvalid("bad-id", f"source {self._name} gave something else than the id of a Patient")
        return sorted({f"Patient/{facade_id(self._name, person)}" for person in found})

    def represented(self, representative: str) -> Sequence[str]:
        """Nobody: an upstream is not asked by representative."""
        del representative
        return ()

    def freshness(self) -> Sequence[Freshness]:
        """An upstream is as fresh as it is."""
        return (Freshness(source=self._name, data_through=None, received=None, published=None),)

    def _member(self, viewer: Viewer) -> UpstreamMember | None:
        local = local_id(self._name, viewer.patient)
        if local is None:
            return None
        return UpstreamMember(self._name, self._source, self._asker, self._labels, local)

    def _places(self, viewer: Viewer, query: SearchQuery, kept_s: float | None) -> Iterator[Ranked]:
        """Every match, in no order; out of what was used in the last ``kept_s`` seconds, None reads anew."""
        narrowing = narrow(viewer, query)
        member = None if narrowing.nothing else self._member(viewer)
        if member is None:
            return
        kind = query.resource_type
        if narrowing.ids is not None:
            found = self._look_up(viewer, member, [f"{kind}/{one}" for one in narrowing.ids])
        elif kind in SHARED:
            found = member.named([one for one in self._named(viewer, member) if one.startswith(f"{kind}/")])
        else:
            found = self._history(viewer, member, kind, parameters(query, narrowing), kept_s)
        plain = narrowing.decided and not query.sort
        for one in found if plain else map(seen_by_searches, found):
            if not one.rendered.labels & viewer.withheld and (plain or matches(query, one.values)):
                yield Ranked(order.sort_keys(query.sort, one.values, one.rank), one.rendered)

    def _history(
        self,
        viewer: Viewer,
        member: UpstreamMember,
        kind: str,
        narrowed: tuple[tuple[str, str], ...],
        kept_s: float | None,
    ) -> Iterator[Shaped]:
        """Everything of a type that is the member's own: as it was read for the first page, where that is kept."""
        if kind == "Patient" or kind not in _OWN:
            yield from self._all(viewer, member, kind, narrowed)
            return
        key = (viewer.patient, kind, narrowed)
        kept = None if kept_s is None else self._kept.get(key, kept_s)
        yield from kept if kept is not None else self._kept.keep(key, member.all(kind, narrowed))

    def _all(
        self, viewer: Viewer, member: UpstreamMember, kind: str, narrowed: tuple[tuple[str, str], ...] = ()
    ) -> Iterator[Shaped]:
        """Everything of a type that is the member's own and not withheld."""
        if kind == "Patient":
            yield from self._look_up(viewer, member, [f"Patient/{viewer.patient}"])
        elif kind in _OWN:
            yield from (one for one in member.all(kind, narrowed) if not one.rendered.labels & viewer.withheld)

    def _look_up(self, viewer: Viewer, member: UpstreamMember, references: Sequence[str]) -> Iterator[Shaped]:
        """What these references name, as far as the viewer may see it."""
        for kind, _, identifier in (reference.partition("/") for reference in references):
            found = self._own(viewer, member, kind, identifier) if kind in _OWN else None
            if found is not None and not found.rendered.labels & viewer.withheld:
                yield found
        shared = {reference for reference in references if reference.partition("/")[0] in SHARED}
        if shared:
            yield from self._look_up_shared(viewer, member, shared)

    def _own(self, viewer: Viewer, member: UpstreamMember, kind: str, identifier: str) -> Shaped | None:
        local = local_id(self._name, identifier)
        found = None if local is None else member.read(kind, local)
        if found is not None or kind == "Patient" or not may_stand_for(self._name, identifier):
            return found
        return next((one for one in self._all(viewer, member, kind) if one.rendered.id == identifier), None)

    def _look_up_shared(self, viewer: Viewer, member: UpstreamMember, wanted: set[str]) -> Iterator[Shaped]:
        """Providers: at once where a page just named them, else by looking through what the member has."""
        plain = [local for reference in wanted if (local := self._plain(reference)) is not None]
        if len(plain) == len(wanted) and self._providers.knows(viewer, wanted):
            yield from member.named(plain)
            return
        named = self._named(viewer, member)
        yield from member.named([local for local in named if self._reference(local) in wanted])

    def _named(self, viewer: Viewer, member: UpstreamMember) -> Collection[str]:
        """The source's own references to organizations and practitioners in what the viewer may see."""
        return {local for kind in _OWN for one in self._all(viewer, member, kind) for local in one.named}

    def _reference(self, local: str) -> str:
        kind, _, identifier = local.partition("/")
        return f"{kind}/{facade_id(self._name, identifier)}"

    def _plain(self, reference: str) -> str | None:
        kind, _, identifier = reference.partition("/")
        local = local_id(self._name, identifier)
        return None if local is None or may_stand_for(self._name, identifier) else f"{kind}/{local}"
