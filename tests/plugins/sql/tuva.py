"""The Tuva seeds in a database: the tables that the preset reads."""

from __future__ import annotations

import csv
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from fhir_facade_claims_sql.loading import ANALYZE

TABLES = {
    "eligibility": ("eligibility_seed.csv", ("person_id",)),
    "medical_claim": ("medical_claim_seed.csv", ("person_id", "claim_id")),
    "pharmacy_claim": ("pharmacy_claim_seed.csv", ("person_id", "claim_id")),
}
NUMBERS = {"claim_line_number": sa.Integer}
MONEY = ("_amount",)


def load(engine: Engine, folder: Path, preset: str = "tuva") -> None:
    """Create the three tables with their indexes and fill them, in the schema that the preset reads."""
    for name, (file, keys) in TABLES.items():
        with (folder / file).open(newline="", encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        if preset == "tuva-2024":
            keys = tuple("patient_id" if key == "person_id" else key for key in keys)
            rows = [older(row) for row in rows]
        table = sa.Table(name, sa.MetaData(), *(column(field) for field in rows[0]))
        for key in keys:
            sa.Index(f"{name}_{key}", table.c[key])
        with engine.begin() as connection:
            table.create(connection)
            for start in range(0, len(rows), 200):
                connection.execute(table.insert(), [typed(row) for row in rows[start : start + 200]])
            connection.execute(sa.text(f"{ANALYZE.get(engine.dialect.name, 'ANALYZE')} {name}"))


def older(row: dict[str, str]) -> dict[str, str]:
    """The same row in the schema before 2026: other names, and a column for each kind of DRG."""
    held = {{"person_id": "patient_id"}.get(name, name): value for name, value in row.items()}
    if "drg_code" in held:
        kind, code = held.pop("drg_code_type"), held.pop("drg_code")
        held |= {"ms_drg_code": code if kind == "ms-drg" else "", "apr_drg_code": code if kind == "apr-drg" else ""}
    return held


def column(field: str) -> sa.Column[object]:
    """A column of the type Tuva's own models give it."""
    if field in NUMBERS:
        return sa.Column(field, NUMBERS[field])
    if field.endswith(MONEY):
        return sa.Column(field, sa.Numeric(18, 2))
    return sa.Column(field, sa.String(80 if field.endswith("_id") else 40))


def typed(row: dict[str, str]) -> dict[str, object]:
    """A row with NULL for nothing and whole numbers where the column has them."""
    return {field: (int(value) if field in NUMBERS else value) if value != "" else None for field, value in row.items()}
