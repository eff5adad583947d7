"""Runs the statements of a mapping and puts rows that belong together, together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade.contracts.claims import ClaimQuery, Rejected
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_sql.claims import Draft, Parts, Spans, begin, build
from fhir_facade_claims_sql.keys import SIZES, names_of, padded, size_for
from fhir_facade_claims_sql.mapping import MappingFile
from fhir_facade_claims_sql.pages import Pages
from fhir_facade_claims_sql.people import RowFault
from fhir_facade_claims_sql.ready import Meanwhile, Question, Shelf, together
from fhir_facade_claims_sql.records import Directory, good, newest_first, record, spans_of
from fhir_facade_claims_sql.samples import Samples
from fhir_facade_claims_sql.sections import ClaimSet, Section
from fhir_facade_claims_sql.spec import Row, Spec, filled_in
from fhir_facade_claims_sql.statements import Statements, Wanted

Beside = Callable[[Sequence[str], Meanwhile], object]
"""Asks for the providers of these ids; meanwhile, or later, the claims are built."""

_WIDER = 10
"""So many times more rows are read where none can become a claim."""

_RANKS: Mapping[type, int] = {str: 1, bytes: 2}
"""SQLite's order of values of several types: numbers, texts, bytes."""

Asked = tuple[Section, str, Sequence[Any]]
"""A section, its key column, and the values that it must have."""


@dataclass(slots=True)
class Fetched:
    """Claims, rows that could not become one, and whether there is more."""

    claims: list[Claim] = field(default_factory=list)
    faults: list[Rejected] = field(default_factory=list)
    more: bool = False


