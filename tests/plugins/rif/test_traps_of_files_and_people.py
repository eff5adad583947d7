"""The traps of how CMS's files are written and of what they say of people, one test each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import Removed, RemovedKind
from fhir_facade.contracts.people import MatchKey
from fhir_facade.contracts.settings import Reader
from fhir_facade_claims_rif.settings import RifSettings
from tests.plugins.rif.extract import changes, claims, member, rejects, the_claim, the_member, write


@pytest.mark.parametrize("day", ["30-May-2015", "30-MAY-2015", "30-may-2015", "30-MAY-2015 00:00:00"])
def test_months_are_read_in_any_case_with_or_without_a_time_of_day(tmp_path: Path, day: str) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"CLM_FROM_DT": day})
    assert the_claim(tmp_path).service_start == date(2015, 5, 30)


@pytest.mark.parametrize("month", ["OKT", "MAI", "DIC"])
def test_months_are_english_whatever_the_machine_speaks(tmp_path: Path, month: str) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"CLM_FROM_DT": f"01-{month}-2015"})
    reason = "the claim is left out: CLM_FROM_DT is not a date written dd-MMM-yyyy"
    assert rejects(changes(tmp_path)) == [("carrier.csv", 2, reason)]


def test_a_byte_order_mark_does_not_hide_the_first_column(tmp_path: Path) -> None:
    member(tmp_path)
    path = tmp_path / "beneficiary.csv"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert the_member(tmp_path).member.member_id == "1"


def test_files_are_known_by_their_columns_whatever_they_are_called(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {}, name="people.txt")
    write(tmp_path, "snf", {"CLM_ID": "1"}, name="a.rif")
    write(tmp_path, "inpatient", {"CLM_ID": "1"}, name="b")
    assert [claim.claim_id for claim in claims(changes(tmp_path))] == ["inpatient-1", "snf-1"]


def test_a_comma_separated_summary_beside_the_files_is_no_reject(tmp_path: Path) -> None:
    member(tmp_path)
    (tmp_path / "export_summary.csv").write_text("BENE_ID,CARRIER_CLAIMS\n1,6\n", encoding="utf-8")
    assert rejects(changes(tmp_path)) == []


@pytest.mark.parametrize("name", [r"O\|Neil", '"O|Neil"'])
def test_escaped_and_quoted_pipes_belong_to_the_cell(tmp_path: Path, name: str) -> None:
    member(tmp_path, BENE_SRNM_NAME=name)
    assert the_member(tmp_path).member.names[0].family == "O|Neil"


def test_a_backslash_escapes_itself(tmp_path: Path) -> None:
    member(tmp_path, BENE_SRNM_NAME=r"Back\\slash")
    assert the_member(tmp_path).member.names[0].family == "Back\\slash"


def test_the_latest_reference_year_says_who_the_member_is(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {"RFRNC_YR": "2021", "BENE_SRNM_NAME": "New"}, {"RFRNC_YR": "2020"})
    records = the_member(tmp_path)
    assert records.member.names[0].family == "New"
    parts = {c.coverage_id: (c.starts_on, c.ends_on) for c in records.coverages}
    assert parts == {
        "part-a-1-20200101": (date(2020, 1, 1), date(2021, 12, 31)),
        "part-b-1-20200101": (date(2020, 1, 1), date(2021, 12, 31)),
    }


def test_a_deleted_beneficiary_takes_everything_along(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {}, {"DML_IND": "DELETE"})
    write(tmp_path, "carrier", {})
    told = changes(tmp_path)
    assert Removed(kind=RemovedKind.MEMBER, record_id="1", member_id="1") in told
    assert (claims(told), rejects(told)) == ([], [])


def test_old_mbis_of_the_history_are_match_keys(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "history", {"MBI_NUM": "1S00E00AA99"})
    keys = the_member(tmp_path).member.match_keys
    assert keys == (
        MatchKey(kind="mbi", value="1S00E00AA06"),
        MatchKey(kind="mbi", value="1S00E00AA99"),
    )


def test_a_member_without_an_mbi_is_matched_by_cms_own_number(tmp_path: Path) -> None:
    member(tmp_path, MBI_NUM="543217066")
    found = the_member(tmp_path).member
    assert found.match_keys == (MatchKey(kind="bene-id", value="1"),)
    assert found.member_number.value == "1"


def test_the_claim_number_that_holds_a_social_security_number_is_never_read(tmp_path: Path) -> None:
    member(tmp_path, BENE_CRNT_HIC_NUM="543217066A")
    write(tmp_path, "history", {"BENE_CRNT_HIC_NUM": "543217055T", "MBI_NUM": "543217044"})
    assert "5432170" not in repr(changes(tmp_path))


def test_tax_numbers_never_leave_the_file(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"TAX_NUM": "999145882"})
    write(tmp_path, "pde", {"SRVC_PRVDR_ID_QLFYR_CD": "11", "SRVC_PRVDR_ID": "999145882"}
          | {"PRSCRBR_ID_QLFYR_CD": "11", "PRSCRBR_ID": "999145882"})  # fmt: skip
    assert "999145882" not in repr(changes(tmp_path))


def test_negative_ids_keep_their_sign(tmp_path: Path) -> None:
    member(tmp_path, BENE_ID="-1000006")
    write(tmp_path, "pde", {"BENE_ID": "-1000006", "PDE_ID": "-100000806"})
    claim = the_claim(tmp_path)
    assert (claim.member_id, claim.claim_id, claim.claim_number.value) == ("-1000006", "pde--100000806", "-806")


@pytest.mark.parametrize(("kind", "part"), [(k, "a") for k in ("inpatient", "snf", "hospice")]
                         + [(k, "b") for k in ("carrier", "dme", "hha", "outpatient")] + [("pde", "d")])  # fmt: skip
def test_claims_are_covered_by_their_part_of_medicare(tmp_path: Path, kind: str, part: str) -> None:
    member(tmp_path, PTD_CNTRCT_MAR_ID="S1234", PTD_PBP_MAR_ID="007")
    write(tmp_path, kind, {})
    start = {"d": "20200301"}.get(part, "20200101")
    assert the_claim(tmp_path).coverage_id == f"part-{part}-1-{start}"


def test_a_claim_outside_every_known_span_is_covered_without_days(tmp_path: Path) -> None:
    member(tmp_path, RFRNC_YR="2011")
    write(tmp_path, "carrier", {})
    records = the_member(tmp_path)
    used = {c.coverage_id: c for c in records.coverages}[records.claims[0].coverage_id]
    assert (used.coverage_id, used.starts_on, used.ends_on) == ("part-b-1", None, None)


def test_the_state_number_is_social_securitys_and_zip_codes_are_whole(tmp_path: Path) -> None:
    member(tmp_path, STATE_CODE="22", BENE_ZIP_CD="1730")
    (address,) = the_member(tmp_path).member.addresses
    assert (address.state, address.postal_code) == ("MA", "01730")


def test_several_members_may_share_an_mbi(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {"BENE_ID": "1"}, {"BENE_ID": "2"})
    told = changes(tmp_path)
    keys = [change.member.match_keys[0] for change in told if hasattr(change, "member")]
    assert keys == [MatchKey(kind="mbi", value="1S00E00AA06")] * 2


def test_a_relative_folder_of_the_environment_is_taken_from_where_the_command_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    reader = Reader(tmp_path / "config", {"RIF_FOLDER": "data/rif"})
    settings = reader.read(RifSettings, {"folder": {"env": "RIF_FOLDER"}}, "claims.rif")
    assert settings is not None
    assert settings.folder == tmp_path / "data/rif"
    beside = reader.read(RifSettings, {"folder": "rif"}, "claims.rif")
    assert beside is not None
    assert beside.folder == tmp_path / "config/rif"
