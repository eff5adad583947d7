"""Searching: parameters in, one page of a searchset out.

Order of work: the member and the scopes narrow the query, then it is filtered, sorted, paged, included and shaped. A
plain page is never parsed: its bytes are joined. What many apps ask alike is read once: a search without the member's
own id, which every match has anyhow, and without its page.

Source: R4 search; RESTful API §3.1.0.11 (paging).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import quote

from msgspec import structs

from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.outcome import issue, outcome
from fhir_facade.resources.page import Page, Position, Rendered, Resources
from fhir_facade.search.cursor import Caller, Cursors, Mark, search_text
from fhir_facade.search.parse import Parsed, parse
from fhir_facade.search.query import Criterion, ReferenceValue, SearchQuery
from fhir_facade.search.registry import REGISTRY, Kind
from fhir_facade.web.bundle import Entry, entry, outcome_entry, searchset
from fhir_facade.web.fhir_answer import MEMBER_DATA, Answer
from fhir_facade.web.fhir_guard import Guard, require_id
from fhir_facade.web.fhir_include import include
from fhir_facade.web.fhir_request import Incoming, Pairs
from fhir_facade.web.fhir_shape import shaped
from fhir_facade.web.negotiation import handling

_NAME = re.compile(r"[A-Za-z0-9_.:\-]{1,64}", re.ASCII)
_MEMBER = {
    kind.name: frozenset(
        name for name, one in kind.parameters.items() if one.kind is Kind.REFERENCE and one.paths == (kind.member_path,)
    )
    for kind in REGISTRY.values()
}
"""Parameters of each type that look at whose the resource is."""

parse_once = lru_cache(maxsize=256)(parse)


class _Asked(NamedTuple):
    """A search as it was sent.

    Args:
        parsed: all that is neither the caller's own id nor a page position.
        own: the parameters that name the caller.
        cursor: the page position, not yet verified.
    """

    parsed: Parsed
    own: Pairs
    cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Searches:
    """Answers searches.

    Args:
        resources: where resources come from.
        cursors: seals page positions.
        base: absolute URL of the FHIR server, without a final slash.
        page_size: matches per page where the app does not say.
        strict: unknown parameters are errors where the app does not say.
        source: names of the claims sources, part of every page link.
    """

    resources: Resources
    cursors: Cursors
    base: str
    page_size: int = 10
    strict: bool = False
    source: str = ""

    def search(self, guard: Guard, incoming: Incoming, resource_type: str, member: str | None = None) -> Answer:
        """One page.

        Args:
            guard: what the caller may see.
            incoming: the request.
            resource_type: what is searched for.
            member: the Patient id of a compartment path, None for a plain search.

        Raises:
            Problem: 400 (``Prefer``, or ``member`` is not an id), 403 (scope).
            BadSearch: the parameters are wrong.
            BadCursor, ForeignCursor, ExpiredCursor: the page link is.
        """
        guard.demand(resource_type, "s")
        if member is not None:
            require_id(member)
        preferred = handling(incoming.prefer)
        strict = self.strict if preferred is None else preferred == "strict"
        asked = self._asked(resource_type, incoming.pairs, guard.viewer.patient, strict)
        query = _narrowed(asked.parsed.query, guard, member)
        mark = self._mark(asked, query, guard)
        page = self._page(guard, query, mark)
        matches = guard.own(page.matches)
        added = include(self.resources, guard, query, matches)
        notes = (*_notes(asked.parsed), *added.warnings, *map(incomplete, page.missing))
        links = self._links(_path(incoming.path), asked, page, query, guard)
        body = searchset(links, self._entries(query, matches, added.resources, notes), _total(query, page, mark))
        headers = MEMBER_DATA if preferred is None else {**MEMBER_DATA, "Preference-Applied": f"handling={preferred}"}
        return Answer(body, 200, headers, matches=len(matches))

    def _asked(self, resource_type: str, pairs: Pairs, patient: str, strict: bool) -> _Asked:
        mine, names = (patient, f"Patient/{patient}"), _MEMBER[resource_type]
        own: dict[tuple[str, str], None] = {}
        rest: list[tuple[str, str]] = []
        cursor = None
        for pair in pairs:
            name, value = pair
            if name in names and value in mine:
                own[pair] = None
            elif name == "_cursor" and value and cursor is None:
                cursor = value
            elif name != "_cursor" or value not in (cursor, ""):
                rest.append(pair)
        if cursor is not None and any(name == "_cursor" for name, _ in rest):
            rest.append(("_cursor", cursor))  # two pages at once: refused with everything else that is wrong
        parsed = parse_once(resource_type, tuple(rest), base=self.base, page_size=self.page_size, strict=strict)
        return _Asked(parsed, tuple(own), cursor)

    def _mark(self, asked: _Asked, query: SearchQuery, guard: Guard) -> Mark | None:
        if asked.cursor is None or query.count == 0:
            return None
        return self.cursors.open(asked.cursor, self.caller(guard), search_text(query))

    def caller(self, guard: Guard) -> Caller:
        """Who page links of ``guard`` are for."""
        return Caller(guard.viewer.patient, guard.grant.app_id, self.source)

    def _page(self, guard: Guard, query: SearchQuery, mark: Mark | None) -> Page:
        if mark is None:
            return self.resources.search(guard.viewer, query)
        position = Position(mark.keys, mark.id)
        if mark.backwards:
            return self.resources.search(guard.viewer, query, before=position)
        return self.resources.search(guard.viewer, query, after=position)

    def _links(self, path: str, asked: _Asked, page: Page, query: SearchQuery, guard: Guard) -> list[tuple[str, str]]:
        first = self.url(path, (*asked.own, *asked.parsed.applied))
        if query.count == 0:
            return [("self", first)]
        this = first if asked.cursor is None else with_cursor(first, asked.cursor)
        links = [("self", this), ("first", first)]
        for relation, position in (("previous", page.previous), ("next", page.next)):
            if position is not None:
                mark = Mark(position.keys, position.id, backwards=relation == "previous")
                cursor = self.cursors.seal(mark, self.caller(guard), search_text(query))
                links.append((relation, with_cursor(first, cursor)))
        return links

    def url(self, path: str, pairs: Iterable[tuple[str, str]]) -> str:
        """An absolute URL of this server."""
        query = "&".join([f"{_quoted(name)}={_quoted(value)}" for name, value in pairs])
        return f"{self.base}/{path}?{query}" if query else f"{self.base}/{path}"

    def _entries(
        self, query: SearchQuery, matches: list[Rendered], added: Iterable[Rendered], notes: tuple[str, ...]
    ) -> list[Entry]:
        base = self.base
        if query.summary or query.elements:
            matches = [structs.replace(each, body=shaped(each.body, query.summary, query.elements)) for each in matches]
        entries = [entry(base, each) for each in matches]
        entries += [entry(base, each, "include") for each in added]
        if notes:
            entries.append(outcome_entry(notes_outcome(notes)))
        return entries


@lru_cache(maxsize=1024)
def _quoted(text: str) -> str:
    return quote(text, safe=":/,*")


def with_cursor(url: str, cursor: str) -> str:
    """The address of the page at ``cursor``, which is made of URL-safe characters, of the search at ``url``."""
    return f"{url}{'&' if '?' in url else '?'}_cursor={cursor}"


def notes_outcome(notes: Iterable[str]) -> bytes:
    """An OperationOutcome of warnings."""
    return encode(outcome(*(issue("processing", note, severity="warning") for note in notes)))


def _narrowed(query: SearchQuery, guard: Guard, member: str | None) -> SearchQuery:
    criteria = guard.criteria(query.resource_type, "s")
    if member is not None:
        criteria = (compartment(query.resource_type, member), *criteria)
    return replace(query, criteria=(*query.criteria, *criteria)) if criteria else query


def compartment(resource_type: str, member: str) -> Criterion:
    """The criterion that ``Patient/[member]/[resource_type]`` stands for."""
    kind = REGISTRY[resource_type]
    name = next(name for name, parameter in kind.parameters.items() if parameter.paths == (kind.member_path,))
    return Criterion(name, (ReferenceValue("Patient", member),))


def _path(path: str) -> str:
    return path.removesuffix("/_search")


def _total(query: SearchQuery, page: Page, mark: Mark | None) -> int | None:
    if query.total == "none" and query.count:
        return None
    if page.total is not None:
        return page.total
    is_whole = mark is None and page.next is None and page.previous is None and not page.missing
    return len(page.matches) if is_whole else None


def _notes(parsed: Parsed) -> tuple[str, ...]:
    if not parsed.dropped:
        return parsed.warnings
    dropped = [name if _NAME.fullmatch(name) else "with an unusual name" for name in parsed.dropped]
    return (*(f"The unknown parameter {name} was left out" for name in dict.fromkeys(dropped)), *parsed.warnings)


def incomplete(source: str) -> str:
    """What is said where ``source`` could not answer."""
    return f"The answer is incomplete: the source {source} could not answer; ask again later"
