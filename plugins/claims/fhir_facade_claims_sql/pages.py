"""The statements for a page's claims: one for each set, each answered by an index.

A database that sorts all that a member has before it gives a page is first asked for the day on which the page ends:
that it reads from the index alone, and what is left to sort is hardly more than the page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.engine import Connection

from fhir_facade.contracts.claims import ClaimQuery
from fhir_facade_claims_sql.keys import padded, raw_id, same_day, size_for
from fhir_facade_claims_sql.mapping import MappingFile
from fhir_facade_claims_sql.ready import Question, Shelf
from fhir_facade_claims_sql.samples import Samples
from fhir_facade_claims_sql.sections import ClaimSet, Section
from fhir_facade_claims_sql.spec import Spec, filled_in
from fhir_facade_claims_sql.statements import Statements, Window, bound_day


@dataclass(frozen=True, slots=True)
class SetPage:
    """What a page asks of one set of claims."""

    claim_set: ClaimSet
    window: Window
    bound: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pages:
    """Makes the statements.

    Args:
        mapping: what is where.
        statements: builds the statements.
        samples: what key columns hold.
        shelf: keeps the statements.
    """

    mapping: MappingFile
    statements: Statements
    samples: Samples
    shelf: Shelf

    def questions(self, connection: Connection, query: ClaimQuery) -> list[Question | None]:
        """The statement for a page's claims from every set; None where a set can have none of them."""
        pages = [self._page(connection, one, query) for one in self.mapping.claims]
        if self.statements.sorts_whole:
            pages = self._bounded(connection, pages)
        return [None if page is None else self._question(connection, page) for page in pages]

    def keys_of(self, connection: Connection, section: Section, spec: Spec, ids: Iterable[str]) -> list[Any]:
        """The column's values of ids that the section could have given."""
        raw = [own for one in ids if (own := raw_id(spec, one)) is not None]
        return self.samples.keys(connection, section, spec.columns[0], raw)

    def _page(self, connection: Connection, claim_set: ClaimSet, query: ClaimQuery) -> SetPage | None:
        section = claim_set.claim
        members = self.samples.keys(connection, section, str(section.member_key), [query.member_id])
        wanted = self._wanted(connection, section, query)
        if not members or wanted == []:
            return None
        window = Window(
            limit=query.count + 1,
            after=query.after is not None,
            same_day=same_day(section.fields["claim_id"], query.after[1]) if query.after else "none",
            until=query.service_to is not None,
            claims=size_for(len(wanted)) if wanted else 0,
        )
        bound = {"member": members[0], **self._bounds(connection, section, query)}
        bound |= {f"c{index}": value for index, value in enumerate(padded(wanted or [], window.claims))}
        return SetPage(claim_set, window, bound)

    def _bounded(self, connection: Connection, pages: Sequence[SetPage | None]) -> list[SetPage | None]:
        """The pages with the day on which each ends; as they were where a page has room for all there is."""
        asked = [page for page in pages if page is not None and not page.window.claims]
        if not asked:
            return list(pages)
        name = ("last days", *((page.claim_set.claim.where_found, page.window) for page in asked))
        wanted = [(page.claim_set, page.window) for page in asked]
        ready = self.shelf.get(connection, name, lambda: self.statements.last_days(wanted))
        bound = {f"{key}_{n}": value for n, page in enumerate(asked) for key, value in page.bound.items()}
        (days,) = ready.run(connection, bound)
        ends = {id(page): day for page, day in zip(asked, days, strict=True) if day is not None}
        return [_ending(page, ends[id(page)]) if page and id(page) in ends else page for page in pages]

    def _question(self, connection: Connection, page: SetPage) -> Question:
        claim_set, window = page.claim_set, page.window
        name = ("page", claim_set.claim.where_found, window)
        ready = self.shelf.get(connection, name, lambda: self.statements.page(claim_set, window))
        return Question(ready, page.bound, lambda rows: [filled_in(claim_set.columns, row) for row in rows])

    def _wanted(self, connection: Connection, section: Section, query: ClaimQuery) -> list[Any] | None:
        """The claim keys of the query that can stand in a set; None for any."""
        if query.claim_ids is None:
            return None
        return self.keys_of(connection, section, section.fields["claim_id"], query.claim_ids)

    def _bounds(self, connection: Connection, section: Section, query: ClaimQuery) -> Mapping[str, Any]:
        """The days and the claim at which a page begins and ends."""
        start, bounds = section.fields["service_start"], dict[str, Any]()
        if query.after or query.service_to:
            sample = self.samples.of(connection, section, start.columns[0])
            days: dict[str, date | None] = {"after_day": query.after and query.after[0], "until": query.service_to}
            bounds |= {name: bound_day(day, sample, start.format) for name, day in days.items() if day}
        if query.after:
            bounds["after_claim"] = raw_id(section.fields["claim_id"], query.after[1])
        return bounds


def _ending(page: SetPage, day: Any) -> SetPage:
    return replace(page, window=replace(page.window, since=True), bound={**page.bound, "since": day})
