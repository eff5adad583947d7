"""What ``fhir-facade check`` says of a database: whether it answers, has the mapping's shape, and has the indexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade_claims_sql.database import reading
from fhir_facade_claims_sql.mapping import MappingFile, Section
from fhir_facade_claims_sql.statements import Statements

SCANS = {
    "sqlite": ("SCAN ",),
    "postgresql": ("Seq Scan",),
    "mysql": ('"access_type": "ALL"',),
    "mariadb": ('"access_type": "ALL"',),
}
"""How each database's EXPLAIN says that it would read a whole table."""

EXPLAIN = {
    "sqlite": "EXPLAIN QUERY PLAN ",
    "postgresql": "EXPLAIN ",
    "mysql": "EXPLAIN FORMAT=JSON ",
    "mariadb": "EXPLAIN FORMAT=JSON ",
}


def faults_of(engine: Engine, mapping: MappingFile, statements: Statements) -> list[str]:
    """Every fault, each a sentence that says what to do."""
    faults: list[str] = []
    for section, key in keyed(mapping):
        try:
            with reading(engine) as connection:
                faults += list(_section_faults(connection, section, key, statements))
        except ClaimsUnavailable as error:
            faults.append(
                f"{section.where_found}: {error}; correct the table and column names, or the account's rights"
            )
    return list(dict.fromkeys(faults))


def keyed(mapping: MappingFile) -> Iterator[tuple[Section, str]]:
    """Every section with the column by which it is asked."""
    for name, section in mapping.people.items():
        yield (
            section,
            section.fields[f"{name}_id"].columns[0]
            if name in ("organization", "practitioner")
            else str(section.member_key),
        )
    for claim_set in mapping.claims:
        yield claim_set.claim, str(claim_set.claim.member_key)
        for section in (claim_set.line, *claim_set.parts):
            if not section.inline:
                yield section, str(section.claim_key)


def _section_faults(connection: Connection, section: Section, key: str, statements: Statements) -> Iterator[str]:
    connection.execute(statements.rows_of(section).limit(1)).all()
    if _scans(connection, section, key, statements):
        place = f"{section.source}.{key}"
        yield f"{section.where_found}: no index on {place}: every page would read the whole table; create one"


def _scans(connection: Connection, section: Section, key: str, statements: Statements) -> bool:
    dialect = connection.dialect.name
    if dialect not in EXPLAIN or not _large(connection, section, key, statements):
        return False
    sample = connection.execute(statements.rows_of(section, [key]).limit(1)).scalar()
    if sample is None:
        return False
    bare = statements.rows_of(replace(section, where=None), [key])
    statement = bare.where(bare.selected_columns[key] == sa.bindparam("sample"))
    compiled = statement.compile(dialect=connection.dialect)
    try:
        plan = connection.exec_driver_sql(EXPLAIN[dialect] + str(compiled), _bound(compiled, sample))
    except SQLAlchemyError:
        return False  # an account without the right to explain: the page itself was already tried
    text = "\n".join(str(tuple(row)) for row in plan)
    return any(scan in text for scan in SCANS[dialect])


def _large(connection: Connection, section: Section, key: str, statements: Statements) -> bool:
    """Whether the table is large enough for a planner to prefer an index."""
    several = statements.rows_of(section, [key]).limit(1_000).subquery()
    return int(connection.execute(sa.select(sa.func.count()).select_from(several)).scalar_one()) >= 1_000


def _bound(compiled: Any, sample: Any) -> Any:
    values: dict[str, Any] = {**compiled.params, "sample": sample}
    if compiled.positional:
        return tuple(values[name] for name in compiled.positiontup)
    return values
