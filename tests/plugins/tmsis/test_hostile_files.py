"""Files as they should not be: the right message, the place, and the rest is loaded."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade.contracts.people import MatchKey
from fhir_facade.contracts.records import Amount
from fhir_facade.contracts.settings import Secret
from tests.plugins.tmsis.state_files import Cells, Folder, changes, claims, rejects, source, the_claims, the_member


def three(path: Path, *, fixed: bool, spoil: Callable[[list[bytes]], None]) -> list[tuple[str, int | str, str]]:
    """The rejects of a folder with three claims of which ``spoil`` breaks the second; the others come out."""
    folder = Folder(path, fixed=fixed)
    folder.person()
    for number in ("C1", "C2", "C3"):
        folder.claim("COT", {"ICN-ORIG": number})
    folder.write()
    file = next(path.glob("claim-ot.*"))
    lines = file.read_bytes().split(b"\n")
    spoil(lines)
    file.write_bytes(b"\n".join(lines))
    told = changes(path)
    assert sorted(claim.claim_number.value for claim in claims(told)) == ["C1", "C3"]
    return rejects(told)


def cut(lines: list[bytes]) -> None:
    lines[4] = lines[4][:40]


def wrong_encoding(lines: list[bytes]) -> None:
    lines[4] = lines[4].replace(b"99213", "9é921".encode("latin-1"))


@pytest.mark.parametrize("fixed", [True, False])
def test_a_line_that_is_cut_off_costs_its_claim(tmp_path: Path, fixed: bool) -> None:
    found = three(tmp_path, fixed=fixed, spoil=cut)
    assert found[0][1] == 5
    assert "it is cut off" in found[0][2]


@pytest.mark.parametrize("fixed", [True, False])
def test_a_line_in_another_encoding_costs_its_claim(tmp_path: Path, fixed: bool) -> None:
    found = three(tmp_path, fixed=fixed, spoil=wrong_encoding)
    assert found[0][1:] == (5, "the record is not UTF-8 text")


@pytest.mark.parametrize("fixed", [True, False])
def test_a_line_without_end_costs_its_claim_and_no_memory(
    tmp_path: Path, fixed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(lines: list[bytes]) -> None:
        lines[4] += b"x" * 50_000

    monkeypatch.setattr("fhir_facade.contracts.whole_lines.LONGEST", 10_000)
    found = three(tmp_path, fixed=fixed, spoil=endless)
    assert found[0][1] == 5
    assert "line ends may be missing" in found[0][2]


def test_a_value_that_holds_a_pipe_costs_its_claim(tmp_path: Path) -> None:
    def pipe(lines: list[bytes]) -> None:
        lines[4] += b"|x"

    found = three(tmp_path, fixed=False, spoil=pipe)
    assert "or a value holds a pipe" in found[0][2]


def test_a_missing_line_costs_its_claim_where_the_header_counts_them(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {"CLAIM-LINE-COUNT": 2})
    ((_, _, reason),) = rejects(changes(folder.write()))
    assert reason == "the claim is left out: its header counts 2 lines, but 1 are in the files"


def test_a_file_with_fewer_records_than_its_header_counts_is_told(tmp_path: Path) -> None:
    def shorten(lines: list[bytes]) -> None:
        lines[3:5] = []

    found = three(tmp_path, fixed=False, spoil=shorten)
    assert found == [("claim-ot.psv", 1, "the header counts 6 records, but the file has 4; it may be cut off")]


def test_lines_without_header_are_told(tmp_path: Path) -> None:
    def behead(lines: list[bytes]) -> None:
        del lines[3]

    found = three(tmp_path, fixed=False, spoil=behead)
    assert ("claim-ot.psv", 4, "no header of this claim is in the files; its lines are left out") in found


def test_a_claim_that_stands_twice_in_the_same_words_stands_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT")
    folder.claim("COT")
    (claim,) = the_claims(folder.write()).values()
    assert len(claim.lines) == 1


def test_a_claim_that_stands_twice_with_different_content_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT")
    folder.claim("COT", {"PLACE-OF-SERVICE": "12"})
    told = changes(folder.write())
    assert claims(told) == []
    ((_, line, reason),) = rejects(told)
    assert (line, reason) == (
        4,
        "the claim is left out: its header stands twice in one delivery, with different content",
    )


def test_a_claim_without_number_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {"ICN-ORIG": None})
    ((_, _, reason),) = rejects(changes(folder.write()))
    assert reason == "the claim is left out: ICN-ORIG is unknown, but every claim needs its number"


def test_two_lines_of_one_number_are_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {}, {}, {"LINE-NUM-ORIG": "001", "PROCEDURE-CODE": "99214"})
    ((_, _, reason),) = rejects(changes(folder.write()))
    assert reason == "the claim is left out: two lines of this claim have the same number"


def test_a_segment_that_the_layout_does_not_know_is_told(tmp_path: Path) -> None:
    def rename(lines: list[bytes]) -> None:
        lines[4] = lines[4].replace(b"COT00003", b"COT00077")

    found = three(tmp_path, fixed=False, spoil=rename)
    assert ("claim-ot.psv", 5, "the layout 2 knows no segment of this name") in found


def test_a_claim_without_member_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {"MSIS-IDENTIFICATION-NUM": "M9"})
    ((_, line, reason),) = rejects(changes(folder.write()))
    assert (line, reason) == (2, "the claim is left out: no eligibility file tells who the member is")


def test_a_claim_with_very_many_lines_is_told_and_not_held_in_memory(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {}, *({} for _ in range(12)))
    ((_, _, reason),) = rejects(changes(folder.write(), most_lines=10))
    assert reason == "the claim is left out: it has more than 10 lines (most_lines)"


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"BEGINNING-DATE-OF-SERVICE": "20240230"}, "BEGINNING-DATE-OF-SERVICE is not a date that exists"),
        ({"BILLED-AMT": "12,00"}, "BILLED-AMT is not a number"),
        ({"BILLED-AMT": "1.005"}, "BILLED-AMT is not an amount of money in whole cents"),
        ({"LINE-NUM-ORIG": "000"}, "LINE-NUM-ORIG is not a positive whole number"),
    ],
)
def test_cells_that_cannot_be_read_cost_their_claim(tmp_path: Path, cells: Cells, reason: str) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {"ICN-ORIG": "C1"}, cells)
    folder.claim("COT", {"ICN-ORIG": "C2"})
    told = changes(folder.write())
    ((_, line, found),) = rejects(told)
    assert line == 3
    assert found.startswith(f"the claim is left out: {reason}")
    assert [claim.claim_number.value for claim in claims(told)] == ["C2"]


@pytest.mark.parametrize("fill", ["8888888888888", "9999999999999"])
def test_fills_of_a_fixed_length_amount_are_unknown(tmp_path: Path, fill: str) -> None:
    folder = Folder(tmp_path, fixed=True)
    folder.person()
    folder.claim("COT", {}, {"MEDICAID-PAID-AMT": fill})
    (claim,) = the_claims(folder.write()).values()
    assert Amount.BENEFIT not in claim.lines[0].amounts


@pytest.mark.parametrize("fill", ["88888888888.88", "888888888.88", "9999999999.99", ""])
def test_fills_of_a_piped_amount_are_unknown(tmp_path: Path, fill: str) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {}, {"MEDICAID-PAID-AMT": fill})
    (claim,) = the_claims(folder.write()).values()
    assert Amount.BENEFIT not in claim.lines[0].amounts


def test_an_amount_that_only_looks_like_a_fill_stays(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {}, {"MEDICAID-PAID-AMT": "88888.88"})
    (claim,) = the_claims(folder.write()).values()
    assert claim.lines[0].amounts[Amount.BENEFIT] == Decimal("88888.88")


@pytest.mark.parametrize("written", ["-000000008000", "00000000800}", "000000008000-"])
def test_a_negative_amount_is_read_however_its_sign_is_written(tmp_path: Path, written: str) -> None:
    folder = Folder(tmp_path, fixed=True)
    folder.person()
    folder.claim("COT", {}, {"MEDICAID-PAID-AMT": written})
    (claim,) = the_claims(folder.write()).values()
    assert claim.lines[0].amounts[Amount.BENEFIT] == Decimal("-80.00")


def test_a_sign_that_the_settings_do_not_allow_is_told(tmp_path: Path) -> None:
    folder = Folder(tmp_path, fixed=True)
    folder.person()
    folder.claim("COT", {}, {"MEDICAID-PAID-AMT": "00000000800}"})
    ((_, _, reason),) = rejects(changes(folder.write(), sign="leading"))
    assert "its sign stands where the settings do not allow it" in reason


def ssn_files(path: Path) -> Path:
    folder = Folder(path)
    folder.person("987123654")
    folder.claim("COT", {"MSIS-IDENTIFICATION-NUM": "987123654"})
    folder.write()
    for file in path.iterdir():
        head, rest = file.read_bytes().split(b"\n", 1)
        fields = head.split(b"|")
        fields[11] = b"1"
        file.write_bytes(b"|".join(fields) + b"\n" + rest)
    return path


def test_member_ids_that_are_social_security_numbers_need_a_key(tmp_path: Path) -> None:
    told = changes(ssn_files(tmp_path))
    assert claims(told) == []
    assert {reason.split(";")[0] for _, _, reason in rejects(told)} == {"its member ids are Social Security numbers"}


def test_social_security_numbers_link_a_log_in_and_stand_nowhere_else(tmp_path: Path) -> None:
    records = the_member(ssn_files(tmp_path), id_key=Secret("test", "k" * 32))
    assert records.member.match_keys == (MatchKey(kind="medicaid-id", value="987123654"),)
    assert "987123654" not in repr((records.claims, records.coverages, records.organizations))
    assert "987123654" not in records.member.member_id + records.member.member_number.value


def test_a_test_file_is_not_read_unless_the_settings_say_so(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    file = next(folder.write().glob("eligible.*"))
    head, rest = file.read_bytes().split(b"\n", 1)
    fields = head.split(b"|")
    fields[10] = b"T"
    file.write_bytes(b"|".join(fields) + b"\n" + rest)
    assert rejects(changes(tmp_path)) == [
        ("eligible.psv", 1, "the file is marked as a test; set test_files to read it")
    ]
    assert rejects(changes(tmp_path, test_files=True)) == []


def test_other_files_and_managed_care_files_are_left_alone(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.write()
    (tmp_path / "readme.txt").write_text("not a T-MSIS file\n", encoding="utf-8")
    (tmp_path / "mcr.psv").write_text("MCR00001|V2.0|C|PSV\n", encoding="utf-8")
    assert rejects(changes(tmp_path)) == []


def test_numbers_that_must_not_leave_the_files_do_not(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.add("ELG00003", {"MSIS-IDENTIFICATION-NUM": "M1", "SSN": "987654321", "MEDICARE-HIC-NUM": "987654321A"})
    folder.claim("COT", {"MEDICARE-HIC-NUM": "987654321A", "CHECK-NUM": "CHK987654321"})
    assert "987654321" not in repr(changes(folder.write()))


def test_a_folder_that_is_not_there_is_unavailable_and_the_check_says_so(tmp_path: Path) -> None:
    gone = source(tmp_path / "gone")
    with pytest.raises(ClaimsUnavailable):
        list(gone.changes(None))
    assert "check the path and its permissions" in gone.check()[0]


def test_a_folder_of_layouts_that_is_not_there_is_a_wrong_config(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"claims\.tmsis\.layouts"):
        source(tmp_path, layouts=tmp_path / "gone")
