"""``Patient/[id]/$everything``: the member and everything here about them, page by page.

One type comes after the other; organizations and practitioners come with the page that names them.

Source: R4 Patient-everything.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from fhir_facade.resources.page import Position, Rendered
from fhir_facade.search.cursor import Mark
from fhir_facade.search.faults import BadSearch, Fault
from fhir_facade.search.parse import parse
from fhir_facade.search.query import Include, SearchQuery
from fhir_facade.search.registry import REGISTRY
from fhir_facade.web.bundle import Entry, entry, outcome_entry, searchset
from fhir_facade.web.errors import not_found
from fhir_facade.web.fhir_answer import Answer
from fhir_facade.web.fhir_guard import Guard, require_id
from fhir_facade.web.fhir_include import include
from fhir_facade.web.fhir_request import Incoming, Pairs
from fhir_facade.web.fhir_search import Searches, incomplete, notes_outcome

TYPES = ("Patient", "RelatedPerson", "Coverage", "ExplanationOfBenefit")
_NAMED = ("Organization", "Practitioner")
_OFFERED = ("start", "end", "_since", "_type", "_count", "_cursor")
_SHAPING = ("_format", "_pretty")


@dataclass(slots=True)
class _Walk:
    """The queries of one call, one for each type, and how far it has come."""

    searches: Searches
    guard: Guard
    queries: list[SearchQuery]
    found: list[Rendered]
    missing: list[str]

    def run(self, mark: Mark, count: int) -> Mark | None:
        """Fill a page of ``count`` from ``mark`` on; where the next one starts, None at the end."""
        after = Position(mark.keys, mark.id) if mark.id else None
        for phase in range(mark.phase, len(self.queries)):
            query = replace(self.queries[phase], count=count - len(self.found))
            page = self.searches.resources.search(self.guard.viewer, query, after=after)
            self.found += self.guard.own(page.matches)
            self.missing += page.missing
            if page.next is not None:
                return Mark(page.next.keys, page.next.id, phase=phase)
            if len(self.found) >= count:
                return Mark((), "", phase=phase + 1) if phase + 1 < len(self.queries) else None
            after = None
        return None


def everything(searches: Searches, guard: Guard, incoming: Incoming, patient: str) -> Answer:
    """One page of everything.

    Args:
        searches: the search service.
        guard: what the caller may see.
        incoming: the request; ``start``, ``end``, ``_since``, ``_type``, ``_count`` are looked at.
        patient: the id of the path.

    Raises:
        Problem: 400 (not an id), 403 (scope), 404 (not this member).
        BadSearch: a parameter is wrong or unknown.
        BadCursor, ForeignCursor, ExpiredCursor: the page link is.
    """
    guard.demand("Patient", "r")
    require_id(patient)
    if patient != guard.viewer.patient:
        raise not_found()
    _check(incoming.pairs)
    types, named, warnings = _types(guard, incoming)
    queries = [_query(searches, guard, incoming.pairs, name, named) for name in types]
    count, cursor = _paging(searches, incoming.pairs)
    bound = repr(("$everything", [(query.resource_type, query.criteria) for query in queries]))
    mark = searches.cursors.open(cursor, searches.caller(guard), bound) if cursor else Mark((), "")
    walk = _Walk(searches, guard, queries, [], [])
    following = walk.run(mark, count)
    applied = tuple(pair for pair in incoming.pairs if pair[0] != "_cursor" and pair[1])
    links = [("self", searches.url(incoming.path, (*applied, *((("_cursor", cursor),) if cursor else ()))))]
    if following is not None:
        sealed = searches.cursors.seal(following, searches.caller(guard), bound)
        links.append(("next", searches.url(incoming.path, (*applied, ("_cursor", sealed)))))
    entries = _entries(searches, guard, walk, warnings)
    return Answer(searchset(links, entries, None), matches=len(walk.found))


def _check(pairs: Pairs) -> None:
    if any(name not in (*_OFFERED, *_SHAPING) for name, _ in pairs):
        raise BadSearch(Fault("not-supported", f"$everything takes {', '.join(_OFFERED[:-1])}"))


def _types(guard: Guard, incoming: Incoming) -> tuple[list[str], list[str], list[str]]:
    wanted = [name for key, value in incoming.pairs if key == "_type" and value for name in value.split(",")]
    if any(name not in (*TYPES, *_NAMED) for name in wanted):
        raise BadSearch(Fault("value", f"_type: write some of {', '.join((*TYPES, *_NAMED))}", "_type"))
    asked = [name for name in TYPES if not wanted or name in wanted]
    allowed = [name for name in asked if guard.allows(name, "s") or name == "Patient"]
    named = [name for name in _NAMED if not wanted or name in wanted]
    warnings = [f"{name} is left out: the access token has no scope for it" for name in asked if name not in allowed]
    return allowed, named, warnings


def _query(searches: Searches, guard: Guard, pairs: Pairs, name: str, named: list[str]) -> SearchQuery:
    filters = tuple(_filters(pairs, name))
    query = parse(name, filters, base=searches.base, strict=True).query
    includes = tuple(
        Include(name, parameter, target)
        for parameter in REGISTRY[name].includes
        for target in REGISTRY[name].parameters[parameter].targets
        if target in named
    )
    return replace(query, criteria=(*query.criteria, *guard.criteria(name, "s")), includes=includes)


def _filters(pairs: Pairs, name: str) -> Iterator[tuple[str, str]]:
    for key, value in pairs:
        if key == "_since" and value:
            yield "_lastUpdated", f"ge{value}"
        if name == "ExplanationOfBenefit" and value and key in ("start", "end"):
            yield "service-date", f"{'ge' if key == 'start' else 'le'}{value}"


def _paging(searches: Searches, pairs: Pairs) -> tuple[int, str | None]:
    sent = tuple(pair for pair in pairs if pair[0] in ("_count", "_cursor", *_SHAPING))
    parsed = parse("Patient", sent, base=searches.base, page_size=searches.page_size)
    if parsed.query.count == 0:
        raise BadSearch(Fault("value", "_count: $everything gives at least one resource a page", "_count"))
    return parsed.query.count, parsed.cursor


def _entries(searches: Searches, guard: Guard, walk: _Walk, warnings: list[str]) -> list[Entry]:
    base = searches.base
    includes = tuple(each for query in walk.queries for each in query.includes)
    around = SearchQuery(resource_type="Patient", includes=includes)
    added = include(searches.resources, guard, around, walk.found)
    notes = [*warnings, *added.warnings, *map(incomplete, walk.missing)]
    entries = [entry(base, each) for each in walk.found]
    entries += [entry(base, each, "include") for each in added.resources]
    if notes:
        entries.append(outcome_entry(notes_outcome(dict.fromkeys(notes))))
    return entries
