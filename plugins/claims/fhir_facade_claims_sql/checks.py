"""What ``fhir-facade check`` says of a database: whether it answers, has the mapping's shape, and has the indexes."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade_claims_sql.database import reading
from fhir_facade_claims_sql.loading import FILE_COLUMN, LINE_COLUMN
from fhir_facade_claims_sql.mapping import MappingFile
from fhir_facade_claims_sql.sections import Section
from fhir_facade_claims_sql.statements import Statements

OWN_ID = ("organization", "practitioner")
"""Records that are found by their own id, not by the member's."""

EXPLAIN = {
    "sqlite": "EXPLAIN QUERY PLAN ",
    "postgresql": "EXPLAIN ",
    "mysql": "EXPLAIN FORMAT=JSON ",
    "mariadb": "EXPLAIN FORMAT=JSON ",
}
"""How each database is asked what it would do."""


def faults_of(engine: Engine, mapping: MappingFile, statements: Statements) -> list[str]:
    """Every fault, each a sentence that says what to do."""
    try:
        with reading(engine):
            pass
    except ClaimsUnavailable as error:
        return [f"{error}; check the URL, the network, and the account's name and password"]
    faults: list[str] = []
    whole = {claim_set.claim.where_found: claim_set.columns for claim_set in mapping.claims}
    for section, key, when in keyed(mapping):
        try:
            with reading(engine) as connection:
                columns = whole.get(section.where_found, section.columns)
                connection.execute(statements.rows_of(section, columns).limit(1)).all()
                faults += list(_section_faults(connection, section, key, when, statements))
        except ClaimsUnavailable as error:
            faults.append(
                f"{section.where_found}: {error}; correct the table and column names, or the account's rights"
            )
    return list(dict.fromkeys(faults))


def notes_of(dialect: str) -> list[str]:
    """What cannot be told of a database of that kind."""
    if dialect in EXPLAIN:
        return []
    return [
        f"cannot tell whether indexes are missing on {dialect}: its plans are not understood; see to it that every "
        "column by which rows are found has one (docs/plugins/sql.md lists them)"
    ]


def keyed(mapping: MappingFile) -> Iterator[tuple[Section, str, str]]:
    """Every section with each column by which it is asked, and when that is."""
    for name, section in mapping.people.items():
        own = section.fields[f"{name}_id"].columns[0] if name in OWN_ID else str(section.member_key)
        yield section, own, "page"
        for field, spec in section.fields.items():
            if field.startswith("match.") and spec.columns:
                yield section, spec.columns[0], "log-in"
    for claim_set in mapping.claims:
        yield claim_set.claim, str(claim_set.claim.member_key), "page"
        yield claim_set.claim, str(claim_set.claim.claim_key), "read of one claim"
        for section in (claim_set.line, *claim_set.parts):
            if not section.inline:
                yield section, str(section.claim_key), "page"


def _section_faults(
    connection: Connection, section: Section, key: str, when: str, statements: Statements
) -> Iterator[str]:
    if _scans(connection, section, key, statements):
        place = f"{section.source}.{key}"
        yield f"{section.where_found}: no index on {place}: every {when} would read the whole table; create one"


def _scans(connection: Connection, section: Section, key: str, statements: Statements) -> bool:
    dialect = connection.dialect.name
    if dialect not in EXPLAIN or not _large(connection, section, key, statements):
        return False
    sample = connection.execute(statements.sample(section, key)).scalar()
    if sample is None:
        return False
    bare = statements.rows_of(replace(section, where=None), [key])
    statement = bare.where(bare.selected_columns[key] == sa.bindparam("sample"))
    compiled = statement.compile(dialect=connection.dialect)
    try:
        if dialect == "postgresql":  # else it rather reads a small table as a whole, index or not
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = connection.exec_driver_sql(EXPLAIN[dialect] + str(compiled), _bound(compiled, sample))
    except SQLAlchemyError:
        return False  # an account without the right to explain: the page itself was already tried
    return reads_all(dialect, [tuple(row) for row in plan])


def reads_all(dialect: str, plan: Sequence[tuple[Any, ...]]) -> bool:
    """Whether a plan reads some table from end to end for want of an index."""
    if dialect in ("mysql", "mariadb"):
        return any(_without_key(table) for table in _tables(json.loads(plan[0][0])))
    text = "\n".join(str(row) for row in plan)
    return ("Seq Scan" if dialect == "postgresql" else "'SCAN ") in text


def _tables(node: Any) -> Iterator[dict[str, Any]]:
    """Every table of a plan as MariaDB and MySQL write it."""
    if isinstance(node, dict):
        if "access_type" in node:
            yield node
        node = list(node.values())
    if isinstance(node, list):
        for item in node:
            yield from _tables(item)


def _without_key(table: dict[str, Any]) -> bool:
    """Read as a whole though no key was there to choose; what a subselect gave is no table."""
    derived = str(table.get("table_name", "")).startswith("<")
    return table["access_type"] in ("ALL", "index") and not table.get("possible_keys") and not derived


def _large(connection: Connection, section: Section, key: str, statements: Statements) -> bool:
    """Whether the table is large enough for an index to matter."""
    several = statements.rows_of(section, [key]).limit(1_000).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(several)).scalar_one()) >= 1_000


def _bound(compiled: Any, sample: Any) -> Any:
    values: dict[str, Any] = {**compiled.params, "sample": sample}
    if compiled.positional:
        return tuple(values[name] for name in compiled.positiontup)
    return values


def unread_columns(connection: Connection, mapping: MappingFile, schema: str | None) -> dict[str, list[str]]:
    """Columns of the mapped tables that no section reads; what a SELECT of the mapping reads is not known."""
    read: dict[str, set[str]] = {}
    for section in mapping.sections():
        if section.table:
            read.setdefault(section.table, set()).update(section.columns)
    for claim_set in mapping.claims:
        if claim_set.claim.table:
            read[claim_set.claim.table].update(claim_set.columns)
    inspector = sa.inspect(connection)
    return {table: _unread(inspector, table, schema, columns) for table, columns in read.items()}


def _unread(inspector: sa.Inspector, table: str, schema: str | None, read: set[str]) -> list[str]:
    there = [str(column["name"]) for column in inspector.get_columns(table, schema=schema)]
    return [name for name in there if name not in read and name not in (FILE_COLUMN, LINE_COLUMN)]
