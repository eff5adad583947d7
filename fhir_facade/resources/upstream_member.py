"""One member at a source that speaks FHIR, during one request: nothing it says is believed unchecked.

Another member's resource, one of another type and one that cannot be published are left out and logged; pages without
an end are ``ClaimsInvalid``.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator

from fhir_facade.contracts.errors import ClaimsInvalid
from fhir_facade.contracts.upstream import ResourcePage, ResourceQuery, ResourceSource
from fhir_facade.resources.asking import MOST, Asker
from fhir_facade.resources.shaping import Json, Labels, Shaped, is_of, shape

_LOG = logging.getLogger(__name__)

PAGE = 100
"""Resources asked for at once."""
MOST_PAGES = 500
MOST_RESOURCES = 10_000
"""Of one type, of one member, in one request; more is a broken promise."""


class UpstreamMember:
    """One member at the source.

    Args:
        name: of the source.
        source: asked.
        asker: asks it.
        labels: of a resource.
        member_id: the member's id at the source.
    """

    def __init__(self, name: str, source: ResourceSource, asker: Asker, labels: Labels, member_id: str) -> None:
        self._name = name
        self._source = source
        self._asker = asker
        self._labels = labels
        self._deadline = asker.deadline()
        self._member_id = member_id

    def read(self, kind: str, local: str) -> Shaped | None:
        """One of the member's own resources."""
        found = self._asker.ask(self._deadline, lambda: self._source.read(kind, local, self._member_id))
        if found is None:
            return None
        if not isinstance(found, dict):
            raise ClaimsInvalid("wrong-kind", f"source {self._name} gave a {type(found).__name__} for a resource")
        return next((one for one in self._own([found], kind) if found.get("id") == local), None)

    def all(self, kind: str, parameters: tuple[tuple[str, str], ...] = ()) -> Iterator[Shaped]:
        """The member's own resources of a type, as the source orders them; each once.

        Raises:
            ClaimsInvalid: pages go in a circle, or there are too many.
        """
        shown: set[str] = set()
        for page in self._pages(kind, parameters):
            for one in self._own(page.resources, kind):
                if one.rendered.id not in shown:
                    shown.add(one.rendered.id)
                    yield one

    def named(self, references: Collection[str]) -> Iterator[Shaped]:
        """Organizations and practitioners of these references of the source."""
        wanted = sorted(references)
        for start in range(0, len(wanted), PAGE):
            some = wanted[start : start + PAGE]
            found = self._asker.records(self._deadline, lambda s=some: self._source.read_many(s, self._member_id), dict)  # type: ignore[misc]
            yield from self._shaped(one for one in found if f"{one.get('resourceType')}/{one.get('id')}" in some)

    def _pages(self, kind: str, parameters: tuple[tuple[str, str], ...]) -> Iterator[ResourcePage]:
        cursor: str | None = None
        seen: set[str | None] = {None}
        resources = 0
        for _ in range(MOST_PAGES):
            page = self._page(kind, parameters, cursor)
            resources += len(page.resources)
            if resources > MOST_RESOURCES:
                break
            yield page
            cursor = page.next_cursor
            if cursor is None:
                return
            if cursor in seen:
                raise ClaimsInvalid("cursor-loop", f"source {self._name} gives pages in a circle")
            seen.add(cursor)
        raise ClaimsInvalid("too-many", f"source {self._name} gives more than {MOST_RESOURCES} resources of a type")

    def _page(self, kind: str, parameters: tuple[tuple[str, str], ...], cursor: str | None) -> ResourcePage:
        query = ResourceQuery(
            resource_type=kind, member_id=self._member_id, parameters=parameters, count=PAGE, cursor=cursor
        )
        page = self._asker.ask(self._deadline, lambda: self._source.search(query))
        if not isinstance(page, ResourcePage) or not isinstance(page.resources, tuple):
            raise ClaimsInvalid("wrong-kind", f"source {self._name} gave something else than a page")
        if len(page.resources) > MOST:
            raise ClaimsInvalid("too-many", f"source {self._name} gave more than {MOST} resources at once")
        return page

    def _own(self, resources: Iterable[Json], kind: str) -> Iterator[Shaped]:
        for resource in resources:
            if not isinstance(resource, dict) or resource.get("resourceType") != kind:
                _LOG.error("source %s gave something else than a %s", self._name, kind)
            elif not is_of(self._member_id, resource):
                _LOG.error("source %s gave a %s of another member", self._name, kind)
            else:
                yield from self._shaped([resource])

    def _shaped(self, resources: Iterable[Json]) -> Iterator[Shaped]:
        for resource in resources:
            try:
                yield shape(self._name, resource, self._labels)
            except Exception as error:  # JSON of strangers: whatever is wrong with one resource, the others are shown
                fault = type(error).__name__  # no more: the message may hold what stands in the resource
                _LOG.error("source %s gave a resource that cannot be published (%s)", self._name, fault)
