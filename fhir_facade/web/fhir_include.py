"""``_include`` and ``_revinclude``: what the matches of one page refer to, and what refers to them.

Each page is complete in itself; references are resolved in one batch, and everything is the member's own or named by
it. What the scopes do not allow is left out and said so.

Source: R4 §3.1.1.5.4.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from fhir_facade.resources.page import Position, Rendered, Resources
from fhir_facade.search.faults import BadSearch, Fault
from fhir_facade.search.index import references
from fhir_facade.search.query import Criterion, Include, ReferenceValue, SearchQuery
from fhir_facade.search.registry import MAXIMUM_COUNT, REGISTRY
from fhir_facade.web.fhir_guard import Guard

MOST_REVERSED = 1_000
"""So many resources may point to the matches of one page; more are to be searched for by themselves."""

_ROUNDS = 2
"""How often ``:iterate`` goes on."""


class Included(NamedTuple):
    """What is added to the matches, and sentences about what is not."""

    resources: tuple[Rendered, ...]
    warnings: tuple[str, ...]


def include(resources: Resources, guard: Guard, query: SearchQuery, found: Sequence[Rendered]) -> Included:
    """Everything that ``query`` asks to be added to the matches ``found``.

    Raises:
        BadSearch: too many resources point to the matches.
    """
    if not found or not (query.includes or query.revincludes):
        return Included((), ())
    added = _Added(resources, guard, {f"{one.type}/{one.id}" for one in found})
    added.follow([each for each in query.includes if not each.iterate], found)
    for each in query.revincludes:
        added.reverse(each, found)
    further = [each for each in query.includes if each.iterate]
    newest: Sequence[Rendered] = (*found, *added.resources)
    for _ in range(_ROUNDS if further else 0):
        newest = added.follow(further, newest)
    return Included(tuple(added.resources), tuple(dict.fromkeys(added.warnings)))


class _Added:
    def __init__(self, resources: Resources, guard: Guard, known: set[str]) -> None:
        self._source = resources
        self._guard = guard
        self._known = known
        self.resources: list[Rendered] = []
        self.warnings: list[str] = []

    def follow(self, includes: Iterable[Include], found: Iterable[Rendered]) -> Sequence[Rendered]:
        includes = tuple(includes)
        wanted = dict.fromkeys(
            reference for one in found for reference in _named(one, includes) if self._may(reference.partition("/")[0])
        )
        missing = [reference for reference in wanted if reference not in self._known]
        if not missing:
            return ()
        return self._add(self._source.read_many(self._guard.viewer, missing))

    def reverse(self, wanted: Include, found: Sequence[Rendered]) -> None:
        if not self._may(wanted.source, "s"):
            return
        values = tuple(ReferenceValue(one.type, one.id) for one in found)
        query = SearchQuery(
            resource_type=wanted.source,
            criteria=(Criterion(wanted.parameter, values), *self._guard.criteria(wanted.source, "s")),
            count=MAXIMUM_COUNT,
        )
        for page in self._pages(query):
            self._add(page)

    def _pages(self, query: SearchQuery) -> Iterator[Sequence[Rendered]]:
        after: Position | None = None
        for _ in range(MOST_REVERSED // MAXIMUM_COUNT):
            page = self._source.search(self._guard.viewer, query, after=after)
            yield page.matches
            if page.missing:
                self.warnings.append(f"{query.resource_type} may be incomplete: a source could not answer")
            after = page.next
            if after is None:
                return
        text = f"More than {MOST_REVERSED} {query.resource_type} would be added; search for them by themselves"
        raise BadSearch(Fault("too-costly", text, "_revinclude"))

    def _add(self, resources: Iterable[Rendered]) -> Sequence[Rendered]:
        new = [one for one in self._guard.own(resources) if f"{one.type}/{one.id}" not in self._known]
        self._known.update(f"{one.type}/{one.id}" for one in new)
        self.resources.extend(new)
        return new

    def _may(self, resource_type: str, interaction: str = "r") -> bool:
        if self._guard.allows(resource_type, "s" if interaction == "s" else "r"):
            return True
        self.warnings.append(f"{resource_type} is left out: the access token has no scope for it")
        return False


def _named(resource: Rendered, includes: Iterable[Include]) -> Iterator[str]:
    wanted = [each for each in includes if each.source == resource.type]
    if not wanted:
        return
    parsed: Mapping[str, Any] = msgspec.json.decode(resource.body)
    for each in wanted:
        parameter = REGISTRY[each.source].parameters[each.parameter]
        targets = (each.target,) if each.target else parameter.targets
        for reference in references(parsed, parameter):
            relative = reference.partition("/_history/")[0]
            if relative.partition("/")[0] in targets and relative.count("/") == 1:
                yield relative
