"""Resources from a live source: records asked for, mapped and rendered on request; the same bytes as in the replica.

The source narrows, ``search.match`` decides. A page asks for no more claims than it shows, and maps no more: the
source's order is the facade's, as long as ids are told as they are. Where a claim's id is too long for that, its hash
stands in the order, so a page goes on with the whole day of the last match and leaves out what was shown.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from heapq import nlargest, nsmallest
from itertools import chain, groupby, islice
from typing import TypeVar

from fhir_facade.contracts.claims import ClaimQuery, FindsRepresented, LiveSource
from fhir_facade.contracts.records import Claim
from fhir_facade.fhir.ids import facade_id
from fhir_facade.fhir.mapper import Mapped, Mapper, Rejection
from fhir_facade.resources import order, paging
from fhir_facade.resources.asking import Asker, records_of
from fhir_facade.resources.live_member import LiveMember
from fhir_facade.resources.live_query import claim_query, from_its_day, is_plain, local_id
from fhir_facade.resources.named import NamedProviders, named_in
from fhir_facade.resources.page import Freshness, Gone, Page, Position, Rendered, Viewer
from fhir_facade.resources.paging import Ranked
from fhir_facade.resources.plan import narrow
from fhir_facade.resources.rendering import render
from fhir_facade.search.index import index
from fhir_facade.search.match import matches
from fhir_facade.search.query import SearchQuery

Labels = Callable[[Claim], frozenset[str]]
T = TypeVar("T")

_LOG = logging.getLogger(__name__)

_CLAIM = "ExplanationOfBenefit"
_MANY = 100

_SHARED = ("Organization", "Practitioner")


@dataclass(frozen=True, slots=True)
class Place:
    """A mapped resource with its place in the order of a query."""

    position: Position
    mapped: Mapped


class LiveResources:
    """The resources of one live source.

    Args:
        source: the opened source.
        mapper: maps its records.
        labels: security labels of a claim.
        seconds: that one request may wait for the source.
    """

    def __init__(self, source: LiveSource, mapper: Mapper, labels: Labels, seconds: float) -> None:
        self._source = source
        self._mapper = mapper
        self._labels = labels
        self._asker = Asker(mapper.source, seconds)
        self._named = NamedProviders()
        self._hashes = False  # some id of a claim was too long to be told

    def read(self, viewer: Viewer, resource_type: str, resource_id: str) -> Rendered | Gone | None:
        """One resource; a live source knows no tombstones."""
        found = self.read_many(viewer, [f"{resource_type}/{resource_id}"])
        return found[0] if found else None

    def read_many(self, viewer: Viewer, references: Sequence[str]) -> Sequence[Rendered]:
        """The resources of these relative references, in their order."""
        wanted = list(dict.fromkeys(references))
        found = self._ask(viewer, lambda member: self._found(viewer, member, wanted), dict[str, Rendered]())
        return [found[reference] for reference in wanted if reference in found]

    def _found(self, viewer: Viewer, member: LiveMember, wanted: Sequence[str]) -> dict[str, Rendered]:
        if member.member is None:
            return {}
        return {f"{item.type}/{item.id}": render(item) for item in self._look_up(viewer, member, wanted)}

    def _ask(self, viewer: Viewer, question: Callable[[LiveMember], T], nobody: T) -> T:
        """What the source says about the viewer, in a thread of its own; ``nobody`` where it is not the source's."""
        local = local_id(self._mapper.source, viewer.patient)
        if local is None:
            return nobody
        deadline = self._asker.deadline()
        member = LiveMember(self._mapper.source, self._source, deadline, local)
        return self._asker.ask(deadline, lambda: question(member))

    def search(
        self, viewer: Viewer, query: SearchQuery, after: Position | None = None, before: Position | None = None
    ) -> Page:
        """One page."""
        return paging.page(self, viewer, query, after, before)

    def ranked(
        self, viewer: Viewer, query: SearchQuery, limit: int, after: Position | None, before: Position | None
    ) -> Sequence[Ranked]:
        """At most ``limit`` matches in the query's order, with their places."""
        found = self._ask(
            viewer, lambda member: self._ranked(viewer, member, query, limit, after, before), list[Ranked]()
        )
        self._named.remember(viewer, (match.rendered for match in found))
        return found

    def _ranked(
        self,
        viewer: Viewer,
        member: LiveMember,
        query: SearchQuery,
        limit: int,
        after: Position | None,
        before: Position | None,
    ) -> list[Ranked]:
        key = order.comparable(query.sort)
        if query.sort:
            chosen = self._sorted(viewer, member, query, limit, after, before)
        elif before is not None:
            end = key(before)
            chosen = list(deque((p for p in self._places(viewer, member, query) if key(p.position) < end), limit))
        else:
            start = None if after is None else key(after)
            places = self._places(viewer, member, query, after, limit)
            chosen = list(islice((p for p in places if start is None or key(p.position) > start), limit))
        return [Ranked(place.position.keys, render(place.mapped)) for place in chosen]

    def total(self, viewer: Viewer, query: SearchQuery) -> int:
        """How many match."""
        return self._ask(viewer, lambda member: sum(1 for _ in self._places(viewer, member, query)), 0)

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References of the people whom the source finds for ``evidence``."""
        asked = dict(evidence)
        found = self._asker.records(self._asker.deadline(), lambda: self._source.match(asked), str)
        return sorted({self._reference(person) for person in found})

    def _reference(self, person: str) -> str:
        kind, marker, identifier = person.partition("representative:")
        return f"RelatedPerson/{self._id(identifier)}" if marker and not kind else f"Patient/{self._id(person)}"

    def represented(self, representative: str) -> Sequence[str]:
        """Patient ids for whom the representative may act today; none where the source cannot tell."""
        local = local_id(self._mapper.source, representative)
        if local is None or not isinstance(self._source, FindsRepresented):
            return ()
        source, name, deadline, today = (
            self._source, self._mapper.source, self._asker.deadline(), datetime.now(UTC).date()
        )  # fmt: skip

        def acting() -> list[str]:
            found = sorted(set(records_of(name, lambda: source.represented(local), str)))
            members = [LiveMember(name, source, deadline, one) for one in found]
            return [self._id(member.member_id) for member in members if _may_act(member, local, today)]

        return self._asker.ask(deadline, acting)

    def freshness(self) -> Sequence[Freshness]:
        """A live source is as fresh as it is."""
        return (Freshness(source=self._mapper.source, data_through=None, received=None, published=None),)

    def _id(self, local: str) -> str:
        return facade_id(self._mapper.source, local)

    def _places(
        self,
        viewer: Viewer,
        member: LiveMember,
        query: SearchQuery,
        after: Position | None = None,
        count: int = _MANY,
    ) -> Iterator[Place]:
        """Every match: claims in the server's own order from ``after`` on, others whole and sorted."""
        narrowing = narrow(viewer, query)
        if narrowing.nothing:
            return
        asked = claim_query(self._mapper.source, member.member_id, narrowing, after, count)
        if query.resource_type == _CLAIM:
            member.expect(asked)
        if member.member is None:
            return
        if query.resource_type == _CLAIM:
            found = self._claims(member, asked)
        else:
            found = iter(self._others(viewer, member, query.resource_type))
        wanted = {*(one.parameter for one in query.criteria), *(one.parameter for one in query.sort)}
        for mapped in found:
            values = index(mapped.resource, wanted)
            if not mapped.labels & viewer.withheld and matches(query, values):
                rank = order.rank(mapped.sort_date)
                yield Place(Position(order.sort_keys(query.sort, values, rank), mapped.id), mapped)

    def _claims(self, member: LiveMember, asked: ClaimQuery) -> Iterator[Mapped]:
        """Mapped claims by day, newest first, and by id within a day."""
        pages = member.claims(asked)
        first = next(pages, ())
        self._hashes |= not all(is_plain(self._mapper.source, claim.claim_id) for claim in first)
        if not self._hashes:
            for claims in chain((first,), pages):
                yield from self._map(member, claims, _CLAIM)
            return
        mapped = (item for claims in member.claims(from_its_day(asked)) for item in self._map(member, claims, _CLAIM))
        for _, same_day in groupby(mapped, key=lambda item: item.sort_date):
            yield from sorted(same_day, key=lambda item: item.id)

    def _others(self, viewer: Viewer, member: LiveMember, kind: str) -> list[Mapped]:
        if kind in _SHARED:
            found = [item for item in self._everything_named(viewer, member) if item.type == kind]
        else:
            found = list(self._map(member, (), kind))
        return sorted(found, key=lambda item: (order.rank(item.sort_date), item.id))

    def _map(self, member: LiveMember, claims: Sequence[Claim], kind: str | None = None) -> Iterator[Mapped]:
        records = member.records(claims)
        if records is None:
            return
        for item in self._mapper.resources(records, labels=self._labels):
            if isinstance(item, Rejection):
                _LOG.error("source %s gave a record that cannot be published", self._mapper.source)
            elif kind in (None, item.type):
                yield item

    def _look_up(self, viewer: Viewer, member: LiveMember, references: Sequence[str]) -> Iterator[Mapped]:
        """What these references name, as far as the viewer may see it."""
        wanted = set(references)
        locals_ = [local_id(self._mapper.source, r.partition("/")[2]) for r in references if r.startswith(f"{_CLAIM}/")]
        claims = [claim for local in locals_ if local is not None and (claim := member.claim(local)) is not None]
        for item in self._map(member, claims):
            if item.type not in _SHARED and f"{item.type}/{item.id}" in wanted and not item.labels & viewer.withheld:
                yield item
        shared = {reference for reference in references if reference.partition("/")[0] in _SHARED}
        if shared:
            yield from self._look_up_shared(viewer, member, shared)

    def _look_up_shared(self, viewer: Viewer, member: LiveMember, wanted: set[str]) -> Iterator[Mapped]:
        """Providers: at once where a page just named them, else by walking the member's claims."""
        if not self._named.knows(viewer, wanted):
            yield from (i for i in self._everything_named(viewer, member) if f"{i.type}/{i.id}" in wanted)
            return
        locals_ = [local_id(self._mapper.source, reference.partition("/")[2]) for reference in wanted]
        providers = member.providers(local for local in locals_ if local is not None)
        mapped = [self._mapper.organization(one) for one in providers.organizations]
        mapped += [self._mapper.practitioner(one) for one in providers.practitioners]
        yield from (item for item in mapped if isinstance(item, Mapped) and f"{item.type}/{item.id}" in wanted)

    def _everything_named(self, viewer: Viewer, member: LiveMember) -> Iterator[Mapped]:
        """The organizations and practitioners that something names which the viewer may see, each once."""
        named: set[str] = set()
        providers: dict[str, Mapped] = {}
        for claims in ((), *member.claims(ClaimQuery(member_id=member.member_id, count=_MANY))):
            for item in self._map(member, claims):
                if item.type in _SHARED:
                    providers[f"{item.type}/{item.id}"] = item
                elif not item.labels & viewer.withheld:
                    named |= named_in(render(item).body)
        yield from (item for reference, item in providers.items() if reference in named)

    def _sorted(
        self,
        viewer: Viewer,
        member: LiveMember,
        query: SearchQuery,
        limit: int,
        after: Position | None,
        before: Position | None,
    ) -> list[Place]:
        compare = order.comparable(query.sort)

        def key(place: Place) -> tuple[object, ...]:
            return compare(place.position)

        places = self._places(viewer, member, query)
        if before is not None:
            end = compare(before)
            return nlargest(limit, (p for p in places if key(p) < end), key=key)[::-1]
        start = None if after is None else compare(after)
        return nsmallest(limit, (p for p in places if start is None or key(p) > start), key=key)


def _may_act(member: LiveMember, representative_id: str, today: date) -> bool:
    return any(
        person.active
        and (person.starts_on is None or person.starts_on <= today)
        and (person.ends_on is None or person.ends_on >= today)
        for person in member.representatives
        if person.representative_id == representative_id
    )
