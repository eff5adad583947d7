"""Runs the statements of a mapping and puts rows that belong together, together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade.contracts.claims import ClaimQuery, Rejected
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_sql.claims import Parts, Spans, build
from fhir_facade_claims_sql.database import rows
from fhir_facade_claims_sql.mapping import ClaimSet, MappingFile, Section
from fhir_facade_claims_sql.people import RowFault
from fhir_facade_claims_sql.spec import Spec
from fhir_facade_claims_sql.statements import KeyTypes, Statements, Window, bound_day


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
    """

    mapping: MappingFile
    statements: Statements
    _types: KeyTypes = field(default_factory=lambda: KeyTypes({}))

    def keys(self, connection: Connection, section: Section, key: str, values: Iterable[str]) -> list[Any]:
        """Key values as the column holds them; those that cannot stand there are left out."""
        statement = self.statements.rows_of(section, [key])
        if not self._types.numeric(connection, statement, section, key):
            return list(values)
        return [int(value) for value in values if value.lstrip("-").isdecimal()]

    def by_key(self, connection: Connection, section: Section, key: str, values: Sequence[str]) -> Sequence[Any]:
        """Rows whose key column holds one of the values."""
        keys = self.keys(connection, section, key, values)
        return rows(connection, self.statements.by_key(section, key), {"keys": keys}) if keys else []

    def people(self, connection: Connection, section: Section, members: Sequence[str]) -> dict[str, list[Any]]:
        """Rows of each member."""
        key = str(section.member_key)
        found: dict[str, list[Any]] = defaultdict(list)
        for row in self.by_key(connection, section, key, members):
            found[str(row[key])].append(row)
        return found

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

    def page(self, connection: Connection, query: ClaimQuery, spans: Spans) -> Fetched:
        """The claims of one page from every set: at most ``count`` of each, in their own order."""
        found = Fetched()
        for claim_set in self.mapping.claims:
            chosen = self._claim_rows(connection, claim_set, query)
            found.more = found.more or len(chosen) > query.count
            self._build(connection, claim_set, chosen[: query.count], spans, found)
        return found

    def _claim_rows(self, connection: Connection, claim_set: ClaimSet, query: ClaimQuery) -> Sequence[Any]:
        section = claim_set.claim
        spec, start = section.fields["claim_id"], section.fields["service_start"]
        members = self.keys(connection, section, str(section.member_key), [query.member_id])
        wanted = self._wanted(connection, section, spec, query)
        if not members or wanted == []:
            return []
        window = Window(
            limit=query.count + 1,
            after=query.after is not None,
            same_day=same_day(spec, query.after[1]) if query.after else "none",
            until=query.service_to is not None,
            claims=wanted is not None,
        )
        statement = self.statements.page(claim_set, window)
        bound: dict[str, Any] = {"member": members[0], "claims": wanted}
        if query.after:
            bound["after_claim"] = raw_id(spec, query.after[1])
            bound["after_day"] = self._day(connection, section, start, query.after[0])
        if query.service_to:
            bound["until"] = self._day(connection, section, start, query.service_to)
        return rows(connection, statement, {name: bound[name] for name in statement.compile().params if name in bound})

    def _wanted(self, connection: Connection, section: Section, spec: Spec, query: ClaimQuery) -> list[Any] | None:
        if query.claim_ids is None:
            return None
        raw = [own for one in query.claim_ids if (own := raw_id(spec, one)) is not None]
        return self.keys(connection, section, str(section.claim_key), raw)

    def _day(self, connection: Connection, section: Section, start: Spec, day: date) -> Any:
        column = start.columns[0]
        statement = self.statements.rows_of(section, [column])
        statement = statement.where(statement.selected_columns[column].is_not(None)).limit(1)
        first = connection.execute(statement).scalar()
        return bound_day(day, first, start.format)

    def _build(
        self, connection: Connection, claim_set: ClaimSet, chosen: Sequence[Any], spans: Spans, found: Fetched
    ) -> None:
        key = str(claim_set.claim.claim_key)
        children = self._children(connection, claim_set, [row[key] for row in chosen])
        for row in chosen:
            parts = Parts(own=row, children={number: of.get(row[key], []) for number, of in children.items()})
            try:
                found.claims.append(build(claim_set, parts, spans, self.mapping.absent))
            except RowFault as fault:
                found.faults.append(Rejected(position=fault.position, reason=fault.reason))

    def _children(
        self, connection: Connection, claim_set: ClaimSet, keys: Sequence[Any]
    ) -> Mapping[int, Mapping[Any, list[Any]]]:
        children: dict[int, dict[Any, list[Any]]] = {}
        for number, section in enumerate((claim_set.line, *claim_set.parts)):
            if section.inline or not keys:
                continue
            of: dict[Any, list[Any]] = defaultdict(list)
            statement = self.statements.by_key(section, str(section.claim_key))
            for row in rows(connection, statement, {"keys": list(keys)}):
                of[row[str(section.claim_key)]].append(row)
            children[number] = of
        return children


def raw_id(spec: Spec, claim_id: str) -> str | None:
    """The column's value of an id that this set could have given; None for another set's."""
    if not claim_id.startswith(spec.prefix):
        return None
    own = claim_id.removeprefix(spec.prefix)
    if spec.encode != "hex":
        return own
    try:
        return bytes.fromhex(own).decode()
    except ValueError:
        return None


def same_day(spec: Spec, after: str) -> str:
    """What of a day on which the last page ended is still to come in a set, by its ids' prefix."""
    if raw_id(spec, after) is not None:
        return "after"
    return "all" if spec.prefix > after else "none"
