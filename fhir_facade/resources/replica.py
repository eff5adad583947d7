"""Resources from the replica: a page is one index range, decompressed; nothing is parsed, validated or serialised.

The member stands in every statement, taken from the viewer; what comes back is checked once more against the owner that
the row itself names. A search narrows in the database; where that does not decide, ``search.match`` does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from heapq import nlargest, nsmallest

import msgspec
import zstandard
from sqlalchemy.engine import URL

from fhir_facade.contracts.errors import ClaimsInvalid
from fhir_facade.resources import lookups, order, paging, statements
from fhir_facade.resources.facets import unpack
from fhir_facade.resources.matching import MatchHash
from fhir_facade.resources.page import NOBODY, Freshness, Gone, Page, Position, Rendered, Viewer
from fhir_facade.resources.paging import Ranked
from fhir_facade.resources.plan import Narrowing, narrow
from fhir_facade.resources.reading import Reader, Row
from fhir_facade.resources.schema import TYPES
from fhir_facade.resources.statements import Columns, Step
from fhir_facade.search.match import matches
from fhir_facade.search.query import IndexValues, SearchQuery

_ID, _RANK, _LABELS, _DICTIONARY, _UPDATED = range(5)
_WHOLE = 8
"""Columns of a whole row; its facets, where they are read, come last."""

_NO_LABELS: frozenset[str] = frozenset()
_STRETCH = 8
"""A page that has to skip rows reads this many times more with each further statement."""
_LONGEST_STRETCH = 2_000
_BROKEN = (zstandard.ZstdError, msgspec.MsgspecError)


class ReplicaResources:
    """The resources of one source in the replica; safe to call from any thread and any forked process.

    Args:
        url: of the replica.
        source: name of the source.
        hashed: hashes match keys as ``sync`` did.
        standbys: URLs of PostgreSQL hot standbys that are read from, too.
    """

    def __init__(self, url: URL, source: str, hashed: MatchHash, standbys: Sequence[URL] = ()) -> None:
        self._reader = Reader(url, standbys)
        self._source = source
        self._hashed = hashed

    def read(self, viewer: Viewer, resource_type: str, resource_id: str) -> Rendered | Gone | None:
        """One resource; a tombstone where the source deleted it."""
        number = TYPES.get(resource_type)
        if number is None:
            return None
        narrowing = Narrowing(ids=(resource_id,))
        values = statements.values_of(viewer, number, narrowing, None, 1)
        shared, directory = statements.is_shared(number), viewer.patient == NOBODY
        text = statements.read_text(self._reader.dialect, shared, len(viewer.withheld), directory)
        for row in self._reader.rows(text, values, self._source):
            return next((found.rendered for found in self._opened(viewer, resource_type, [row], 1)), None)
        gone = statements.gone_text(self._reader.dialect, len(viewer.withheld))
        return Gone(resource_type, resource_id) if self._reader.rows(gone, values, self._source) else None

    def read_many(self, viewer: Viewer, references: Sequence[str]) -> Sequence[Rendered]:
        """The resources of these relative references, in their order."""
        wanted: dict[str, dict[str, Rendered | None]] = {}
        for reference in references:
            kind, _, identifier = reference.partition("/")
            if kind in TYPES:
                wanted.setdefault(kind, {})[identifier] = None
        for kind, by_id in wanted.items():
            self._fill(viewer, kind, by_id)
        found = (wanted.get(kind, {}).get(identifier) for kind, identifier in _unique(references))
        return [rendered for rendered in found if rendered is not None]

    def _fill(self, viewer: Viewer, kind: str, by_id: dict[str, Rendered | None]) -> None:
        identifiers = tuple(by_id)
        for start in range(0, len(identifiers), _MANY):
            some = identifiers[start : start + _MANY]
            padded = some + (some[-1],) * (_padding(len(some)) - len(some))  # few sizes, few statements
            narrowing = Narrowing(ids=padded)
            rows = self._rows(viewer, kind, narrowing, Columns.WHOLE, limit=len(padded))
            opened = self._opened(viewer, kind, rows, len(rows))
            by_id.update((found.rendered.id, found.rendered) for found in opened)

    def search(
        self, viewer: Viewer, query: SearchQuery, after: Position | None = None, before: Position | None = None
    ) -> Page:
        """One page."""
        return paging.page(self, viewer, query, after, before)

    def ranked(
        self, viewer: Viewer, query: SearchQuery, limit: int, after: Position | None, before: Position | None
    ) -> Sequence[Ranked]:
        """At most ``limit`` matches in the query's order, with their places."""
        if query.sort:
            return self._sorted(viewer, query, limit, after, before)
        narrowing = narrow(viewer, query)
        if narrowing.nothing:
            return ()
        step = Step.BEFORE if before is not None else Step.START if after is None else Step.AFTER
        found = self._walk(viewer, query, narrowing, step, before or after, limit)
        return found[::-1] if step is Step.BEFORE else found

    def total(self, viewer: Viewer, query: SearchQuery) -> int:
        """How many match."""
        narrowing = narrow(viewer, query)
        if narrowing.nothing:
            return 0
        if not narrowing.decided:
            return sum(1 for _ in self._positions(viewer, query, narrowing))
        found = self._rows(viewer, query.resource_type, narrowing, Columns.COUNT)
        return int(found[0][0])

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References whose match keys equal all of ``evidence`` of a kind that this source has."""
        candidates: set[str] | None = None
        for kind, value in evidence.items():
            if self._has_kind(kind):
                found = self._people(kind, value)
                candidates = found if candidates is None else candidates & found
        return sorted(candidates or ())

    def represented(self, representative: str) -> Sequence[str]:
        """Patient ids for whom the representative may act today."""
        text, values = lookups.represented_text(self._reader.dialect), {"representative": representative}
        today = datetime.now(UTC).date().toordinal()
        rows = self._reader.rows(text, values, self._source)
        return [
            patient
            for patient, starts, ends in rows
            if (starts is None or starts <= today) and (ends is None or ends >= today)
        ]

    def freshness(self) -> Sequence[Freshness]:
        """How fresh the source is."""
        text = lookups.freshness_text(self._reader.dialect)
        for through, received, published in self._reader.rows(text, {"name": self._source}):
            day = None if through is None else date.fromordinal(through)
            newest = None if day is None else datetime(day.year, day.month, day.day, tzinfo=UTC)
            return (
                Freshness(
                    source=self._source, data_through=newest, received=_moment(received), published=_moment(published)
                ),
            )
        return (Freshness(source=self._source, data_through=None, received=None, published=None),)

    def close(self) -> None:
        """Close what is open."""
        self._reader.close()

    def _has_kind(self, kind: str) -> bool:
        return bool(self._reader.rows(lookups.kind_text(self._reader.dialect), {"kind": kind}, self._source))

    def _people(self, kind: str, value: str) -> set[str]:
        text = lookups.match_text(self._reader.dialect)
        asked = [{"kind": kind, "hash": hashed} for hashed in self._hashed.all(kind, value)]
        return {row[0] for values in asked for row in self._reader.rows(text, values, self._source)}

    def _rows(
        self,
        viewer: Viewer,
        kind: str,
        narrowing: Narrowing,
        columns: Columns,
        step: Step = Step.START,
        at: Position | None = None,
        limit: int = 0,
    ) -> Sequence[Row]:
        number = TYPES[kind]
        directory = viewer.patient == NOBODY
        shape = statements.shape_of(columns, number, narrowing, len(viewer.withheld), step, directory=directory)
        values = statements.values_of(viewer, number, narrowing, at, limit)
        return self._reader.rows(statements.search_text(self._reader.dialect, shape), values, self._source)

    def _walk(
        self, viewer: Viewer, query: SearchQuery, narrowing: Narrowing, step: Step, at: Position | None, limit: int
    ) -> list[Ranked]:
        """Matches in the server's own order, in as many statements as skipping takes."""
        found: list[Ranked] = []
        stretch = limit
        while True:
            rows = self._rows(viewer, query.resource_type, narrowing, Columns.WHOLE, step, at, stretch)
            fitting: Iterable[Row] = rows
            if not narrowing.decided:
                fitting = (row for row in rows if matches(query, self._facets(row, narrowing.parameters)))
            found += self._opened(viewer, query.resource_type, fitting, limit - len(found))
            if len(found) == limit or len(rows) < stretch:
                return found
            at = Position((rows[-1][_RANK],), rows[-1][_ID])
            step = Step.AFTER if step is Step.START else step
            stretch = min(stretch * _STRETCH, _LONGEST_STRETCH)

    def _facets(self, row: Row, wanted: Collection[str] | None = None) -> IndexValues:
        try:
            return unpack(self._reader.opener(row[_DICTIONARY]).facets(row[-1]), wanted)
        except _BROKEN as error:
            raise _broken() from error

    def _positions(self, viewer: Viewer, query: SearchQuery, narrowing: Narrowing) -> Iterator[Position]:
        """The place of every match, in no order."""
        wanted = {*narrowing.parameters, *(key.parameter for key in query.sort)}
        closed = narrowing.decided and order.in_columns(query.sort)
        for row in self._rows(viewer, query.resource_type, narrowing, Columns.FACETS):
            if _labels(row) & viewer.withheld:
                continue
            if closed:
                yield Position(order.column_keys(query.sort, row[_ID], row[_UPDATED]), row[_ID])
                continue
            found = self._facets(row, wanted)
            if narrowing.decided or matches(query, found):
                yield Position(order.sort_keys(query.sort, found, row[_RANK]), row[_ID])

    def _sorted(
        self, viewer: Viewer, query: SearchQuery, limit: int, after: Position | None, before: Position | None
    ) -> Sequence[Ranked]:
        """Matches in an order that the table does not have: places first, then the bodies of the page."""
        narrowing = narrow(viewer, query)
        if narrowing.nothing:
            return ()
        key = order.comparable(query.sort)
        places = self._positions(viewer, query, narrowing)
        if before is not None:
            end = key(before)
            chosen = nlargest(limit, (place for place in places if key(place) < end), key=key)[::-1]
        else:
            start = None if after is None else key(after)
            chosen = nsmallest(limit, (place for place in places if start is None or key(place) > start), key=key)
        bodies = self.read_many(viewer, [f"{query.resource_type}/{place.id}" for place in chosen])
        by_id = {rendered.id: rendered for rendered in bodies}
        return [Ranked(place.keys, by_id[place.id]) for place in chosen if place.id in by_id]

    def _opened(self, viewer: Viewer, kind: str, rows: Iterable[Row], limit: int) -> list[Ranked]:
        """The first whole rows as resources, without those that a label hides from this viewer.

        Raises:
            ClaimsInvalid: a row is another member's, which no statement here can give, or cannot be opened.
        """
        found: list[Ranked] = []
        known, open_body = None, None
        for row in rows:
            identifier, rank, marks, dictionary, updated, version, body, owner = row[:_WHOLE]
            if owner != viewer.patient:
                raise ClaimsInvalid("foreign-row", "the replica gave a row of another member")
            labels = _labels(row) if marks else _NO_LABELS
            if labels and labels & viewer.withheld:
                continue
            try:
                if open_body is None or dictionary != known:
                    known, open_body = dictionary, self._reader.opener(dictionary).body
                resource = open_body(body)
            except _BROKEN as error:
                raise _broken() from error
            found.append(Ranked((rank,), Rendered(kind, identifier, version, updated, labels, resource)))
            if len(found) == limit:
                break
        return found


_MANY = 64


def _broken() -> ClaimsInvalid:
    return ClaimsInvalid("broken-row", "the replica holds a row that cannot be opened; sync again")


def _padding(size: int) -> int:
    return 1 << (size - 1).bit_length()


def _labels(row: Row) -> frozenset[str]:
    text = row[_LABELS]
    return frozenset(text.strip("|").split("|")) if text else _NO_LABELS


def _unique(references: Sequence[str]) -> Iterator[tuple[str, str]]:
    for reference in dict.fromkeys(references):
        kind, _, identifier = reference.partition("/")
        yield kind, identifier


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1_000_000, UTC)
