"""The ``sql`` source: both faces over one mapping."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
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
from fhir_facade.contracts.people import Coverage, Member, Name, Organization, Practitioner, Representative
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_sql.checks import faults_of
from fhir_facade_claims_sql.claims import CLINICIAN_PREFIX, NPI_PREFIX, UNKNOWN_PROVIDER, Spans
from fhir_facade_claims_sql.database import reading, rows
from fhir_facade_claims_sql.fetch import Fetched, Fetcher
from fhir_facade_claims_sql.mapping import MappingFile, Section
from fhir_facade_claims_sql.people import BUILDERS, PAYER, RowFault, need, payer, position_of, values_of
from fhir_facade_claims_sql.settings import SqlSettings

log = logging.getLogger(__name__)

FIXED_INSTANT = datetime(2000, 1, 1, tzinfo=UTC)
"""Last update of what the settings or an NPI alone say: it changes with neither clock nor data."""

CLAIMS_AT_ONCE = 500
"""Claims of one ``MemberRecords``."""


@dataclass(slots=True)
class SqlSource:
    """A relational database seen through a mapping.

    Args:
        settings: payer and limits.
        mapping: what is where.
        engine: reads the database.
    """

    settings: SqlSettings
    mapping: MappingFile
    engine: Engine
    fetcher: Fetcher

    @property
    def capabilities(self) -> Capabilities:
        """Both faces; a full read names everything there is."""
        kinds = [
            name.removeprefix("match.") for name in self.mapping.people["member"].fields if name.startswith("match.")
        ]
        return Capabilities(
            faces=frozenset({Face.LIVE, Face.EXTRACT}), snapshot=True, match_keys=tuple(kinds), fields=self._fields()
        )

    def _fields(self) -> Mapping[str, Mapping[str, str]]:
        sections = [*self.mapping.people.values()]
        for claim_set in self.mapping.claims:
            sections += [claim_set.claim, claim_set.line, *claim_set.parts]
        tables: dict[str, dict[str, str]] = {}
        for section in sections:
            columns = tables.setdefault(section.source, {})
            for name, spec in section.fields.items():
                for column in spec.used():
                    columns.setdefault(column, f"{section.record}.{name}")
        return tables

    # live -----------------------------------------------------------------------------------------------------------

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """Members, and representatives, whose match columns equal the evidence."""
        with reading(self.engine) as connection:
            members = self._matching(connection, "member", evidence)
            represent = self._matching(connection, "representative", evidence)
        return [*members, *(f"representative:{one}" for one in represent)]

    def _matching(self, connection: Connection, record: str, evidence: Mapping[str, str]) -> list[str]:
        section = self.mapping.people.get(record)
        if section is None:
            return []
        wanted = {spec.columns[0]: evidence[kind] for kind, spec in _match_specs(section) if kind in evidence}
        if not wanted:
            return []
        key = f"{record}_id"
        statement = self.fetcher.statements.rows_of(section)
        for number, column in enumerate(wanted):
            statement = statement.where(statement.selected_columns[column] == sa.bindparam(f"v{number}"))
        bound = {f"v{number}": value for number, value in enumerate(wanted.values())}
        found = [values_of(section, row, self.mapping.absent, None)[key] for row in rows(connection, statement, bound)]
        return sorted(set(found))

    def member(self, member_id: str) -> Member | None:
        """The member, or None."""
        found = self._records("member", member_id)
        return found[0] if found else None

    def coverages(self, member_id: str) -> Sequence[Coverage]:
        """All cover of the member, newest first."""
        return newest_first(self._records("coverage", member_id))

    def representatives(self, member_id: str) -> Sequence[Representative]:
        """Those who may act for the member."""
        return self._records("representative", member_id)

    def _records(self, record: str, member_id: str) -> list[Any]:
        section = self.mapping.people.get(record)
        if section is None:
            return []
        with reading(self.engine) as connection:
            found = self.fetcher.people(connection, section, [member_id]).get(member_id, [])
        return _good([self.record(section, row) for row in found])

    def record(self, section: Section, row: Any) -> Any:
        """The record of a row, or the ``Rejected`` that says why there is none."""
        try:
            values = values_of(section, row, self.mapping.absent, section.member_key)
            need(section, row, values, ("last_updated",), section.member_key)
            return BUILDERS[section.record](values, position_of(section, row, section.member_key))
        except RowFault as fault:
            return Rejected(position=fault.position, reason=fault.reason)

    def claim(self, member_id: str, claim_id: str) -> Claim | None:
        """The claim if it is this member's."""
        page = self.search(ClaimQuery(member_id=member_id, count=1, claim_ids=(claim_id,)))
        return page.claims[0] if page.claims else None

    def search(self, query: ClaimQuery) -> ClaimPage:
        """One page of claims of the member."""
        spans = spans_of(self.coverages(query.member_id))
        with reading(self.engine) as connection:
            found = self.fetcher.page(connection, query, spans)
        for fault in found.faults:
            log.warning("a claim cannot be shown", extra={"table": fault.position.file, "reason": fault.reason})
        claims = sorted(found.claims, key=lambda claim: (-claim.service_start.toordinal(), claim.claim_id))
        return ClaimPage(claims=tuple(claims[: query.count]), more=found.more or len(claims) > query.count)

    def providers(self, ids: Sequence[str]) -> Providers:
        """The providers of a provider table, and those whose id says everything."""
        with reading(self.engine) as connection:
            organizations = self._table_of(connection, "organization", ids)
            practitioners = self._table_of(connection, "practitioner", ids)
        known = {PAYER: payer(self.settings.payer_name, self.settings.payer_id, FIXED_INSTANT)}
        known |= {one.organization_id: one for one in organizations}
        clinicians = {one.practitioner_id: one for one in practitioners}
        for one in ids:
            if not one.startswith(CLINICIAN_PREFIX) and one not in clinicians:
                known.setdefault(one, plain_organization(one))
            if not one.startswith(NPI_PREFIX) and one not in (*known, PAYER, UNKNOWN_PROVIDER):
                clinicians.setdefault(one, plain_practitioner(one))
        return Providers(
            organizations=tuple(known[one] for one in ids if one in known),
            practitioners=tuple(clinicians[one] for one in ids if one in clinicians),
        )

    def _table_of(self, connection: Connection, record: str, ids: Sequence[str]) -> list[Any]:
        section = self.mapping.people.get(record)
        if section is None or not ids:
            return []
        key = section.fields[f"{record}_id"].columns[0]
        return _good([self.record(section, row) for row in self.fetcher.by_key(connection, section, key, ids)])

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
        yield Checkpoint(watermark="complete", finished=True)

    def _members(self, connection: Connection, keys: Sequence[str]) -> Iterator[Change]:
        people = {
            name: self.fetcher.people(connection, self.mapping.people[name], keys)
            for name in ("member", "coverage", "representative")
            if name in self.mapping.people
        }
        for key in keys:
            yield from self._one(connection, key, {name: found.get(key, []) for name, found in people.items()})

    def _one(self, connection: Connection, key: str, found: Mapping[str, Sequence[Any]]) -> Iterator[Change]:
        records = {name: [self.record(self.mapping.people[name], row) for row in of] for name, of in found.items()}
        yield from (item for items in records.values() for item in items if isinstance(item, Rejected))
        members = _good(records["member"])
        if not members:
            return
        coverages = newest_first(_good(records["coverage"]))
        rest = (members[0], tuple(coverages), tuple(_good(records.get("representative", []))))
        yield from self._claims(connection, key, rest)

    def _claims(self, connection: Connection, key: str, rest: tuple[Any, Any, Any]) -> Iterator[Change]:
        member, coverages, represent = rest
        query: ClaimQuery | None = ClaimQuery(member_id=key, count=CLAIMS_AT_ONCE)
        while query is not None:
            page: Fetched = self.fetcher.page(connection, query, spans_of(coverages))
            yield from page.faults
            claims = sorted(page.claims, key=lambda claim: (-claim.service_start.toordinal(), claim.claim_id))
            claims = claims[:CLAIMS_AT_ONCE]
            providers = self.providers(named_in(claims))
            yield MemberRecords(
                member=member, coverages=coverages, representatives=represent, claims=tuple(claims),
                organizations=providers.organizations, practitioners=providers.practitioners,
            )  # fmt: skip
            query = _next(query, claims, more=page.more)

    def check(self) -> Sequence[str]:
        """Everything wrong: the database, its tables and columns, missing indexes."""
        return faults_of(self.engine, self.mapping, self.fetcher.statements)

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


