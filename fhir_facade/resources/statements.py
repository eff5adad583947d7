"""The statements of the hot path: built once per shape of search from SQLAlchemy Core, run on the driver itself.

A shape is everything that changes the text of a statement and nothing that changes its values, so that few texts serve
all searches and every database keeps them prepared.
"""

from __future__ import annotations

from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles

from fhir_facade.resources.page import Position, Viewer
from fhir_facade.resources.plan import Narrowing
from fhir_facade.resources.schema import (
    SHARED,
    link,
    member,
    resource,
    tombstone,
)

Parameters = dict[str, Any]


class Step(IntEnum):
    """Where a page starts in the server's own order."""

    START = 0
    AFTER = 1
    BEFORE = 2


class Columns(IntEnum):
    """What is read of each row."""

    WHOLE = 0
    FACETS = 1
    COUNT = 2


class Shape(NamedTuple):
    """Everything that the text of a statement depends on."""

    columns: Columns
    shared: bool
    step: Step = Step.START
    ids: int = 0
    groups: tuple[int, ...] = ()
    withheld: int = 0
    low: bool = False
    high: bool = False
    updated_low: bool = False
    updated_high: bool = False
    directory: bool = False
    facets: bool = False


def shape_of(
    columns: Columns,
    number: int,
    narrowing: Narrowing,
    withheld: int,
    step: Step = Step.START,
    *,
    directory: bool = False,
) -> Shape:
    """The shape of a search for resources of type ``number``; with ``directory`` for a viewer without a member."""
    return Shape(
        columns=columns,
        shared=number in SHARED,
        step=step,
        ids=len(narrowing.ids or ()),
        groups=tuple(map(len, narrowing.term_groups)),
        withheld=withheld,
        low=narrowing.low is not None,
        high=narrowing.high is not None,
        updated_low=narrowing.updated_low is not None,
        updated_high=narrowing.updated_high is not None,
        directory=directory and number in SHARED,
        facets=columns is Columns.FACETS or not narrowing.decided,
    )


def values_of(viewer: Viewer, number: int, narrowing: Narrowing, at: Position | None, limit: int) -> Parameters:
    """The values that go with ``shape_of`` the same narrowing, all but the source's numbers."""
    values: Parameters = {"patient": viewer.patient, "type": number, "limit": limit}
    values.update((f"id{n}", identifier) for n, identifier in enumerate(narrowing.ids or ()))
    for g, group in enumerate(narrowing.term_groups):
        values.update((f"term{g}_{n}", term) for n, term in enumerate(group))
    values.update((f"withheld{n}", f"|{label}|") for n, label in enumerate(sorted(viewer.withheld)))
    for name in ("low", "high", "updated_low", "updated_high"):
        if (bound := getattr(narrowing, name)) is not None:
            values[name] = bound
    if at is not None:
        values.update(at_rank=at.keys[0], at_id=at.id)
    return values


@lru_cache(maxsize=512)
def search_text(dialect: str, shape: Shape) -> str:
    """The text of a search of this shape; values are named as ``values_of`` names them."""
    return compiled(dialect, _select(shape))


@lru_cache(maxsize=64)
def read_text(dialect: str, shared: bool, withheld: int, directory: bool) -> str:
    """The text that reads one resource by its id."""
    wanted = Shape(Columns.WHOLE, shared, ids=1, withheld=withheld, directory=directory and shared)
    return compiled(dialect, _select(wanted))


@lru_cache(maxsize=4)
def gone_text(dialect: str, withheld: int) -> str:
    """The text that looks for a tombstone."""
    row = tombstone.c
    mine = (row.member == _key(), row.type == bind("type", sa.SmallInteger), row.id == bind("id0", sa.Text))
    hidden = [_holds(row.labels, f"withheld{n}") == _ZERO for n in range(withheld)]
    return compiled(dialect, sa.select(row.id).where(*mine, *hidden))


_DIALECTS: dict[str, Dialect] = {
    "sqlite": SQLiteDialect_pysqlite(paramstyle="named"),
    "postgresql": PGDialect_psycopg(paramstyle="pyformat"),  # type: ignore[no-untyped-call]
}


def compiled(dialect: str, statement: sa.Select[Any]) -> str:
    """A statement as text for the driver of a dialect, with named values."""
    return str(statement.compile(dialect=_DIALECTS[dialect]))


def bind(name: str, kind: Any = None) -> sa.BindParameter[Any]:
    """A named value of a statement."""
    return sa.bindparam(name, type_=kind)


def _key() -> sa.ScalarSelect[Any]:
    """The member, always from the viewer's patient: no statement here finds a member's rows without it."""
    return (
        sa.select(member.c.key)
        .where(member.c.patient == bind("patient", sa.Text), member.c.source == bind("source", sa.BigInteger))
        .scalar_subquery()
    )


