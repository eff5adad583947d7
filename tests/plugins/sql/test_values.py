"""A field read from its column alone has the value, or the fault, that its converter finds in the whole row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

import fhir_facade_claims_sql as sql
from fhir_facade_claims_sql.convert import UnfitError
from fhir_facade_claims_sql.people import RowFault, values_of
from fhir_facade_claims_sql.sections import Section, Step
from fhir_facade_claims_sql.spec import Row, Spec, UnmappedError

RAW: list[object] = [
    None, "", " ", "~", "1", "0", " J45.909 ", "D0120", "professional", "M", "F", "20", "2026-01-02",
    "2026-01-02T03:04:05Z", "x" * 70, "é", 4, 0, True, Decimal("4.00"), Decimal("1.505"), Decimal("NaN"), 2.5,
    date(2026, 1, 2), datetime(2026, 1, 2, 3, tzinfo=UTC), b"a",
]  # fmt: skip


def outcome(step: Step, row: Row, absent: frozenset[str]) -> object:
    """What the converter says of a whole row."""
    try:
        found = step.convert(step.spec, row, absent)
    except (UnfitError, UnmappedError) as error:
        return str(error)
    return None if found == () else found


def read(section: Section, step: Step, row: Row, absent: frozenset[str]) -> object:
    """What is read of the row for the one field."""
    try:
        return values_of(section, row, absent, None).get(step.name)
    except RowFault as fault:
        return fault.reason


@pytest.mark.parametrize("preset", sql.PRESETS)
@pytest.mark.parametrize("absent", [frozenset({""}), frozenset({"", "~", "4", "4.00"})])
def test_a_field_of_one_column_is_what_its_converter_finds_in_the_row(preset: str, absent: frozenset[str]) -> None:
    tried = 0
    for section in sql.preset(preset).sections():
        for column, steps in section.steps.items():
            if len(steps) > 1 or section.constants:
                continue
            for raw in (*RAW, *RAW):  # twice: what was kept is the same again
                row = {column: raw}
                assert repr(read(section, steps[0], row, absent)) == repr(outcome(steps[0], row, absent)), (column, raw)
                tried += 1

    assert tried > 1_000


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"first": "12A"}, "one-two"),
        ({"first": "19"}, "one"),
        ({"first": "1*"}, "one"),
        ({"first": "silent"}, None),
        ({"first": "silent", "second": "12"}, "one-two"),
        ({"first": "silent", "second": "other"}, "the other"),
        ({"second": "1"}, "one"),
    ],
)
def test_the_longest_beginning_counts_and_a_column_that_says_nothing_leaves_it_to_the_next(
    row: Row, said: str | None
) -> None:
    values = {"12*": "one-two", "1*": "one", "silent": "", "other": "the other"}
    assert Spec(columns=("first", "second"), values=values).read(row, frozenset({""})) == said


def test_a_star_alone_is_a_value_like_any_other() -> None:
    spec = Spec(columns=("first",), values={"*": "star"})
    assert spec.read({"first": "*"}, frozenset({""})) == "star"
    with pytest.raises(UnmappedError):
        spec.read({"first": "12"}, frozenset({""}))


def test_a_reject_names_the_column_in_which_the_unknown_value_stands() -> None:
    spec = Spec(columns=("first", "second"), values={"silent": ""})
    with pytest.raises(UnmappedError, match="second has the value '7'"):
        spec.read({"first": "silent", "second": "7"}, frozenset({""}))
