"""Several sources answer as one: asked at the same time, merged in one order, one position for all of them.

The order of matches is total and the same everywhere (``resources.order``), so that a position of one source says in
every other one where to go on. A source that is down makes the whole answer ``ClaimsUnavailable``; or, where config
allows it, a search gives the rest and names what is missing. Who somebody is, is never answered by halves.
"""

from __future__ import annotations

import heapq
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TypeVar

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources import order, paging
from fhir_facade.resources.asking import Asker, Deadline
from fhir_facade.resources.page import Freshness, Gone, Page, Position, Rendered, Viewer
from fhir_facade.resources.paging import Ranked, RankedResources
from fhir_facade.search.query import SearchQuery

log = logging.getLogger(__name__)

T = TypeVar("T")

_PATIENT = "Patient"
"""The one resource that several sources may have under the same id: the first source's is shown."""


class Federation:
    """Several sources as one.

    Args:
        sources: by name, in the order of the config.
        seconds: that one request may wait.
        partial: a search may leave out sources that are down, naming them.
        threads: questions at once for each source.
    """

    def __init__(
        self, sources: Mapping[str, RankedResources], seconds: float, *, partial: bool = False, threads: int = 16
    ) -> None:
        self._sources = dict(sources)
        self._askers = {name: Asker(name, seconds, threads) for name in sources}
        self._seconds = seconds
        self._partial = partial

    def read(self, viewer: Viewer, resource_type: str, resource_id: str) -> Rendered | Gone | None:
        """One resource, from the source whose it is."""
        names = self._owners(resource_type, resource_id)
        found = self._everywhere(names, lambda source: source.read(viewer, resource_type, resource_id))
        answers = list(found.values())
        return next((a for a in answers if isinstance(a, Rendered)), None) or next((a for a in answers if a), None)

    def read_many(self, viewer: Viewer, references: Sequence[str]) -> Sequence[Rendered]:
        """The resources of these relative references, in their order."""
        wanted: dict[str, list[str]] = {}
        for reference in dict.fromkeys(references):
            kind, _, identifier = reference.partition("/")
            for name in self._owners(kind, identifier):
                wanted.setdefault(name, []).append(reference)
        missing: list[str] = []
        found = self._each({name: _reading(viewer, some) for name, some in wanted.items()}, self._lenient(missing))
        by_reference: dict[str, Rendered] = {}
        for name in self._sources:
            for rendered in found.get(name, ()):
                by_reference.setdefault(f"{rendered.type}/{rendered.id}", rendered)
        for name in missing:
            if not by_reference.keys() >= set(wanted[name]):  # a search names what is missing, this could not
                raise ClaimsUnavailable(f"source {name} cannot answer")
        return [by_reference[one] for one in dict.fromkeys(references) if one in by_reference]

    def search(
        self, viewer: Viewer, query: SearchQuery, after: Position | None = None, before: Position | None = None
    ) -> Page:
        """One page of all sources; ``missing`` names those that were left out: then nobody knows the total."""
        merged = _Merged(self)
        page = paging.page(merged, viewer, query, after, before)
        missing = tuple(dict.fromkeys(merged.missing))
        return page._replace(missing=missing, total=None if missing else page.total)

    def ranked(
        self, viewer: Viewer, query: SearchQuery, limit: int, after: Position | None, before: Position | None
    ) -> Sequence[Ranked]:
        """At most ``limit`` matches of all sources in the query's order."""
        return _Merged(self).ranked(viewer, query, limit, after, before)

    def total(self, viewer: Viewer, query: SearchQuery) -> int:
        """How many match in all sources."""
        return _Merged(self).total(viewer, query)

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References of the people whom any source finds; every source must answer."""
        found = self._everywhere(list(self._sources), lambda source: source.match(evidence))
        return sorted({reference for references in found.values() for reference in references})

    def represented(self, representative: str) -> Sequence[str]:
        """Patient ids for whom the representative may act today, in any source; every source must answer."""
        found = self._everywhere(list(self._sources), lambda source: source.represented(representative))
        return sorted({patient for patients in found.values() for patient in patients})

    def freshness(self) -> Sequence[Freshness]:
        """How fresh each source is; one that is down is named without dates."""
        missing: list[str] = []
        asked = dict.fromkeys(self._sources, _freshness)
        found = self._each(asked, missing.append)
        unknown = [Freshness(source=name, data_through=None, received=None, published=None) for name in missing]
        return [fresh for name in self._sources for fresh in found.get(name, ())] + unknown

    def _owners(self, resource_type: str, resource_id: str) -> list[str]:
        """The sources that may have this id: ids begin with the source's name, those of a shared Patient anyhow."""
        if resource_type == _PATIENT:
            return list(self._sources)
        return [name for name in self._sources if resource_id.startswith(f"{name}-")]

    def _lenient(self, missing: list[str]) -> Callable[[str], None] | None:
        return missing.append if self._partial else None

    def _everywhere(self, names: Sequence[str], question: Callable[[RankedResources], T]) -> dict[str, T]:
        return self._each(dict.fromkeys(names, question), None)

    def _each(
        self, questions: Mapping[str, Callable[[RankedResources], T]], missed: Callable[[str], None] | None
    ) -> dict[str, T]:
        """Ask every source its question at the same time.

        Args:
            questions: by source.
            missed: told the name of a source that is down; None makes that an error.
        """
        deadline = Deadline(self._seconds)
        found: dict[str, T] = {}
        for name, answer in [(name, self._begin(name, question)) for name, question in questions.items()]:
            try:
                found[name] = answer(deadline)
            except ClaimsUnavailable as error:
                if missed is None:
                    raise
                log.warning("an answer leaves a source out", extra={"source": name}, exc_info=error)
                missed(name)
        return found

    def _begin(self, name: str, question: Callable[[RankedResources], T]) -> Callable[[Deadline], T]:
        source, asker = self._sources[name], self._askers[name]
        try:
            asked = asker.begin(lambda: question(source))
        except ClaimsUnavailable as error:
            refused = error

            def refuse(_: Deadline) -> T:
                raise refused

            return refuse
        return lambda deadline: asker.answer(deadline, asked)