def _select(shape: Shape) -> sa.Select[Any]:
    linked = _linked(shape)
    statement = sa.select(*_columns(shape, linked)).where(*_scope(shape, linked), *_conditions(shape))
    if shape.columns is not Columns.WHOLE:
        return statement
    direction = sa.desc if shape.step is Step.BEFORE else sa.asc
    return statement.order_by(direction(resource.c.rank), direction(resource.c.id)).suffix_with(_LIMIT)


def _linked(shape: Shape) -> sa.Subquery:
    """What the member's resources name, each once; not what only resources with a withheld label name."""
    mine = (link.c.member == _key(), link.c.type == bind("type", sa.SmallInteger))
    hidden = [_holds(link.c.labels, f"withheld{n}") == _ZERO for n in range(shape.withheld)]
    return sa.select(link.c.member, link.c.type, link.c.id).where(*mine, *hidden).distinct().subquery("linked")


def _columns(shape: Shape, linked: sa.Subquery) -> list[sa.ColumnElement[Any]]:
    if shape.columns is Columns.COUNT:
        return [sa.func.count()]
    found: list[sa.ColumnElement[Any]] = [
        resource.c.id,
        resource.c.rank,
        resource.c.labels,
        resource.c.dictionary,
        resource.c.updated,
    ]
    if shape.columns is Columns.WHOLE:
        found += [resource.c.version, resource.c.body, _owner(shape, linked)]
    return [*found, resource.c.facets] if shape.facets else found


def _owner(shape: Shape, linked: sa.Subquery) -> sa.ColumnElement[Any]:
    """Whose the row is, looked up from the row itself, for the check that follows."""
    if shape.directory:
        return sa.literal_column("''", sa.Text)
    column = linked.c.member if shape.shared else resource.c.member
    return sa.select(member.c.patient).where(member.c.key == column).scalar_subquery()


def _scope(shape: Shape, linked: sa.Subquery) -> list[sa.ColumnElement[bool]]:
    if not shape.shared:
        return [resource.c.member == _key(), resource.c.type == bind("type", sa.SmallInteger)]
    if shape.directory:
        return [resource.c.member == bind("shared", sa.BigInteger), resource.c.type == bind("type", sa.SmallInteger)]
    return [
        resource.c.member == bind("shared", sa.BigInteger),
        resource.c.type == linked.c.type,
        resource.c.id == linked.c.id,
    ]


def _conditions(shape: Shape) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if shape.ids:
        found.append(resource.c.id.in_([bind(f"id{n}", sa.Text) for n in range(shape.ids)]))
    for group, size in enumerate(shape.groups):
        found.append(sa.or_(*(_holds(resource.c.terms, f"term{group}_{n}") > _ZERO for n in range(size))))
    found += [_holds(resource.c.labels, f"withheld{n}") == _ZERO for n in range(shape.withheld)]
    found += _ranges(shape)
    return found


def _ranges(shape: Shape) -> list[sa.ColumnElement[bool]]:
    row, found = resource.c, []
    if shape.low:
        found.append(sa.or_(row.low.is_(None), row.low < bind("low", sa.BigInteger)))
    if shape.high:
        found.append(sa.or_(row.high.is_(None), row.high > bind("high", sa.BigInteger)))
    if shape.updated_low:
        found.append(row.updated > bind("updated_low", sa.BigInteger))
    if shape.updated_high:
        found.append(row.updated < bind("updated_high", sa.BigInteger))
    rank, at_rank, at_id = row.rank, bind("at_rank", sa.Integer), bind("at_id", sa.Text)
    if shape.step is Step.AFTER:
        found += [rank >= at_rank, sa.or_(rank > at_rank, row.id > at_id)]
    if shape.step is Step.BEFORE:
        found += [rank <= at_rank, sa.or_(rank < at_rank, row.id < at_id)]
    return found


_LIMIT = sa.text("LIMIT :limit")  # .limit() adds a constant OFFSET on SQLite, one more value to bind
_ZERO: sa.ColumnElement[int] = sa.literal_column("0", sa.Integer)


class _Holds(sa.sql.functions.GenericFunction[int]):
    """Where a text stands in another, from 1; 0 where it does not."""

    name = "fhir_facade_holds"
    inherit_cache = True
    type = sa.Integer()


@compiles(_Holds, "sqlite")
def _holds_in_sqlite(element: _Holds, compiler: Any, **options: Any) -> str:
    return f"instr({compiler.process(element.clauses, **options)})"


@compiles(_Holds, "postgresql")
def _holds_in_postgresql(element: _Holds, compiler: Any, **options: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **options)})"


def _holds(column: sa.ColumnElement[str], name: str) -> sa.ColumnElement[int]:
    return _Holds(column, bind(name, sa.Text))


def is_shared(number: int) -> bool:
    """Whether rows of this type are shared between members."""
    return number in SHARED