@dataclass(slots=True)
class Fetcher:
    """Reads through one mapping.

    Args:
        mapping: what is where.
        statements: builds the statements.
        samples: what key columns hold.
        shelf: keeps the statements.
    """

    mapping: MappingFile
    statements: Statements
    samples: Samples
    shelf: Shelf = field(default_factory=Shelf)
    pages: Pages = field(init=False)
    directory: Directory = field(init=False)

    def __post_init__(self) -> None:
        self.directory = Directory(self.mapping.absent)
        self.pages = Pages(self.mapping, self.statements, self.samples, self.shelf)

    def gather(
        self, connection: Connection, asked: Sequence[Asked], *, last: bool = False, meanwhile: Meanwhile | None = None
    ) -> list[list[Row]]:
        """The rows of several sections, by one statement as long as none is asked for very many keys."""
        longest = max((len(values) for _, _, values in asked), default=0)
        if longest <= SIZES[-1]:
            (found,) = together(connection, [self.gathering(connection, asked)], last=last, meanwhile=meanwhile)
            return found or [[] for _ in asked]
        if meanwhile:
            meanwhile()
        starts = range(0, longest, SIZES[-1])
        stretches = [self.gather(connection, [_stretch(one, start) for one in asked]) for start in starts]
        return [list(chain.from_iterable(rows)) for rows in zip(*stretches, strict=True)]

    def gathering(self, connection: Connection, asked: Sequence[Asked]) -> Question | None:
        """The statement for the rows of several sections; None where none of them is asked for a key."""
        filled = [index for index, one in enumerate(asked) if one[2]]
        if not filled:
            return None
        some = [asked[index] for index in filled]
        lists = [id(values) for _, _, values in some]
        wanted = [Wanted(section, key, lists.index(id(values)), size_for(len(values))) for section, key, values in some]
        name = tuple((one.section.where_found, *one[1:]) for one in wanted)
        ready = self.shelf.get(connection, name, lambda: self.statements.gathered(wanted))
        bound: dict[str, Any] = {}
        for one, (_, _, values) in zip(wanted, some, strict=True):
            bound |= zip(names_of(one.values, one.size), padded(values, one.size), strict=True)
        count = len(asked)
        return Question(ready, bound, lambda rows: _placed(filled, _apart(rows, wanted), count))

    def people(
        self, connection: Connection, sections: Sequence[Section], members: Sequence[str]
    ) -> list[Mapping[str, list[Row]]]:
        """Rows of each member, by section."""
        asked = self.asked_of(connection, sections, members)
        return by_member(asked, self.gather(connection, asked))

    def asked_of(self, connection: Connection, sections: Sequence[Section], members: Sequence[str]) -> list[Asked]:
        """What is asked for the rows of each member."""
        keys = [(section, str(section.member_key)) for section in sections]
        return [(section, key, self.samples.keys(connection, section, key, members)) for section, key in keys]

    def member_count(self, connection: Connection) -> int:
        """How many members there are."""
        section = self.mapping.people["member"]
        keys = self.statements.rows_of(section, [str(section.member_key)]).distinct().subquery()
        return int(connection.execute(sa.select(sa.func.count()).select_from(keys)).scalar_one())

    def member_keys(self, connection: Connection, after: str | None) -> list[str]:
        """The next member keys in byte order."""
        section = self.mapping.people["member"]
        statement = self.statements.member_keys(section)
        if after is not None:
            later = self.statements.bytewise(statement.selected_columns[0]) > sa.bindparam("after")
            statement = statement.where(later)
        return [str(row[0]) for row in connection.execute(statement, {"after": after} if after is not None else {})]

    def page(self, connection: Connection, query: ClaimQuery, spans: Spans | None = None) -> Fetched:
        """The claims of one page from every set, newest first, at most ``count`` of them.

        Where none of so many rows can become a claim, more of them are read: the page must not end the history.

        Args:
            connection: to the database.
            query: which claims.
            spans: the member's cover; asked for where nobody knows it and a claim does not name its own.
        """
        found = self.made(connection, query, together(connection, self.questions(connection, query)), spans)
        if found.claims or not found.more:
            return found
        return self.page(connection, replace(query, count=query.count * _WIDER), spans)

    def questions(self, connection: Connection, query: ClaimQuery) -> list[Question | None]:
        """The statement for a page's claims from every set; None where a set can have none of them."""
        return self.pages.questions(connection, query)

    def made(
        self,
        connection: Connection,
        query: ClaimQuery,
        answers: Sequence[Any],
        spans: Spans | None = None,
        beside: Beside = lambda _, build: build(),
    ) -> Fetched:
        """The claims of a page, whose rows are the answers to ``questions``, with their parts.

        Args:
            connection: to the database.
            query: which claims.
            answers: rows of each set.
            spans: as for ``page``.
            beside: is told the ids of the providers that the claims name, and has the claims built when it suits.
        """
        found, drafts = Fetched(), list[Draft]()
        sets = list(zip(self.mapping.claims, ((rows or []) for rows in answers), strict=True))
        going_on = [claim_set for claim_set, rows in sets if len(rows) > query.count]
        chosen = [(claim_set, rows[: query.count]) for claim_set, rows in sets]
        asking = spans is None and any(_lacks_cover(one, rows, self.mapping.absent) for one, rows in chosen)
        covered = [query.member_id] if asking else []
        cover, parts = self._parts(connection, covered, chosen, lambda: self._begin(chosen, drafts, found))
        page = _page(drafts, going_on, query.count)
        found.more = bool(going_on) or len(drafts) > len(page)
        of_set = {id(claim_set): children for (claim_set, _), children in zip(chosen, parts, strict=True)}
        for draft in page:
            draft.parts = _with_parts(draft, of_set[id(draft.claim_set)])
        named = dict.fromkeys(one for draft in page for one in draft.named(self.mapping.absent))
        beside(list(named), lambda: self._build(page, cover if spans is None else spans, found))
        return found

    def keys_of(self, connection: Connection, section: Section, spec: Spec, ids: Iterable[str]) -> list[Any]:
        """The column's values of ids that the section could have given."""
        return self.pages.keys_of(connection, section, spec, ids)

    def _parts(
        self,
        connection: Connection,
        covered: Sequence[str],
        chosen: Sequence[tuple[ClaimSet, Sequence[Row]]],
        meanwhile: Meanwhile,
    ) -> tuple[Spans, list[Mapping[int, Mapping[Any, list[Row]]]]]:
        """The cover of a member who is ``covered``, and the rows of every part of the claims."""
        cover = self.mapping.people["coverage"]
        key = str(cover.member_key)
        asked: list[Asked] = [(cover, key, self.samples.keys(connection, cover, key, covered) if covered else [])]
        places: list[tuple[int, int]] = []
        for index, (claim_set, rows) in enumerate(chosen):
            named = str(claim_set.claim.claim_key)
            keys = [row[named] for row in rows if named in row]
            for number, section in enumerate((claim_set.line, *claim_set.parts)):
                if not section.inline:
                    asked.append((section, str(section.claim_key), keys))
                    places.append((index, number))
        covers, *found = self.gather(connection, asked, meanwhile=meanwhile)
        parts: list[dict[int, Mapping[Any, list[Row]]]] = [{} for _ in chosen]
        for (index, number), (_, claim_key, _), rows in zip(places, asked[1:], found, strict=True):
            parts[index][number] = _by(claim_key, rows)
        own = good(record(cover, row, self.mapping.absent) for row in covers if str(row[key]) in covered)
        return spans_of(newest_first(own)), list(parts)

    def _begin(self, chosen: Sequence[tuple[ClaimSet, Sequence[Row]]], drafts: list[Draft], found: Fetched) -> None:
        for claim_set, row in ((one, row) for one, rows in chosen for row in rows):
            try:
                drafts.append(begin(claim_set, row, self.mapping.absent))
            except RowFault as fault:
                found.faults.append(Rejected(position=fault.position, reason=fault.reason))

    def _build(self, drafts: Iterable[Draft], spans: Spans, found: Fetched) -> None:
        for draft in drafts:
            try:
                found.claims.append(build(draft, spans, self.mapping.absent))
            except RowFault as fault:
                found.faults.append(Rejected(position=fault.position, reason=fault.reason))


