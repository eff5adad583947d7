"""What cannot be read is told with file and line, and nothing else is lost."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_rif import staging
from tests.plugins.rif.extract import COLUMNS, changes, claims, member, rejects, row, source, write


def broken(folder: Path, line: str) -> list[tuple[str, int | str, str]]:
    """The rejects of a folder with a good claim, this line, and another good claim; both good ones come out."""
    member(folder)
    write(folder, "carrier", {"CLM_ID": "1"}, line, {"CLM_ID": "3"})
    told = changes(folder)
    assert [claim.claim_id for claim in claims(told)] == ["carrier-1", "carrier-3"]
    return rejects(told)


def test_a_row_that_is_cut_off_is_told(tmp_path: Path) -> None:
    line = row("carrier", {"CLM_ID": "2"})
    (reject,) = broken(tmp_path, "|".join(line.split("|")[:40]))
    assert reject == ("carrier.csv", 3, "the row has 40 of 100 cells; it is cut off or malformed")


def test_a_row_with_too_many_cells_is_told(tmp_path: Path) -> None:
    (reject,) = broken(tmp_path, row("carrier", {"CLM_ID": "2"}) + "|more")
    assert reject == ("carrier.csv", 3, "the row has 101 cells where the header has 100")


def test_blank_cells_after_the_last_column_are_no_fault(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", row("carrier", {}) + "|")
    assert rejects(changes(tmp_path)) == []


def test_a_row_without_end_costs_one_row_and_no_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_facade.contracts.whole_lines.LONGEST", 10_000)
    (reject,) = broken(tmp_path, row("carrier", {"CLM_ID": "2"}) + "x" * 35_000)
    assert reject[:2] == ("carrier.csv", 3)
    assert "line ends may be missing" in str(reject[2])


def test_a_quote_that_nobody_closes_costs_one_row(tmp_path: Path) -> None:
    (reject,) = broken(tmp_path, row("carrier", {"CLM_ID": "2", "HCPCS_CD": '"99213'}))
    assert reject == ("carrier.csv", 3, "a quote is not closed or stands in the wrong place")


def test_a_row_in_another_encoding_is_told(tmp_path: Path) -> None:
    member(tmp_path)
    path = write(tmp_path, "carrier", {"CLM_ID": "1"}, {"CLM_ID": "2", "PRVDR_SPCLTY": "@"}, {"CLM_ID": "3"})
    path.write_bytes(path.read_bytes().replace(b"@", "é".encode("latin-1")))
    told = changes(tmp_path)
    assert rejects(told) == [("carrier.csv", 3, "the row is not UTF-8 text")]
    assert len(claims(told)) == 2


def test_a_utf_16_file_is_told(tmp_path: Path) -> None:
    member(tmp_path)
    path = write(tmp_path, "carrier", {})
    path.write_bytes(path.read_text(encoding="utf-8").encode("utf-16"))
    assert rejects(changes(tmp_path)) == [("carrier.csv", 1, "the file is UTF-16; write it as UTF-8")]


def test_a_compressed_file_is_told(tmp_path: Path) -> None:
    member(tmp_path)
    path = write(tmp_path, "carrier", {})
    path.write_bytes(gzip.compress(path.read_bytes()))
    assert rejects(changes(tmp_path)) == [("carrier.csv", 1, "the file is compressed (gzip); unpack it")]


@pytest.mark.parametrize("mark", [",", "\t"])
def test_a_file_with_other_separators_is_told(tmp_path: Path, mark: str) -> None:
    member(tmp_path)
    path = write(tmp_path, "carrier", {})
    path.write_text(path.read_text(encoding="utf-8").replace("|", mark), encoding="utf-8")
    assert rejects(changes(tmp_path)) == [("carrier.csv", 1, "its columns are not separated by pipes")]


def test_an_empty_file_is_told(tmp_path: Path) -> None:
    member(tmp_path)
    (tmp_path / "carrier.csv").write_bytes(b"")
    assert rejects(changes(tmp_path)) == [("carrier.csv", 1, "the file is empty")]


def test_unknown_columns_are_told_and_left_out(tmp_path: Path) -> None:
    member(tmp_path)
    path = write(tmp_path, "carrier", {})
    head, rest = path.read_text(encoding="utf-8").split("\n", 1)
    path.write_text(f"{head}|SHOE_SIZE\n{rest.rstrip()}|42\n", encoding="utf-8")
    told = changes(tmp_path)
    assert rejects(told) == [("carrier.csv", 1, "unknown columns are left out: SHOE_SIZE")]
    assert len(claims(told)) == 1


def test_a_file_whose_columns_fit_no_kind_is_told(tmp_path: Path) -> None:
    member(tmp_path)
    (tmp_path / "carrier.csv").write_text("DML_IND|BENE_ID|WHAT\nINSERT|1|2\n", encoding="utf-8")
    assert rejects(changes(tmp_path)) == [("carrier.csv", 1, "its columns are those of no known RIF file")]


def test_a_column_that_occurs_twice_is_told(tmp_path: Path) -> None:
    member(tmp_path)
    path = write(tmp_path, "carrier", {})
    path.write_text(path.read_text(encoding="utf-8").replace("TAX_NUM", "HCPCS_CD"), encoding="utf-8")
    assert rejects(changes(tmp_path)) == [("carrier.csv", 1, "columns occur twice: HCPCS_CD")]


def test_a_claim_without_beneficiary_is_told(tmp_path: Path) -> None:
    (reject,) = broken(tmp_path, row("carrier", {"CLM_ID": "2", "BENE_ID": "404"}))
    assert reject == ("carrier.csv", 3, "the claim is left out: no beneficiary file tells who its beneficiary is")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"CLM_FROM_DT": "30-Feb-2020"}, "CLM_FROM_DT is a date that does not exist"),
        ({"CLM_FROM_DT": "2020-02-03"}, "CLM_FROM_DT is not a date written dd-MMM-yyyy"),
        ({"CLM_FROM_DT": ""}, "CLM_FROM_DT blank, but every claim needs a date"),
        ({"LINE_SBMTD_CHRG_AMT": "12,50"}, "LINE_SBMTD_CHRG_AMT is not an amount of money"),
        ({"LINE_SBMTD_CHRG_AMT": "1e3"}, "LINE_SBMTD_CHRG_AMT is not an amount of money"),
        ({"LINE_SBMTD_CHRG_AMT": "NaN"}, "LINE_SBMTD_CHRG_AMT is not an amount of money"),
        ({"LINE_SBMTD_CHRG_AMT": "1.005"}, "LINE_SBMTD_CHRG_AMT is not an amount of money in whole cents"),
        ({"LINE_SRVC_CNT": "two"}, "LINE_SRVC_CNT is not a number"),
        ({"LINE_NUM": "0"}, "LINE_NUM is not a positive whole number"),
        ({"LINE_PLACE_OF_SRVC_CD": ""}, "LINE_PLACE_OF_SRVC_CD is blank, but a professional line needs it"),
    ],
)
def test_cells_that_cannot_be_read_cost_their_claim(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    (reject,) = broken(tmp_path, row("carrier", {"CLM_ID": "2"} | cells))
    assert reject == ("carrier.csv", 3, f"the claim is left out: {reason}")


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"BENE_ID": ""}, "BENE_ID is blank or cannot be an id"),
        ({"CLM_ID": "a b"}, "CLM_ID is blank or cannot be an id"),
        ({"DML_IND": "MERGE"}, "DML_IND is none of INSERT, UPDATE and DELETE"),
    ],
)
def test_rows_that_do_not_say_whose_they_are_are_told(tmp_path: Path, cells: dict[str, str], reason: str) -> None:
    assert broken(tmp_path, row("carrier", {"CLM_ID": "2"} | cells)) == [("carrier.csv", 3, reason)]


def test_a_claim_is_not_shown_without_a_line_that_could_not_be_read(tmp_path: Path) -> None:
    member(tmp_path)
    cut = "|".join(row("carrier", {"LINE_NUM": "2"}).split("|")[:60])
    write(tmp_path, "carrier", {}, cut)
    told = changes(tmp_path)
    assert claims(told) == []
    assert len(rejects(told)) == 1


def test_the_fault_is_told_where_the_line_stands(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {}, {"LINE_NUM": "2", "LINE_COINSRNC_AMT": "x"})
    assert [(file, line) for file, line, _ in rejects(changes(tmp_path))] == [("carrier.csv", 3)]


def test_a_claim_that_names_two_beneficiaries_belongs_to_neither(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {"BENE_ID": "1"}, {"BENE_ID": "2"})
    write(tmp_path, "carrier", {}, {"BENE_ID": "2", "LINE_NUM": "2"})
    told = changes(tmp_path)
    assert claims(told) == []
    assert rejects(told) == [("carrier.csv", 3, "the rows of this claim name different beneficiaries")]


def one(folder: Path, *rows: dict[str, str]) -> tuple[Claim, list[str]]:
    member(folder)
    for number, cells in enumerate(rows):
        write(folder, "carrier", cells, name=f"carrier_{number}.csv")
    told = changes(folder)
    (claim,) = claims(told)
    return claim, [reason for _, _, reason in rejects(told)]


def test_the_same_claim_twice_is_no_news(tmp_path: Path) -> None:
    assert one(tmp_path, {}, {})[1] == []


def test_a_claim_inserted_twice_with_different_content_is_told_and_the_first_stays(tmp_path: Path) -> None:
    claim, reasons = one(tmp_path, {"LINE_SRVC_CNT": "1"}, {"LINE_SRVC_CNT": "2"})
    assert str(claim.lines[0].units) == "1"
    assert reasons == ["the row was inserted before with different content; the first stays"]


def test_a_line_that_occurs_twice_with_different_content_is_told(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"HCPCS_CD": "99213"}, {"HCPCS_CD": "99214"})
    told = changes(tmp_path)
    assert len(claims(told)[0].lines) == 1
    reason = "the row repeats an earlier line of its record with different content; the first stays"
    assert rejects(told) == [("carrier.csv", 3, reason)]


def test_a_claim_with_very_many_lines_is_told_and_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "MOST_ROWS", 5)
    member(tmp_path)
    write(tmp_path, "carrier", *({"LINE_NUM": str(number)} for number in range(1, 20)), {"CLM_ID": "3"})
    told = changes(tmp_path)
    assert [claim.claim_id for claim in claims(told)] == ["carrier-3"]
    assert rejects(told) == [("carrier.csv", 2, "the claim is left out: it has more than 5 rows")]


def test_a_member_without_a_name_is_told(tmp_path: Path) -> None:
    member(tmp_path, BENE_SRNM_NAME="", BENE_GVN_NAME="")
    ((file, line, reason),) = rejects(changes(tmp_path))
    assert (file, line) == ("beneficiary.csv", 2)
    assert reason.startswith("the member is left out: BENE_SRNM_NAME and BENE_GVN_NAME are blank")


def test_reasons_hold_no_member_identifiers_or_names(tmp_path: Path) -> None:
    member(tmp_path, BENE_ID="424242", BENE_SRNM_NAME="Canary", BENE_BIRTH_DT="Canary")
    write(tmp_path, "carrier", {"BENE_ID": "424242", "CLM_FROM_DT": "Canary"})
    text = repr([reason for _, _, reason in rejects(changes(tmp_path))])
    assert "Canary" not in text
    assert "424242" not in text


def test_a_folder_that_is_not_there_is_unavailable_and_the_check_says_so(tmp_path: Path) -> None:
    gone = source(tmp_path / "gone")
    with pytest.raises(ClaimsUnavailable):
        list(gone.changes(None))
    (fault,) = gone.check()
    assert "check the path and its permissions" in fault


def test_the_check_names_what_is_missing(tmp_path: Path) -> None:
    faults = source(tmp_path).check()
    assert [fault.split(" holds ")[1] for fault in faults] == [
        "no beneficiary file; claims without one are left out",
        "no claims file",
    ]


def test_the_check_of_a_good_folder_is_empty(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {})
    assert source(tmp_path).check() == ()


def test_every_kind_of_file_has_its_columns(tmp_path: Path) -> None:
    sizes = {name: len(columns) for name, columns in COLUMNS.items()}
    assert sizes == {"beneficiary": 210, "history": 21, "carrier": 100, "dme": 95, "hha": 132, "hospice": 130,
                     "inpatient": 275, "outpatient": 234, "snf": 230, "pde": 41}  # fmt: skip
