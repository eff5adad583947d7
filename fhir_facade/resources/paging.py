"""Pages out of ranked matches: the same for every source of resources, and for several of them merged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from fhir_facade.resources.order import Keys
from fhir_facade.resources.page import Page, Position, Rendered, Resources, Viewer
from fhir_facade.search.query import SearchQuery


class Ranked(msgspec.Struct, frozen=True):
    """One match with its sort values in the order of the query."""

    keys: Keys
    rendered: Rendered

    @property
    def position(self) -> Position:
        """Its place."""
        return Position(self.keys, self.rendered.id)


class Searched(Protocol):
    """What a page is made of."""

    def ranked(
        self, viewer: Viewer, query: SearchQuery, limit: int, after: Position | None, before: Position | None
    ) -> Sequence[Ranked]:
        """At most ``limit`` matches in the query's order: the first after ``after``, or the last before ``before``."""
        ...

    def total(self, viewer: Viewer, query: SearchQuery) -> int:
        """How many match."""
        ...


class RankedResources(Searched, Resources, Protocol):
    """Resources that also say where each match stands, so that several can be merged."""


def page(
    resources: Searched, viewer: Viewer, query: SearchQuery, after: Position | None, before: Position | None
) -> Page:
    """One page of ``query``; counts only where asked to, or where the first page holds everything."""
    asked = query.count == 0 or query.total not in (None, "none")
    if query.count == 0:
        return Page((), total=resources.total(viewer, query) if asked else None)
    found = resources.ranked(viewer, query, query.count + 1, after, before)
    total = resources.total(viewer, query) if asked else None
    more = len(found) > query.count
    shown = (found[1:] if before is not None else found[:-1]) if more else found
    if not shown:
        return Page((), total=0 if after is None and before is None else total)
    first, last = shown[0].position, shown[-1].position
    following = last if more or before is not None else None
    preceding = first if after is not None or (before is not None and more) else None
    if total is None and following is None and preceding is None:
        total = len(shown)
    return Page(tuple(match.rendered for match in shown), following, preceding, total)
