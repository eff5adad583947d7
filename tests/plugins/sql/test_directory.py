"""A provider's record is kept by the very row it was made of: whatever differs in the row differs in the record."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

import fhir_facade_claims_sql as sql
from fhir_facade_claims_sql.records import Directory, record

ABSENT = frozenset({""})
ROW = {"organization_id": "o1", "name": "Clinic", "last_updated": "2026-01-02T03:04:05Z", "npi": "1234567893"}


@pytest.mark.parametrize(
    "change",
    [
        {"name": "Hospital"},
        {"name": Decimal("1.0")},
        {"name": Decimal("1.00")},
        {"name": 1},
        {"name": True},
        {"npi": ["x"]},
        {"last_updated": datetime(2026, 1, 2, tzinfo=UTC)},
        {"last_updated": "yesterday"},
        {"tax_id": "1234567893"},
    ],
)
def test_a_record_out_of_the_directory_is_what_the_row_becomes(change: dict[str, object]) -> None:
    section = sql.preset("cpcds-views").people["organization"]
    directory = Directory(ABSENT)
    for row in (ROW, ROW | change, ROW, ROW | change, ROW | {"name": 1}, ROW | {"name": Decimal(1)}):
        assert repr(directory.record(section, row)) == repr(record(section, row, ABSENT))


def test_rows_of_different_sections_have_records_of_their_own() -> None:
    people, directory = sql.preset("cpcds-views").people, Directory(ABSENT)
    row = ROW | {"practitioner_id": "o1"}

    made = [directory.record(people[name], row) for name in ("organization", "practitioner")]

    assert [type(one).__name__ for one in made] == ["Organization", "Practitioner"]


def test_the_directory_stays_bounded() -> None:
    section, directory = sql.preset("cpcds-views").people["organization"], Directory(ABSENT)
    for number in range(20_000):
        directory.record(section, ROW | {"organization_id": f"o{number}"})

    assert len(directory._known) <= 8_192
