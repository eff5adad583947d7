"""Searching: parameters in, one page of a searchset out.

Order of work: the member and the scopes narrow the query, then it is filtered, sorted, paged, included and shaped. A
plain page is never parsed: its bytes are joined.

Source: R4 search; RESTful API §3.1.0.11 (paging).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import quote, urlencode

from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.outcome import issue, outcome
from fhir_facade.resources.page import Page, Position, Rendered, Resources
from fhir_facade.search.cursor import Caller, Cursors, Mark, search_text
from fhir_facade.search.parse import Parsed, parse
from fhir_facade.search.query import Criterion, ReferenceValue, SearchQuery
from fhir_facade.search.registry import REGISTRY
from fhir_facade.web.bundle import entry, outcome_entry, searchset
from fhir_facade.web.fhir_answer import MEMBER_DATA, Answer
from fhir_facade.web.fhir_guard import Guard, require_id
from fhir_facade.web.fhir_include import include
from fhir_facade.web.fhir_request import Incoming
from fhir_facade.web.fhir_shape import shaped
from fhir_facade.web.negotiation import handling

_NAME = re.compile(r"[A-Za-z0-9_.:\-]{1,64}", re.ASCII)


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
        parsed = parse(resource_type, incoming.pairs, base=self.base, page_size=self.page_size, strict=strict)
        query = _narrowed(parsed.query, guard, member)
        mark = self._mark(parsed, query, guard)
        page = self._page(guard, query, mark)
        matches = guard.own(page.matches)
        added = include(self.resources, guard, query, matches)
        notes = (*_notes(parsed), *added.warnings, *map(incomplete, page.missing))
        links = self._links(_path(incoming.path), parsed, page, query, guard)
        body = searchset(links, self._entries(query, matches, added.resources, notes), _total(query, page, mark))
        headers = MEMBER_DATA if preferred is None else {**MEMBER_DATA, "Preference-Applied": f"handling={preferred}"}
        return Answer(body, 200, headers, matches=len(matches))

    def _mark(self, parsed: Parsed, query: SearchQuery, guard: Guard) -> Mark | None:
        if parsed.cursor is None or query.count == 0:
            return None
        return self.cursors.open(parsed.cursor, self.caller(guard), search_text(query))

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

    def _links(self, path: str, parsed: Parsed, page: Page, query: SearchQuery, guard: Guard) -> list[tuple[str, str]]:
        first = self.url(path, parsed.applied)
        if query.count == 0:
            return [("self", first)]
        this = first if parsed.cursor is None else with_cursor(first, parsed.cursor)
        links = [("self", this), ("first", first)]
        for relation, position in (("previous", page.previous), ("next", page.next)):
            if position is not None:
                mark = Mark(position.keys, position.id, backwards=relation == "previous")
                cursor = self.cursors.seal(mark, self.caller(guard), search_text(query))
                links.append((relation, with_cursor(first, cursor)))
        return links

    def url(self, path: str, pairs: Iterable[tuple[str, str]]) -> str:
        """An absolute URL of this server."""
        query = urlencode(tuple(pairs), quote_via=quote, safe=":/,*")
        return f"{self.base}/{path}?{query}" if query else f"{self.base}/{path}"

    def _entries(
        self, query: SearchQuery, matches: list[Rendered], added: Iterable[Rendered], notes: tuple[str, ...]
    ) -> list[bytes]:
        base = self.base.encode()
        if query.summary or query.elements:
            matches = [each._replace(body=shaped(each.body, query.summary, query.elements)) for each in matches]
        entries = [entry(base, each) for each in matches]
        entries += [entry(base, each, b"include") for each in added]
        if notes:
            entries.append(outcome_entry(notes_outcome(notes)))
        return entries


def with_cursor(url: str, cursor: str) -> str:
    """The address of the page at ``cursor`` of the search at ``url``."""
    return f"{url}{'&' if '?' in url else '?'}_cursor={quote(cursor, safe='')}"


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
    dropped = [name if _NAME.fullmatch(name) else "with an unusual name" for name in parsed.dropped]
    return (*(f"The unknown parameter {name} was left out" for name in dict.fromkeys(dropped)), *parsed.warnings)


def incomplete(source: str) -> str:
    """What is said where ``source`` could not answer."""
    return f"The answer is incomplete: the source {source} could not answer; ask again later"
