"""A payer's narrow tables with the CPCDS views over them, as a database administrator would make them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Connection

import fhir_facade_claims_sql
from fhir_facade_claims_sql.mapping import load
from fhir_facade_claims_sql.sections import Section

PRESET = Path(fhir_facade_claims_sql.__file__).parent / "presets" / "cpcds-views.toml"

metadata = sa.MetaData()
_text = sa.String(20)

person = sa.Table(
    "person", metadata, sa.Column("id", _text, primary_key=True), sa.Column("born", sa.Date), sa.Column("name", _text)
)
proxy = sa.Table(
    "proxy", metadata, sa.Column("id", _text, primary_key=True), sa.Column("person", _text, index=True),
    sa.Column("until", sa.Date),
)  # fmt: skip
clinic = sa.Table("clinic", metadata, sa.Column("id", _text, primary_key=True))
doctor = sa.Table("doctor", metadata, sa.Column("id", _text, primary_key=True))
bill = sa.Table(
    "bill", metadata, sa.Column("id", _text, primary_key=True), sa.Column("person", _text), sa.Column("day", sa.Date),
    sa.Column("clinic", _text), sa.Column("total", sa.Numeric(10, 2)), sa.Index("bill_page", "person", "day", "id"),
)  # fmt: skip
item = sa.Table(
    "item", metadata, sa.Column("bill", _text, primary_key=True),
    sa.Column("number", sa.SmallInteger, primary_key=True), sa.Column("code", _text),
    sa.Column("charge", sa.Numeric(10, 2)),
)  # fmt: skip
finding = sa.Table(
    "finding", metadata, sa.Column("bill", _text, primary_key=True),
    sa.Column("number", sa.SmallInteger, primary_key=True), sa.Column("code", _text),
)  # fmt: skip
operation = sa.Table(
    "operation", metadata, sa.Column("bill", _text, primary_key=True),
    sa.Column("number", sa.SmallInteger, primary_key=True), sa.Column("code", _text),
)  # fmt: skip
treated = sa.Table(
    "treated", metadata, sa.Column("bill", _text, primary_key=True),
    sa.Column("number", sa.SmallInteger, primary_key=True), sa.Column("doctor", _text),
)  # fmt: skip

_CHANGED = {"last_updated": "'2026-01-02T03:04:05Z'"}
_ID_SYSTEM = "'https://payer.example.org/member'"
VIEWS: dict[str, tuple[str, dict[str, str]]] = {
    "cpcds_member": (
        "person",
        {"member_id": "id", "member_number": "id", "member_number_system": _ID_SYSTEM, "family": "name",
         "gender": "'female'", "birth_date": "born", "match_medicaid_id": "id", **_CHANGED},
    ),
    "cpcds_coverage": (
        "person", {"coverage_id": "id", "member_id": "id", "subscriber_id": "id", "status": "'active'", **_CHANGED},
    ),
    "cpcds_representative": (
        "proxy",
        {"representative_id": "id", "member_id": "person", "relationship": "'MTH'", "ends_on": "until",
         "family": "'Parent'", "match_medicaid_id": "id", **_CHANGED},
    ),
    "cpcds_organization": ("clinic", {"organization_id": "id", "name": "id", **_CHANGED}),
    "cpcds_practitioner": ("doctor", {"practitioner_id": "id", "family": "id", **_CHANGED}),
    "cpcds_claim": (
        "bill",
        {"claim_id": "id", "member_id": "person", "kind": "'professional'", "claim_number": "id",
         "claim_number_system": "'https://payer.example.org/claim'", "service_start": "day", "service_end": "day",
         "paid_on": "day", "coverage_id": "person", "billing_id": "clinic", "totals_submitted": "total", **_CHANGED},
    ),
    "cpcds_claim_line": (
        "item",
        {"claim_id": "bill", "number": "number", "procedure": "code", "place_of_service": "'11'",
         "amounts_submitted": "charge"},
    ),
    "cpcds_claim_diagnosis": (
        "finding",
        {"claim_id": "bill", "sequence": "number", "code": "code",
         "code_system": "'http://hl7.org/fhir/sid/icd-10-cm'"},
    ),
    "cpcds_claim_procedure": (
        "operation",
        {"claim_id": "bill", "sequence": "number", "code": "code",
         "code_system": "'http://www.cms.gov/Medicare/Coding/ICD10'"},
    ),
    "cpcds_claim_care_team": (
        "treated", {"claim_id": "bill", "sequence": "number", "role": "'rendering'", "provider_id": "doctor"},
    ),
}  # fmt: skip
"""View → the table under it, and what stands in the columns that it fills."""


def sections() -> Iterator[Section]:
    """Every section of the preset with a table of its own."""
    mapping = load(PRESET)
    yield from mapping.people.values()
    for claim_set in mapping.claims:
        yield from (claim_set.claim, claim_set.line, *claim_set.parts)


def create(connection: Connection) -> None:
    """The tables, and a view for each section of the preset: what the payer does not know is NULL."""
    metadata.create_all(connection)
    for section in sections():
        connection.execute(sa.text(view(connection, str(section.table))))


def view(connection: Connection, name: str, renamed: str = "") -> str:
    """The statement that makes a view; the column ``renamed`` gets another name."""
    quote = connection.dialect.identifier_preparer.quote
    (section,) = (one for one in sections() if one.table == name)
    table, filled = VIEWS[name]
    columns = {one: f"{one}2" if one == renamed else one for one in (*section.columns, *filled)}
    chosen = ", ".join(f"{_value(quote, table, filled.get(one))} AS {quote(shown)}" for one, shown in columns.items())
    return f"CREATE VIEW {name} AS SELECT {chosen} FROM {quote(table)}"  # noqa: S608 - own names


def _value(quote, table: str, expression: str | None) -> str:  # type: ignore[no-untyped-def]
    if expression is None:
        return "CAST(NULL AS CHAR(40))"
    return expression if expression.startswith("'") else f"{quote(table)}.{quote(expression)}"


def fill(connection: Connection, histories: dict[str, int]) -> None:
    """People with so many claims each, two lines and two diagnoses to a claim; one in ten days has two claims."""
    rows: dict[sa.Table, list[dict[str, object]]] = {table: [] for table in metadata.sorted_tables}
    rows[clinic] = [{"id": f"clinic-{number}"} for number in range(7)]
    rows[doctor] = [{"id": f"doctor-{number}"} for number in range(11)]
    for who, claims in histories.items():
        rows[person].append({"id": who, "born": date(1980, 1, 1), "name": f"Family {who}"})
        rows[proxy].append({"id": f"proxy-{who}", "person": who, "until": None})
        for number in range(claims):
            _add_claim(rows, who, number)
    for table, values in rows.items():
        for start in range(0, len(values), 1_000):
            connection.execute(table.insert(), values[start : start + 1_000])


def filled(url: str, histories: dict[str, int]) -> str:
    """The database there, now with tables, views and people."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        create(connection)
        fill(connection, histories)
    engine.dispose()
    return url


def _add_claim(rows: dict[sa.Table, list[dict[str, object]]], who: str, number: int) -> None:
    own = f"{who}.{number}"
    day = date(2026, 1, 1) - timedelta(days=number - number % 10 // 9)
    rows[bill].append(
        {"id": own, "person": who, "day": day, "clinic": f"clinic-{number % 7}", "total": Decimal("200.20")}
    )
    rows[treated].append({"bill": own, "number": 1, "doctor": f"doctor-{number % 11}"})
    rows[operation] += [{"bill": own, "number": 1, "code": "0DTJ4ZZ"}] if number % 10 == 0 else []
    for one in (1, 2):
        rows[item].append({"bill": own, "number": one, "code": f"9921{one}", "charge": Decimal("100.10")})
        rows[finding].append({"bill": own, "number": one, "code": ("J45.909", "E11.9")[one - 1]})
