"""The statements of a mapping: built once, with bound parameters only, each answered by an index.

A page of one member's claims is one statement for the claims of each set and one for each section with a table of its
own, whatever the number of claims. Texts are compared byte by byte, so that a database's language never changes the
order of a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade_claims_sql.mapping import ClaimSet, Section

BINARY = {"postgresql": "C", "mysql": "utf8mb4_bin", "mariadb": "utf8mb4_bin"}
"""Collation that compares texts byte by byte; SQLite's default does."""

Column = sa.ColumnElement[Any]


@dataclass(frozen=True, slots=True)
class Statements:
    """Builds the statements for one database.

    Args:
        dialect: SQLAlchemy's name of the database.
        schema: database schema of the tables, None for the default.
    """

    dialect: str
    schema: str | None

    def rows_of(self, section: Section, columns: Iterable[str] | None = None) -> sa.Select[Any]:
        """Every row of a section."""
        wanted = list(columns if columns is not None else section.columns())
        source = self._source(section, wanted)
        statement = sa.select(*(source.c[name] for name in wanted))
        return statement.where(sa.text(f"({section.where})")) if section.where else statement

    def _source(self, section: Section, columns: Sequence[str]) -> sa.FromClause:
        if section.select:
            return sa.text(section.select).columns(*(sa.column(name) for name in columns)).subquery("t")
        table = sa.table(str(section.table), *(sa.column(name) for name in columns), schema=self.schema)
        return table.alias("t")

    def by_key(self, section: Section, key: str, columns: Iterable[str] | None = None) -> sa.Select[Any]:
        """The rows whose ``key`` column is one of the bound ``keys``."""
        wanted = list(dict.fromkeys([key, *(columns if columns is not None else section.columns())]))
        statement = self.rows_of(section, wanted)
        chosen = statement.selected_columns[key].in_(sa.bindparam("keys", expanding=True))
        statement = statement.where(chosen)
        return statement.order_by(sa.text(section.order)) if section.order else statement

    def member_keys(self, section: Section) -> sa.Select[Any]:
        """The next 200 member keys after the bound ``after``, in byte order."""
        key = str(section.member_key)
        rows = self.rows_of(section, [key]).subquery("m")
        ordered = self.bytewise(rows.c[key])
        return sa.select(rows.c[key]).group_by(rows.c[key]).order_by(ordered).limit(200)

    def bytewise(self, column: Column) -> Column:
        """The column, compared byte by byte."""
        collation = BINARY.get(self.dialect)
        return sa.cast(column, sa.Text).collate(collation) if collation else sa.cast(column, sa.Text)

    def page(self, claim_set: ClaimSet, window: Window) -> sa.Select[Any]:
        """One page of the bound ``member``'s claims, newest service first, then by id."""
        section = claim_set.claim
        statement = self.rows_of(section, claim_set.inline_columns())
        column = statement.selected_columns
        start = column[section.fields["service_start"].columns[0]]
        claim = self.bytewise(column[str(section.claim_key)])
        statement = statement.where(column[str(section.member_key)] == sa.bindparam("member"))
        for condition in self._conditions(section, column, start, claim, window):
            statement = statement.where(condition)
        return statement.order_by(start.desc(), claim.asc()).limit(window.limit)

    def _conditions(
        self, section: Section, column: Any, start: Column, claim: Column, window: Window
    ) -> Iterable[Column]:
        if window.until:
            yield start <= sa.bindparam("until")
        if window.claims:
            yield column[str(section.claim_key)].in_(sa.bindparam("claims", expanding=True))
        if window.after:
            later = start < sa.bindparam("after_day")
            if window.same_day == "all":
                later = start <= sa.bindparam("after_day")
            elif window.same_day == "after":
                later = sa.or_(later, sa.and_(start == sa.bindparam("after_day"), claim > sa.bindparam("after_claim")))
            yield later


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which claims of a member a statement asks for.

    ``same_day`` says what of the last page's last day is still to come: ``none``, ``all``, or what comes ``after`` a
    claim id.
    """

    limit: int
    after: bool = False
    same_day: str = "after"
    until: bool = False
    claims: bool = False


@dataclass(slots=True)
class KeyTypes:
    """Which key columns hold numbers: text bound to a number column is an error here, a scan of the table there."""

    connection_rows: dict[tuple[str, str], bool]

    def numeric(self, connection: Connection, statement: sa.Select[Any], section: Section, key: str) -> bool:
        """Whether that column holds numbers, by its first filled row."""
        place = (section.where_found, key)
        if place not in self.connection_rows:
            column = statement.selected_columns[key]
            first = connection.execute(statement.where(column.is_not(None)).limit(1)).mappings().first()
            if first is None:
                return False
            self.connection_rows[place] = isinstance(first[key], int)
        return self.connection_rows[place]


def bound_day(day: date, sample: Any, spec_format: str | None) -> Any:
    """A day as the column holds it: a date, or text in the column's own format."""
    if spec_format:
        return day.strftime(spec_format)
    return day.isoformat() if isinstance(sample, str) else day
