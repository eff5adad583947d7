"""The ``sql`` source: both faces over one mapping."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine

from fhir_facade.contracts.claims import (
    Capabilities,
    Change,
    Checkpoint,
    ClaimPage,
    ClaimQuery,
    Face,
    MemberRecords,
    Progress,
    Providers,
    Rejected,
)
from fhir_facade.contracts.people import Coverage, Member, Representative
from fhir_facade.contracts.records import Claim
from fhir_facade.contracts.whole_pages import MemberPage
from fhir_facade_claims_sql.checks import faults_of, notes_of, unread_columns
from fhir_facade_claims_sql.database import reading
from fhir_facade_claims_sql.elements import fields_of
from fhir_facade_claims_sql.fetch import Fetched, Fetcher, by_member
from fhir_facade_claims_sql.left_out import CLAIMS_AT_ONCE, left_out
from fhir_facade_claims_sql.mapping import MappingFile
from fhir_facade_claims_sql.orphans import orphans
from fhir_facade_claims_sql.people import PAYER, payer, values_of
from fhir_facade_claims_sql.providers import FIXED_INSTANT, named_in, providers_of
from fhir_facade_claims_sql.ready import Meanwhile, together
from fhir_facade_claims_sql.records import good, newest_first, record, spans_of
from fhir_facade_claims_sql.sections import Section
from fhir_facade_claims_sql.settings import SqlSettings
from fhir_facade_claims_sql.spec import Row

log = logging.getLogger(__name__)

_MOST_PROVIDERS = 500
"""Providers that come along with a page; the facade asks for others itself."""


@dataclass(slots=True)
class SqlSource:
    """A relational database seen through a mapping.

    Args:
        settings: payer and limits.
        mapping: what is where.
        engine: reads the database.
        alone: the same, one statement at a time.
        fetcher: runs the statements.
    """

    settings: SqlSettings
    mapping: MappingFile
    engine: Engine
    alone: Engine
    fetcher: Fetcher

    @property
    def capabilities(self) -> Capabilities:
        """Both faces; a full read names everything there is."""
        kinds = [
            name.removeprefix("match.") for name in self.mapping.people["member"].fields if name.startswith("match.")
        ]
        return Capabilities(
            faces=frozenset({Face.LIVE, Face.EXTRACT}),
            snapshot=True,
            match_keys=tuple(kinds),
            fields=fields_of(self.mapping),
        )

    # live -----------------------------------------------------------------------------------------------------------

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """Members, and representatives, whose match columns equal the evidence."""
        with reading(self.alone) as connection:
            members = self._matching(connection, "member", evidence)
            represent = self._matching(connection, "representative", evidence)
        return [*members, *(f"representative:{one}" for one in represent)]

    def _matching(self, connection: Connection, name: str, evidence: Mapping[str, str]) -> list[str]:
        section = self.mapping.people.get(name)
        if section is None:
            return []
        wanted = {spec.columns[0]: evidence[kind] for kind, spec in _match_specs(section) if kind in evidence}
        samples = self.fetcher.samples
        bound = {one: samples.keys(connection, section, one, [value]) for one, value in wanted.items()}
        if not wanted or not all(bound.values()):
            return []
        statement = self.fetcher.statements.rows_of(section)
        for number, column in enumerate(wanted):
            statement = statement.where(statement.selected_columns[column] == sa.bindparam(f"v{number}"))
        values = {f"v{number}": value for number, (value,) in enumerate(bound.values())}
        rows = [dict(row) for row in connection.execute(statement, values).mappings()]
        same = [row for row in rows if all(_same(row[one], value) for one, value in wanted.items())]
        return sorted({values_of(section, row, self.mapping.absent, None)[f"{name}_id"] for row in same})

    def member(self, member_id: str) -> Member | None:
        """The member, or None."""
        (found,) = self._records(member_id, "member")
        return found[0] if found else None

    def coverages(self, member_id: str) -> Sequence[Coverage]:
        """All cover of the member, newest first."""
        (found,) = self._records(member_id, "coverage")
        return newest_first(found)

    def covered_member(self, member_id: str) -> MemberRecords | None:
        """The member with all cover, by one statement."""
        members, coverages = self._records(member_id, "member", "coverage")
        if not members:
            return None
        return MemberRecords(member=members[0], coverages=tuple(newest_first(coverages)))

    def representatives(self, member_id: str) -> Sequence[Representative]:
        """Those who may act for the member."""
        (found,) = self._records(member_id, "representative")
        return found

    def represented(self, representative_id: str) -> Sequence[str]:
        """Ids of the members whom the representative stands by."""
        section = self.mapping.people.get("representative")
        if section is None:
            return ()
        spec = section.fields["representative_id"]
        with reading(self.alone) as connection:
            keys = self.fetcher.keys_of(connection, section, spec, [representative_id])
            (rows,) = self.fetcher.gather(connection, [(section, spec.columns[0], keys)])
        own = [one for one in self._made(section, rows) if one.representative_id == representative_id]
        return sorted({one.member_id for one in own})

    def _records(self, member_id: str, *names: str) -> list[list[Any]]:
        """The member's records of these kinds; one of which the mapping says nothing has none."""
        sections = [self.mapping.people.get(name) for name in names]
        there = [section for section in sections if section is not None]
        with reading(self.alone) as connection:
            rows = self.fetcher.people(connection, there, [member_id])
        found = iter(rows)
        return [[] if one is None else self._made(one, next(found).get(member_id, [])) for one in sections]

    def _record(self, name: str, row: Row) -> Any:
        return record(self.mapping.people[name], row, self.mapping.absent)

    def _made(self, section: Section, rows: Iterable[Row]) -> list[Any]:
        return good(record(section, row, self.mapping.absent) for row in rows)

    def claim(self, member_id: str, claim_id: str) -> Claim | None:
        """The claim if it is this member's."""
        page = self.search(ClaimQuery(member_id=member_id, count=1, claim_ids=(claim_id,)))
        return page.claims[0] if page.claims else None

    def search(self, query: ClaimQuery) -> ClaimPage:
        """One page of claims of the member."""
        with reading(self.engine) as connection:
            found = self.fetcher.page(connection, query)
        return self._page(query, found)

    def _page(self, query: ClaimQuery, found: Fetched) -> ClaimPage:
        for fault in found.faults:
            log.warning("a claim cannot be shown", extra={"table": fault.position.file, "reason": fault.reason})
        shown = found.claims[: query.count]
        return ClaimPage(claims=tuple(shown), more=found.more or len(found.claims) > len(shown))

    def member_page(self, query: ClaimQuery) -> MemberPage | None:
        """Member, cover, a page of claims and the providers they name, of one state of the database."""
        sections = [self.mapping.people["member"], self.mapping.people["coverage"]]
        with reading(self.engine) as connection:
            asked = self.fetcher.asked_of(connection, sections, [query.member_id])
            questions = [self.fetcher.gathering(connection, asked), *self.fetcher.questions(connection, query)]
            people, *rows = together(connection, questions)
            own = [found.get(query.member_id, []) for found in by_member(asked, people or [[], []])]
            members, coverages = (self._made(*one) for one in zip(sections, own, strict=True))
            if not members:
                return None
            coverages = newest_first(coverages)
            known: list[Providers] = []

            def ask(named: Sequence[str], build: Meanwhile) -> None:
                wanted = [PAYER, *named][:_MOST_PROVIDERS]
                known.append(self._providers(connection, wanted, last=True, meanwhile=build))

            found = self.fetcher.made(connection, query, rows, spans_of(coverages), ask)
        (providers,) = known
        page = self._page(query, found) if found.claims or not found.more else self.search(query)
        return MemberPage(
            records=MemberRecords(
                member=members[0], coverages=tuple(coverages), claims=page.claims,
                organizations=providers.organizations, practitioners=providers.practitioners,
            ),
            more=page.more,
        )  # fmt: skip

    def providers(self, ids: Sequence[str]) -> Providers:
        """The providers of a provider table, and those whose id says everything."""
        with reading(self.alone) as connection:
            return self._providers(connection, ids)

    def _providers(
        self, connection: Connection, ids: Sequence[str], *, last: bool = False, meanwhile: Meanwhile | None = None
    ) -> Providers:
        own = payer(self.settings.payer_name, self.settings.payer_id, FIXED_INSTANT)
        return providers_of(connection, self.fetcher, own, ids, last=last, meanwhile=meanwhile)

    # extract --------------------------------------------------------------------------------------------------------

    def progress(self) -> Progress:
        """How many members a run reads."""
        with reading(self.engine) as connection:
            return Progress(unit="members", total=self.fetcher.member_count(connection))

    def changes(self, watermark: str | None) -> Iterator[Change]:
        """Everything there is, member by member; a run that was cut off goes on after the last member."""
        after = watermark.removeprefix("after:") if watermark and watermark.startswith("after:") else None
        while True:
            with reading(self.engine) as connection:
                keys = self.fetcher.member_keys(connection, after)
                items = list(self._members(connection, keys)) if keys else []
            if not keys:
                break
            yield from items
            after = keys[-1]
            yield Checkpoint(watermark=f"after:{after}")
        if self.settings.orphans:
            yield from orphans(self.engine, self.fetcher)
        yield Checkpoint(watermark="", finished=True)

    def _members(self, connection: Connection, keys: Sequence[str]) -> Iterator[Change]:
        names = [name for name in ("member", "coverage", "representative") if name in self.mapping.people]
        found = self.fetcher.people(connection, [self.mapping.people[name] for name in names], keys)
        people = dict(zip(names, found, strict=True))
        for key in keys:
            yield from self._one(connection, key, {name: found.get(key, []) for name, found in people.items()})

    def _one(self, connection: Connection, key: str, found: Mapping[str, Sequence[Any]]) -> Iterator[Change]:
        records = {name: [self._record(name, row) for row in of] for name, of in found.items()}
        yield from (item for items in records.values() for item in items if isinstance(item, Rejected))
        if not (members := good(records["member"])):
            yield from left_out(self.fetcher, connection, key)
            return
        coverages = tuple(newest_first(good(records["coverage"])))
        rest = members[0], coverages, tuple(good(records.get("representative", [])))
        yield from self._claims(connection, key, rest)

    def _claims(self, connection: Connection, key: str, rest: tuple[Any, Any, Any]) -> Iterator[Change]:
        member, coverages, represent = rest
        query: ClaimQuery | None = ClaimQuery(member_id=key, count=CLAIMS_AT_ONCE)
        while query is not None:
            page: Fetched = self.fetcher.page(connection, query, spans_of(coverages))
            yield from page.faults
            claims = page.claims
            providers = self.providers(named_in(claims))
            yield MemberRecords(
                member=member, coverages=coverages, representatives=represent, claims=tuple(claims),
                organizations=providers.organizations, practitioners=providers.practitioners,
            )  # fmt: skip
            query = _next(query, claims, more=page.more)

    def check(self) -> Sequence[str]:
        """Everything wrong: the database, its tables and columns, missing indexes."""
        return faults_of(self.engine, self.mapping, self.fetcher.statements)

    def notes(self) -> Sequence[str]:
        """What cannot be told about the database."""
        return notes_of(self.engine.dialect.name)

    def unread(self) -> Mapping[str, Sequence[str]]:
        """Columns of the mapped tables that fill nothing."""
        with reading(self.engine) as connection:
            return unread_columns(connection, self.mapping, self.settings.database_schema)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _next(query: ClaimQuery, claims: Sequence[Claim], *, more: bool) -> ClaimQuery | None:
    if not claims or not more:
        return None
    return ClaimQuery(
        member_id=query.member_id, count=query.count, after=(claims[-1].service_start, claims[-1].claim_id)
    )


def _match_specs(section: Section) -> Iterable[tuple[str, Any]]:
    return ((name.removeprefix("match."), spec) for name, spec in section.fields.items() if name.startswith("match."))


def _same(held: object, asked: str) -> bool:
    """Whether a database that compares loosely (without accents, say) found the very identifier."""
    return not isinstance(held, str) or held.strip().casefold() == asked.strip().casefold()
