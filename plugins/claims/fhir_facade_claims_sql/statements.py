"""The statements of a mapping: with bound parameters only, each answered by an index.

A page of one member's claims is one statement for the claims of each set and one for all their parts, whatever the
number of claims. Texts are compared byte by byte, so that a database's language never changes the order of a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa

from fhir_facade_claims_sql.keys import names_of
from fhir_facade_claims_sql.sections import ClaimSet, Section

BINARY = {"postgresql": "C", "mysql": "utf8mb4_bin", "mariadb": "utf8mb4_bin"}
"""Collation that compares texts byte by byte; SQLite's default does."""

Column = sa.ColumnElement[Any]


class Wanted(NamedTuple):
    """Rows of a section whose ``key`` column is one of ``size`` bound values, ``k{values}_{0…}``."""

    section: Section
    key: str
    values: int
    size: int

    @property
    def columns(self) -> tuple[str, ...]:
        """What is selected."""
        columns = self.section.columns
        return columns if self.key in columns else (self.key, *columns)


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
        wanted = list(columns if columns is not None else section.columns)
        source = self._source(section, wanted)
        statement = sa.select(*(source.c[name] for name in wanted))
        return statement.where(sa.text(f"({section.where})")) if section.where else statement

    def _source(self, section: Section, columns: Sequence[str], alias: str = "t") -> sa.FromClause:
        if section.select:
            return sa.text(section.select).columns(*(sa.column(name) for name in columns)).subquery(alias)
        table = sa.table(str(section.table), *(sa.column(name) for name in columns), schema=self.schema)
        return table.alias(alias)

    def gathered(self, wanted: Sequence[Wanted]) -> sa.SelectBase:
        """The rows of several sections at once: number of the section, place in its order, then everybody's columns.

        A UNION takes its types from what it sees first, so several sections begin with no row of all the columns.
        """
        selects = [self._branch(wanted, number) for number in range(len(wanted))]
        return selects[0] if len(selects) == 1 else sa.union_all(self._no_row(wanted), *selects)

    def _branch(self, wanted: Sequence[Wanted], number: int) -> sa.Select[Any]:
        """The rows of one section among the columns of all."""
        section, key, values, size = wanted[number]
        rows = self.rows_of(section, wanted[number].columns)
        own = rows.selected_columns
        place: sa.ColumnElement[Any] = sa.literal_column("0")
        if section.order and not section.place:
            place = sa.func.row_number().over(order_by=sa.text(section.order))
        columns: list[Any] = [sa.literal_column(str(number)), place]
        for other, one in enumerate(wanted):
            columns += list(own) if other == number else [sa.literal_column("NULL")] * len(one.columns)
        chosen = own[key].in_([sa.bindparam(name) for name in names_of(values, size)])
        return _bare(rows.with_only_columns(*columns, maintain_column_froms=True).where(chosen))

    def _no_row(self, wanted: Sequence[Wanted]) -> sa.Select[Any]:
        columns: list[Any] = [sa.literal_column("0"), sa.literal_column("0")]
        for number, one in enumerate(wanted):
            columns += self._source(one.section, one.columns, f"t{number}").c
        return _bare(sa.select(*columns)).where(sa.literal_column("1") == sa.literal_column("0"))

    def member_keys(self, section: Section) -> sa.Select[Any]:
        """The next 200 member keys after the bound ``after``, in byte order."""
        key = str(section.member_key)
        rows = self.rows_of(section, [key]).subquery("m")
        ordered = self.bytewise(rows.c[key])
        there = sa.select(rows.c[key]).where(rows.c[key].is_not(None))
        return there.group_by(rows.c[key]).order_by(ordered).limit(200)

    def nameless(self, section: Section) -> sa.Select[Any]:
        """How many rows have no member key."""
        rows = self.rows_of(section, [str(section.member_key)]).subquery("m")
        return sa.select(sa.func.count()).select_from(rows).where(rows.c[str(section.member_key)].is_(None))

    def bytewise(self, column: Column) -> Column:
        """The column, compared byte by byte."""
        collation = BINARY.get(self.dialect)
        return sa.cast(column, sa.Text).collate(collation) if collation else sa.cast(column, sa.Text)

    def sample(self, section: Section, column: str) -> sa.Select[Any]:
        """One filled value of a column."""
        statement = self.rows_of(section, [column])
        filled = statement.where(statement.selected_columns[column].is_not(None))
        return filled.limit(sa.literal_column("1"))

    @property
    def sorts_whole(self) -> bool:
        """Whether the database sorts all that a member has before it gives a page of it."""
        return self.dialect in ("mysql", "mariadb")

    def page(self, claim_set: ClaimSet, window: Window) -> sa.Select[Any]:
        """One page of the bound ``member``'s claims, newest service first, then by id."""
        statement, start, claim = self._within(claim_set, window, "")
        # as a number in the text: a planner that sees how few are wanted walks the index and stops
        limit: sa.ColumnElement[int] = sa.literal_column(str(window.limit))
        return statement.order_by(start.desc(), claim.asc()).limit(limit)

    def last_days(self, pages: Sequence[tuple[ClaimSet, Window]]) -> sa.Select[Any]:
        """The day of the last claim on each page, NULL where a page is not full; page n's values end in ``_n``."""
        return sa.select(*(self._last_day(*page, f"_{n}").label(f"d{n}") for n, page in enumerate(pages)))

    def _last_day(self, claim_set: ClaimSet, window: Window, of: str) -> sa.ScalarSelect[Any]:
        statement, start, _ = self._within(claim_set, window, of)
        one: sa.ColumnElement[int] = sa.literal_column("1")
        before: sa.ColumnElement[int] = sa.literal_column(str(window.limit - 1))
        days = statement.with_only_columns(start, maintain_column_froms=True).order_by(start.desc())
        return days.limit(one).offset(before).scalar_subquery()

    def _within(self, claim_set: ClaimSet, window: Window, of: str) -> tuple[sa.Select[Any], Column, Column]:
        """The claims within a window, the column of their day and their id; the names of bound values end in ``of``."""
        section = claim_set.claim
        statement = self.rows_of(section, claim_set.columns)
        column = statement.selected_columns
        start = column[section.fields["service_start"].columns[0]]
        claim = self.bytewise(column[str(section.claim_key)])
        statement = statement.where(column[str(section.member_key)] == sa.bindparam(f"member{of}"))
        for condition in self._conditions(section, column, start, claim, window, of):
            statement = statement.where(condition)
        return statement, start, claim

    def _conditions(
        self, section: Section, column: Any, start: Column, claim: Column, window: Window, of: str
    ) -> Iterable[Column]:
        if window.until:
            yield start <= sa.bindparam(f"until{of}")
        if window.since:
            yield start >= sa.bindparam(f"since{of}")
        if window.claims:
            names: list[Any] = [sa.bindparam(f"c{index}{of}") for index in range(window.claims)]
            yield column[str(section.claim_key)].in_(names)
        if window.after:
            day: Column = sa.bindparam(f"after_day{of}")
            yield start <= day
            if window.same_day == "none":
                yield start != day
            elif window.same_day == "after":
                yield sa.or_(start < day, claim > sa.bindparam(f"after_claim{of}"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which claims of a member a statement asks for.

    ``same_day`` says what of the last page's last day is still to come: ``none``, ``all``, or what comes ``after`` a
    claim id. ``until`` and ``since`` bound the days. ``claims`` is the number of claim ids of which it must be one; 0
    for any.
    """

    limit: int
    after: bool = False
    same_day: str = "after"
    until: bool = False
    since: bool = False
    claims: int = 0


def _bare(statement: sa.Select[Any]) -> sa.Select[Any]:
    """Columns are told by their places: a driver remembers how it took a text apart only where the text is short."""
    return statement.set_label_style(sa.LABEL_STYLE_NONE)


def bound_day(day: date, sample: Any, spec_format: str | None) -> Any:
    """A day as the column holds it: a date, or text in the column's own format."""
    if spec_format:
        return day.strftime(spec_format)
    return day.isoformat() if isinstance(sample, str) else day