def _good(records: Iterable[Any]) -> list[Any]:
    return [record for record in records if not isinstance(record, Rejected)]


def newest_first(coverages: Iterable[Coverage]) -> list[Coverage]:
    """Cover by its first day, newest first."""
    return sorted(coverages, key=lambda one: (one.starts_on or date.min, one.coverage_id), reverse=True)


def spans_of(coverages: Iterable[Coverage]) -> Spans:
    """What a claim needs to know of its member's cover."""
    return [(one.coverage_id, one.starts_on, one.ends_on) for one in coverages]


def named_in(claims: Iterable[Claim]) -> list[str]:
    """Ids of every provider that the claims name, and the payer's."""
    ids = {PAYER: None}
    for claim in claims:
        ids[claim.billing_provider.party_id] = None
        if claim.facility_id:
            ids[claim.facility_id] = None
        ids.update({one.provider.party_id: None for one in claim.care_team})
    return list(ids)


def plain_organization(organization_id: str) -> Organization:
    """A provider of which the source knows the NPI alone, or nothing."""
    npi = organization_id.removeprefix(NPI_PREFIX) if organization_id.startswith(NPI_PREFIX) else None
    name = f"Provider {npi}" if npi else "Provider not named in the claim"
    if organization_id != UNKNOWN_PROVIDER and not npi:
        name = f"Provider {organization_id}"
    return Organization(organization_id=organization_id, name=name, npi=npi, last_updated=FIXED_INSTANT)


def plain_practitioner(practitioner_id: str) -> Practitioner:
    """A clinician of whom the source knows the NPI alone."""
    npi = practitioner_id.removeprefix(CLINICIAN_PREFIX) if practitioner_id.startswith(CLINICIAN_PREFIX) else None
    return Practitioner(practitioner_id=practitioner_id, name=Name(), npi=npi, last_updated=FIXED_INSTANT)
