"""The rows of a claim's parts stand in the order that the mapping names."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import ClaimQuery
from tests.plugins.sql.conftest import opened
from tests.plugins.sql.test_long_histories import MAPPING, SET

PART = """
[[claims.diagnosis]]
table = "finding"
claim_id = "claim"
order = "{}"
[claims.diagnosis.fields]
code = {{ column = "code", system = "icd-10-cm" }}
"""


@pytest.mark.parametrize(
    ("order", "codes"),
    [
        ("rank", ["B02", "B10", "A00", "C00"]),
        ("rank DESC", ["A00", "B10", "B02", "C00"]),
        ("code", ["A00", "B02", "B10", "C00"]),
        ("-length(note), code", ["C00", "A00", "B02", "B10"]),
    ],
)
def test_the_diagnoses_of_a_claim_stand_in_the_order_that_the_mapping_names(
    tmp_path: Path, order: str, codes: list[str]
) -> None:
    only_medical = MAPPING.replace(SET.format("dental"), PART.format(order))
    (tmp_path / "mapping.toml").write_text(only_medical, encoding="utf-8")
    with sqlite3.connect(tmp_path / "payer.sqlite") as database:
        database.execute("CREATE TABLE person (id TEXT PRIMARY KEY)")
        database.execute("CREATE TABLE medical (id TEXT PRIMARY KEY, person TEXT, kind TEXT, day TEXT)")
        database.execute("CREATE TABLE finding (claim TEXT, rank INTEGER, code TEXT, note TEXT)")
        database.execute("INSERT INTO person VALUES ('m')")
        database.execute("INSERT INTO medical VALUES ('1', 'm', 'P', '2026-01-01')")
        database.executemany(
            "INSERT INTO finding VALUES ('1', ?, ?, ?)",
            [(10, "B10", ""), (None, "C00", "longest"), (2, "B02", ""), (30, "A00", "long")],
        )
    source = opened(f"sqlite:///{tmp_path / 'payer.sqlite'}", tmp_path, preset=None, mapping=tmp_path / "mapping.toml")
    (claim,) = source.search(ClaimQuery(member_id="m", count=10)).claims
    source.close()
    assert [one.code.value for one in claim.diagnoses if one.code] == codes