class _Merged:
    """One search over all sources; remembers who was missing."""

    def __init__(self, federation: Federation) -> None:
        self._federation = federation
        self.missing: list[str] = []

    def ranked(
        self, viewer: Viewer, query: SearchQuery, limit: int, after: Position | None, before: Position | None
    ) -> Sequence[Ranked]:
        """The nearest matches of all sources."""
        found = self._ask(lambda source: source.ranked(viewer, query, limit, after, before))
        compare = order.comparable(query.sort)
        backwards = before is not None
        lists = [matches[::-1] if backwards else matches for matches in found]
        merged = heapq.merge(*lists, key=lambda match: compare(match.position), reverse=backwards)
        chosen = list(islice(_once(merged), limit))
        return chosen[::-1] if backwards else chosen

    def total(self, viewer: Viewer, query: SearchQuery) -> int:
        """The sum; a Patient that several sources have counts once."""
        if query.resource_type == _PATIENT:
            return len(self.ranked(viewer, query, len(self._federation._sources), None, None))
        return sum(self._ask(lambda source: source.total(viewer, query)))

    def _ask(self, question: Callable[[RankedResources], T]) -> list[T]:
        federation = self._federation
        asked = dict.fromkeys((name for name in federation._sources if name not in self.missing), question)
        found = federation._each(asked, federation._lenient(self.missing))
        if not found:
            raise ClaimsUnavailable("no source can answer")
        return list(found.values())


def _once(matches: Iterator[Ranked]) -> Iterator[Ranked]:
    seen: set[tuple[str, str]] = set()
    for match in matches:
        reference = (match.rendered.type, match.rendered.id)
        if reference not in seen:
            seen.add(reference)
            yield match


def _reading(viewer: Viewer, references: Sequence[str]) -> Callable[[RankedResources], Sequence[Rendered]]:
    return lambda source: source.read_many(viewer, references)


def _freshness(source: RankedResources) -> Sequence[Freshness]:
    return source.freshness()
