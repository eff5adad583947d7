"""The traps of CMS's files, one test each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import Removed, RemovedKind
from fhir_facade.contracts.codes import HIPPS, ICD_9_CM, ICD_10_CM, NDC, Code
from fhir_facade.contracts.people import MatchKey
from fhir_facade.contracts.records import Amount, ClaimStatus, DiagnosisRole, PartyKind
from tests.plugins.rif import extract
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


def test_lines_of_a_claim_may_stand_anywhere(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {"BENE_ID": "1"}, {"BENE_ID": "2"})
    rows = [{"BENE_ID": "1", "CLM_ID": "9", "LINE_NUM": str(line)} for line in (3, 1, 2)]
    write(tmp_path, "carrier", rows[0], {"BENE_ID": "2", "CLM_ID": "8"}, rows[1], rows[2])
    told = claims(changes(tmp_path))
    assert [(claim.member_id, len(claim.lines)) for claim in told] == [("1", 3), ("2", 1)]


def test_line_numbers_are_kept_as_they_are(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"LINE_NUM": "6"}, {"LINE_NUM": "25"})
    assert [line.number for line in the_claim(tmp_path).lines] == [6, 25]


def test_the_latest_reference_year_says_who_the_member_is(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {"RFRNC_YR": "2021", "BENE_SRNM_NAME": "New"}, {"RFRNC_YR": "2020"})
    records = the_member(tmp_path)
    assert records.member.names[0].family == "New"
    parts = {c.coverage_id: (c.starts_on, c.ends_on) for c in records.coverages}
    assert parts == {
        "part-a-1-20200101": (date(2020, 1, 1), date(2021, 12, 31)),
        "part-b-1-20200101": (date(2020, 1, 1), date(2021, 12, 31)),
    }


def test_an_update_replaces_the_claim_with_all_its_lines(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"LINE_NUM": "1"}, {"LINE_NUM": "2"}, name="carrier_1.csv")
    write(tmp_path, "carrier", {"DML_IND": "UPDATE", "LINE_SBMTD_CHRG_AMT": "90"}, name="carrier_2.csv")
    (line,) = the_claim(tmp_path).lines
    assert line.amounts[Amount.SUBMITTED] == Decimal("90.00")


def test_a_deleted_claim_becomes_a_tombstone(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {}, {"DML_IND": "DELETE", "NCH_WKLY_PROC_DT": "01-Apr-2020"})
    told = changes(tmp_path)
    moment = datetime(2020, 4, 1, tzinfo=UTC)
    assert Removed(kind=RemovedKind.CLAIM, record_id="carrier-77", member_id="1", removed_at=moment) in told
    assert claims(told) == []


def test_a_claim_inserted_after_its_deletion_is_back(tmp_path: Path) -> None:
    member(tmp_path)
    for number, action in enumerate(("INSERT", "DELETE", "INSERT")):
        write(tmp_path, "carrier", {"DML_IND": action}, name=f"carrier_{number}.csv")
    assert the_claim(tmp_path).claim_id == "carrier-77"


def test_a_deleted_beneficiary_takes_everything_along(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {}, {"DML_IND": "DELETE"})
    write(tmp_path, "carrier", {})
    told = changes(tmp_path)
    assert Removed(kind=RemovedKind.MEMBER, record_id="1", member_id="1") in told
    assert (claims(told), rejects(told)) == ([], [])


@pytest.mark.parametrize("cells", [{"FINAL_ACTION": "N"}, {"CLAIM_QUERY_CODE": "0"}, {"CLM_FREQ_CD": "8"}])
def test_superseded_credited_and_voided_claims_are_cancelled(tmp_path: Path, cells: dict[str, str]) -> None:
    member(tmp_path)
    write(tmp_path, "outpatient", cells)
    assert the_claim(tmp_path).status is ClaimStatus.CANCELLED


def test_a_prescription_that_the_plan_deleted_is_cancelled(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "pde", {"ADJSTMT_DLTN_CD": "D"})
    assert the_claim(tmp_path).status is ClaimStatus.CANCELLED


def test_old_mbis_of_the_history_are_match_keys(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "history", {"MBI_NUM": "1S00E00AA99"})
    keys = the_member(tmp_path).member.match_keys
    assert keys == (
        MatchKey(kind="mbi", value="1S00E00AA06"),
        MatchKey(kind="mbi", value="1S00E00AA99"),
        MatchKey(kind="bene-id", value="1"),
    )


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


def test_negative_amounts_keep_their_sign(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"CLM_PMT_AMT": "-12.5"})
    assert the_claim(tmp_path).totals[Amount.BENEFIT] == Decimal("-12.50")


def test_a_total_line_is_dropped_where_other_lines_exist(tmp_path: Path) -> None:
    member(tmp_path)
    total = {"CLM_LINE_NUM": "2", "REV_CNTR": "1", "HCPCS_CD": "", "REV_CNTR_TOT_CHRG_AMT": "50.00"}
    write(tmp_path, "outpatient", {}, total)
    assert [line.revenue for line in the_claim(tmp_path).lines] == ["0450"]


def test_services_on_revenue_code_0001_stay(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "outpatient", {"REV_CNTR": "0001"}, {"REV_CNTR": "0001", "CLM_LINE_NUM": "2"})
    assert len(the_claim(tmp_path).lines) == 2


@pytest.mark.parametrize(("code", "padded"), [("1", "0001"), ("22", "0022"), ("651", "0651"), ("6767", "6767")])
def test_revenue_codes_are_padded_to_four_digits(tmp_path: Path, code: str, padded: str) -> None:
    member(tmp_path)
    write(tmp_path, "outpatient", {"REV_CNTR": code})
    assert the_claim(tmp_path).lines[0].revenue == padded


def test_a_prospective_payment_line_holds_a_hipps_code(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "snf", {"REV_CNTR": "22", "HCPCS_CD": "RUC10"})
    assert the_claim(tmp_path).lines[0].procedure == Code(HIPPS, "RUC10")


@pytest.mark.parametrize(
    ("cells", "provider"),
    [
        ({"CARR_CLM_BLG_NPI_NUM": "1245319599", "ORG_NPI_NUM": "1234567893"}, "provider-1245319599"),
        ({"ORG_NPI_NUM": "1245319599"}, "provider-1245319599"),
        ({"ORG_NPI_NUM": "0000000000"}, "clinician-1234567893"),
        ({}, "clinician-1234567893"),
        ({"PRF_PHYSN_NPI": ""}, "provider-unnamed"),
    ],
)
def test_a_missing_billing_npi_falls_back(tmp_path: Path, cells: dict[str, str], provider: str) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", cells)
    assert the_claim(tmp_path).billing_provider.party_id == provider


def test_a_number_with_a_wrong_check_digit_is_not_called_an_npi(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"RFR_PHYSN_NPI": "1234567890"})
    found = {p.practitioner_id: p for p in the_member(tmp_path).practitioners}
    wrong, right = found["clinician-1234567890"], found["clinician-1234567893"]
    assert (wrong.npi, wrong.other_identifiers[0].value, right.npi) == (None, "1234567890", "1234567893")


def test_a_pharmacy_number_qualified_as_npi_is_checked(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "pde", {"SRVC_PRVDR_ID": "PCP257488"})
    found = {o.organization_id: o for o in the_member(tmp_path).organizations}
    assert found["provider-PCP257488"].npi is None


def test_the_drug_of_a_compound_is_its_main_ingredient(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "pde", {"CMPND_CD": "2"})
    (line,) = the_claim(tmp_path).lines
    assert (line.drug, line.ingredients[0].drug) == (None, Code(NDC, "50090443201"))


@pytest.mark.parametrize("blank", ["", " ", "~", "UNKNOWN"])
def test_blanks_and_fillers_are_absent(tmp_path: Path, blank: str) -> None:
    member(tmp_path)
    write(tmp_path, "pde", {"BRND_GNRC_CD": blank, "PTNT_PAY_AMT": blank})
    claim = the_claim(tmp_path)
    assert claim.pharmacy is not None
    assert claim.pharmacy.brand_generic is None
    assert Amount.PAID_BY_PATIENT not in claim.lines[0].amounts


def test_amounts_of_eights_and_nines_are_absent(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"LINE_SBMTD_CHRG_AMT": "888888888.88", "LINE_ALOWD_CHRG_AMT": "888.88"})
    assert the_claim(tmp_path).lines[0].amounts == {Amount.ELIGIBLE: Decimal("888.88")}


@pytest.mark.parametrize(
    ("version", "day", "system"),
    [
        ("0", "02-Mar-2010", ICD_10_CM),
        ("9", "02-Mar-2020", ICD_9_CM),
        ("", "30-Sep-2015", ICD_9_CM),
        ("", "01-Oct-2015", ICD_10_CM),
    ],
)
def test_each_code_says_its_icd_version_and_else_the_day_does(
    tmp_path: Path, version: str, day: str, system: str
) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {"PRNCPAL_DGNS_VRSN_CD": version, "ICD_DGNS_CD1": "", "CLM_FROM_DT": day})
    assert the_claim(tmp_path).diagnoses[0].code == Code(system, "J029")


def test_the_principal_diagnosis_stands_once_and_external_causes_apart(tmp_path: Path) -> None:
    member(tmp_path)
    cells = {"ICD_DGNS_CD2": "I10", "CLM_POA_IND_SW1": "Y", "CLM_POA_IND_SW2": "Z", "ADMTG_DGNS_CD": "J029"}
    causes = {"FST_DGNS_E_CD": "W19", "ICD_DGNS_E_CD1": "W19", "ICD_DGNS_E_CD2": "Y92"}
    write(tmp_path, "inpatient", cells | causes)
    told = [(d.role, d.code.value, d.present_on_admission) for d in the_claim(tmp_path).diagnoses if d.code]
    assert told == [
        (DiagnosisRole.PRINCIPAL, "J029", "Y"),
        (DiagnosisRole.SECONDARY, "I10", None),
        (DiagnosisRole.ADMITTING, "J029", None),
        (DiagnosisRole.EXTERNAL_CAUSE, "W19", None),
        (DiagnosisRole.EXTERNAL_CAUSE, "Y92", None),
    ]


def test_last_updated_is_the_day_of_processing_and_never_now(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "outpatient", {"FI_CLM_PROC_DT": "20-Mar-2020"})
    assert the_claim(tmp_path).last_updated == datetime(2020, 3, 20, tzinfo=UTC)


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


def test_a_stay_without_an_admission_day_begins_on_its_first_day(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "hospice", {"CLM_ID": "1"}, {"CLM_ID": "2", "CLM_HOSPC_START_DT_ID": "01-Feb-2020"})
    assert [claim.admitted_on for claim in claims(changes(tmp_path))] == [date(2020, 3, 2), date(2020, 2, 1)]


def test_the_state_number_is_social_securitys_and_zip_codes_are_whole(tmp_path: Path) -> None:
    member(tmp_path, STATE_CODE="22", BENE_ZIP_CD="1730")
    (address,) = the_member(tmp_path).member.addresses
    assert (address.state, address.postal_code) == ("MA", "01730")


def test_several_members_may_share_an_mbi(tmp_path: Path) -> None:
    write(tmp_path, "beneficiary", {"BENE_ID": "1"}, {"BENE_ID": "2"})
    told = changes(tmp_path)
    keys = [change.member.match_keys[0] for change in told if hasattr(change, "member")]
    assert keys == [MatchKey(kind="mbi", value="1S00E00AA06")] * 2


def test_a_clinician_without_a_group_bills_as_a_practitioner(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {})
    assert the_claim(tmp_path).billing_provider.kind is PartyKind.PRACTITIONER


def test_every_default_row_of_the_generator_is_a_claim(tmp_path: Path) -> None:
    member(tmp_path)
    for kind in extract.DEFAULTS:
        if kind not in ("beneficiary", "history"):
            write(tmp_path, kind, {})
    assert len(claims(changes(tmp_path))) == 8
