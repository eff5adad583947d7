"""A Tuva claim is of the kind that its claim type and its bill type say, and of none where they say nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

import fhir_facade_claims_sql as sql
from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.records import ClaimKind
from fhir_facade_claims_sql.claims import Parts, begin, build
from fhir_facade_claims_sql.people import RowFault, values_of

BOTH = pytest.mark.parametrize("preset", ["tuva", "tuva-2024"])
UNSAID = [None, "", "undetermined"]
read = cache(sql.preset)


def kind(preset: str, claim_type: str | None, bill_type: str | None) -> ClaimKind | None:
    """What the preset makes of the two columns; None where they say nothing."""
    mapping = read(preset)
    section, row = mapping.claims[0].claim, {"claim_type": claim_type, "bill_type_code": bill_type}
    found: ClaimKind | None = values_of(section, row, mapping.absent, section.claim_key).get("kind")
    return found


@BOTH
@pytest.mark.parametrize("claim_type", ["institutional", *UNSAID])
@pytest.mark.parametrize("facility", ["11", "18", "21", "28", "41", "65", "66", "81", "82", "86"])
def test_a_stay_is_told_by_facility_and_care_whatever_its_frequency(
    preset: str, claim_type: str | None, facility: str
) -> None:
    for frequency in "0123456789AIZ":
        assert kind(preset, claim_type, facility + frequency) is ClaimKind.INPATIENT
        assert kind(preset, claim_type, f"0{facility}{frequency}") is ClaimKind.INPATIENT


@BOTH
@pytest.mark.parametrize("claim_type", ["institutional", *UNSAID])
@pytest.mark.parametrize("bill_type", ["131", "134", "13I", "141", "771", "0131", "231", "327", "721", "831", "851"])
def test_what_is_billed_without_a_stay_is_outpatient(preset: str, claim_type: str | None, bill_type: str) -> None:
    assert kind(preset, claim_type, bill_type) is ClaimKind.OUTPATIENT


@BOTH
@pytest.mark.parametrize("bill_type", ["121", "124", "0121", "221", "421"])
def test_what_part_b_pays_for_inpatients_is_outpatient_as_in_the_files_of_cms(preset: str, bill_type: str) -> None:
    assert kind(preset, "institutional", bill_type) is ClaimKind.OUTPATIENT


@BOTH
@pytest.mark.parametrize("bill_type", [None, "", "111", "131"])
def test_a_professional_claim_is_one_whatever_its_bill_type(preset: str, bill_type: str | None) -> None:
    assert kind(preset, "professional", bill_type) is ClaimKind.PROFESSIONAL


@BOTH
@pytest.mark.parametrize("claim_type", ["institutional", *UNSAID])
def test_without_a_bill_type_nobody_guesses_whether_there_was_a_stay(preset: str, claim_type: str | None) -> None:
    assert kind(preset, claim_type, None) is None


@BOTH
@pytest.mark.parametrize(
    ("claim_type", "bill_type", "reason"),
    [
        ("dental", None, "claim_type has the value 'dental'"),
        ("vision", "111", "claim_type has the value 'vision'"),
        ("institutional", "991", "bill_type_code has the value '991'"),
        (None, "1", "bill_type_code has the value '1'"),
    ],
)
def test_a_value_that_nobody_listed_is_a_reject_that_names_its_column(
    preset: str, claim_type: str | None, bill_type: str | None, reason: str
) -> None:
    with pytest.raises(RowFault, match=reason):
        kind(preset, claim_type, bill_type)


@pytest.mark.parametrize(
    ("bill_type", "lines", "revenues"),
    [
        ("110", [{}], ["0001"]),
        ("110", [{"revenue_center_code": "0120"}], ["0120"]),
        ("110", [{"hcpcs_code": "G0463"}], [None]),
        ("110", [{}, {}], [None, None]),
        ("131", [{}], [None]),
    ],
)
def test_the_only_line_of_a_stay_that_names_no_service_is_its_total(
    bill_type: str, lines: list[dict[str, str]], revenues: list[str | None]
) -> None:
    mapping = read("tuva")
    claim = {"claim_id": "1", "person_id": "p", "claim_type": "institutional", "bill_type_code": bill_type}
    claim |= {"file_date": "2016-02-01", "claim_start_date": "2016-02-21"}
    rows = [claim | {"claim_line_number": str(number)} | line for number, line in enumerate(lines, 1)]
    draft = begin(mapping.claims[0], rows[0], mapping.absent)
    made = build(replace(draft, parts=Parts(own=rows[0], children={0: rows})), (), mapping.absent)
    assert [line.revenue for line in made.lines] == revenues


@pytest.mark.parametrize(
    ("row", "drg"),
    [
        ({"ms_drg_code": "470", "apr_drg_code": "302"}, Code(codes.MS_DRG, "470")),
        ({"ms_drg_code": "470"}, Code(codes.MS_DRG, "470")),
        ({"ms_drg_code": "", "apr_drg_code": "302"}, Code(codes.APR_DRG, "302")),
        ({"apr_drg_code": "302"}, Code(codes.APR_DRG, "302")),
        ({}, None),
    ],
)
def test_the_older_schema_has_a_column_for_each_kind_of_drg(row: dict[str, str], drg: Code | None) -> None:
    (section, *_) = (one.claim for one in sql.preset("tuva-2024").claims)
    spoken = {"claim_type": "professional", **row}
    assert values_of(section, spoken, sql.preset("tuva-2024").absent, section.claim_key).get("drg") == drg