def _page(drafts: Iterable[Draft], going_on: Iterable[ClaimSet], count: int) -> list[Draft]:
    """At most ``count`` drafts in order, none behind claims of a set that goes on and that are not read yet."""
    ordered = sorted(drafts, key=lambda draft: draft.place)
    for claim_set in going_on:
        last = max((place for place, draft in enumerate(ordered) if draft.claim_set is claim_set), default=-1)
        ordered = ordered[: last + 1]
    return ordered[:count]


def _with_parts(draft: Draft, children: Mapping[int, Mapping[Any, list[Row]]]) -> Parts:
    own = draft.parts.own
    key = own[str(draft.claim_set.claim.claim_key)]
    return Parts(own, {number: of.get(key, []) for number, of in children.items()})


def _stretch(asked: Asked, start: int) -> Asked:
    return asked[0], asked[1], asked[2][start : start + SIZES[-1]]


def _apart(rows: Iterable[Sequence[Any]], wanted: Sequence[Wanted]) -> list[list[Row]]:
    """The rows of ``Statements.gathered``, by section, each in its section's order."""
    found: list[list[tuple[int, Row]]] = [[] for _ in wanted]
    columns = [one.columns for one in wanted]
    starts = [2 + sum(map(len, columns[:number])) for number in range(len(columns))]
    for row in rows:
        number = int(row[0])
        own = row[starts[number] : starts[number] + len(columns[number])]
        found[number].append((int(row[1]), filled_in(columns[number], own)))
    return [_in_order(one.section.place, some) for one, some in zip(wanted, found, strict=True)]


def _in_order(column: str | None, placed: Sequence[tuple[int, Row]]) -> list[Row]:
    if column is None:
        return [row for _, row in sorted(placed, key=lambda one: one[0])]
    rows = [row for _, row in placed]
    try:
        return sorted(rows, key=lambda row: (column not in row, row.get(column)))
    except TypeError:  # SQLite keeps values of several types in one column
        return sorted(rows, key=lambda row: (column not in row, _RANKS.get(type(row.get(column)), 0), row.get(column)))


def _placed(places: Sequence[int], found: Sequence[list[Row]], count: int) -> list[list[Row]]:
    """What was found at its places among ``count``, nothing at the others."""
    at = dict(zip(places, found, strict=True))
    return [at.get(place, []) for place in range(count)]


def by_member(asked: Sequence[Asked], found: Sequence[list[Row]]) -> list[Mapping[str, list[Row]]]:
    """The rows of each section by their member."""
    return [_by(key, rows, str) for (_, key, _), rows in zip(asked, found, strict=True)]


def _by(key: str, rows: Iterable[Row], made: Callable[[Any], Any] = lambda key: key) -> Mapping[Any, list[Row]]:
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in rows:
        found[made(row[key])].append(row)
    return found


def _lacks_cover(claim_set: ClaimSet, rows: Iterable[Row], absent: frozenset[str]) -> bool:
    spec = claim_set.claim.fields.get("coverage_id", Spec())
    return any(spec.read(row, absent) is None for row in rows)
