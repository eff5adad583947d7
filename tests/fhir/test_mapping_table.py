"""The mapping table says what the mapping does: each row is held against mapped resources, and against records."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections import Counter
from dataclasses import MISSING, fields, is_dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.fhir.mapping_table.element import Element
from fhir_facade.fhir.mapping_table.path import find
from fhir_facade.fhir.mapping_table.sample_claims import EVERYTHING
from fhir_facade.fhir.mapping_table.table import COLUMNS, ELEMENTS, Sample, mapping_rows
from fhir_facade.fhir.mapping_table.writers import WRITERS

VERSIONS = ("2.0.0", "2.1.0", "2.2.0")
SHARED = Path(os.environ.get("FHIR_FACADE_SHARED") or Path(__file__).resolve().parents[3] / "shared")
RETIRED = {"34", "80", "85", "114", "115", "116", "123", "152"}
"""Map ids that the data set itself retired."""


@pytest.mark.parametrize("version", VERSIONS)
def test_every_row_has_an_example_and_a_profile(version: str) -> None:
    assert [row for row in mapping_rows(version) if not row["example"] or not row["profiles"]] == []


def test_at_least_190_of_the_204_elements_of_the_data_set_are_mapped_and_only_retired_ones_are_not() -> None:
    listing = SHARED / "reference" / "cpcds_mapping.csv"
    if not listing.exists():
        pytest.skip(f"no list of the data set's elements at {listing}")
    rows = csv.DictReader(io.StringIO(listing.read_text(encoding="utf-8")))
    wanted = Counter(row["map_id"].replace("none", "") for row in rows)
    ours = Counter(element.map_id for element in ELEMENTS)

    assert {map_id for map_id, count in wanted.items() if ours[map_id] < count} == RETIRED
    assert sum(min(count, ours[map_id]) for map_id, count in wanted.items()) >= 190


OTHER = {
    "Claim.kind": "another kind is another claim: every kind stands in the sample",
    "Claim.status": "the sample holds both",
    "Claim.claim_id": "an id",
}


def records_of(element: Element) -> list[str]:
    return [name for name in element.record.split(", ") if name and name not in OTHER]


UNCHANGED = Sample("2.2.0")


def seen(sample: Sample, element: Element) -> list[str]:
    return [str(find(resource, element.path, sample.resources)) for resource in sample.resources.values()]


@pytest.mark.parametrize("element", ELEMENTS, ids=lambda e: f"{e.record}-{e.path}"[:90])
def test_a_change_of_the_record_field_shows_at_the_path(element: Element) -> None:
    names = records_of(element)
    if not names or element.record.startswith("Member.deceased") or "merged" in element.record:
        return
    before = seen(UNCHANGED, element)

    assert any(seen(Sample("2.2.0", changed(EVERYTHING, name)), element) != before for name in names)


def changed(records: MemberRecords, name: str) -> MemberRecords:
    """The records with one field of one class of record changed everywhere."""
    kind, _, field = name.partition(".")
    return _everywhere(records, kind, field)


def _everywhere(value: Any, kind: str, field: str) -> Any:
    if isinstance(value, tuple):
        return tuple(_everywhere(item, kind, field) for item in value)
    if not is_dataclass(value) or isinstance(value, type):
        return value
    if type(value).__name__ == kind:
        value = _other(value, field)
    inner = {spec.name: getattr(value, spec.name) for spec in fields(value)}
    worth = {k: _everywhere(v, kind, field) for k, v in inner.items() if isinstance(v, tuple) or is_dataclass(v)}
    return replace(value, **worth)


def _other(record: Any, field: str) -> Any:
    name, _, rest = field.partition(".")
    name, _, role = name.rstrip("]").partition("[")
    held = getattr(record, name)
    if rest and isinstance(held, tuple):
        return replace(record, **{name: tuple(_other(item, rest) for item in held)})
    if rest:
        return replace(record, **{name: _other(held, rest) if held is not None else None})
    return replace(record, **{name: _different(record, name, held, role)})


def _different(record: Any, name: str, held: Any, role: str) -> Any:
    """Another value of the same type; of a tuple or mapping, the entries of ``role`` gone."""
    if isinstance(held, tuple):
        return tuple(item for item in held if role and str(getattr(item, "role", "")) != role)
    if isinstance(held, dict):
        return {kind: amount for kind, amount in held.items() if role and str(kind) != role}
    if isinstance(held, Enum):
        return next((other for other in type(held) if other is not held), held)
    if isinstance(held, bool):
        return not held
    return _scalar(record, name, held)


def _scalar(record: Any, name: str, held: Any) -> Any:
    special = {"relationship": "spouse", "gender": "male", "birth_sex": "M", "status": "cancelled"}
    if name in special and isinstance(held, str):
        return special[name]
    if isinstance(held, (datetime, date)):
        return held + timedelta(days=1)
    if isinstance(held, (int, Decimal)):
        return held + 1
    optional = next(spec for spec in fields(record) if spec.name == name).default is not MISSING
    if optional:
        return None
    return _renamed(held)


def _renamed(held: Any) -> Any:
    if isinstance(held, str):
        return held + "x"
    last = "value" if hasattr(held, "value") else fields(held)[0].name
    return replace(held, **{last: _renamed(getattr(held, last))})


KIND_OF_AMOUNT = next(element.path for element in ELEMENTS if element.map_id == "188")


def test_source_fields_lead_to_elements_and_none_is_lost() -> None:
    source = {
        "claims.csv": {"CHARGE": "ClaimLine.amounts[submitted]", "BOTH": "Claim.paid_on, Claim.notes", "X": "nothing"}
    }

    rows = mapping_rows("2.2.0", source)

    assert {row["source field"] for row in rows} == {"CHARGE", "BOTH", "X"}
    assert [row["FHIR path"] for row in rows if row["source field"] == "CHARGE"] == [
        "ExplanationOfBenefit.item.adjudication[submitted].amount",
        KIND_OF_AMOUNT,
    ]
    assert [row["map id"] for row in rows if row["source field"] == "BOTH"] == ["107", "181"]


@pytest.mark.parametrize("form", WRITERS)
def test_every_format_holds_every_row(form: str) -> None:
    rows = mapping_rows("2.2.0")

    written = WRITERS[form](rows, "Mapping <of> medical")

    assert all(row["element"] in text_of(form, written) for row in rows)


def text_of(form: str, written: bytes) -> str:
    if form == "xlsx":
        with zipfile.ZipFile(io.BytesIO(written)) as book:
            return book.read("xl/sharedStrings.xml").decode().replace("&amp;", "&").replace("&apos;", "'")
    return written.decode().replace("&#x27;", "'")


def test_a_cell_that_looks_like_a_formula_stays_text() -> None:
    row = dict.fromkeys(COLUMNS, "=HYPERLINK(1)")

    lines = list(csv.reader(io.StringIO(WRITERS["csv"]([row], "t").decode())))

    assert lines[1][0] == "'=HYPERLINK(1)"
