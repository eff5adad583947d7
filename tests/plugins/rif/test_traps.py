"""The traps of what CMS's files say of claims, one test each."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import Removed, RemovedKind
from fhir_facade.contracts.codes import HIPPS, ICD_9_CM, ICD_10_CM, NDC, Code
from fhir_facade.contracts.records import Amount, ClaimStatus, DiagnosisRole, PartyKind
from tests.plugins.rif import extract
from tests.plugins.rif.extract import changes, claims, member, the_claim, the_member, write


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


@pytest.mark.parametrize("cells", [{"FINAL_ACTION": "N"}, {"CLAIM_QUERY_CODE": "0"}, {"CLM_FREQ_CD": "8"}])
def test_superseded_credited_and_voided_claims_are_cancelled(tmp_path: Path, cells: dict[str, str]) -> None:
    member(tmp_path)
    write(tmp_path, "outpatient", cells)
    assert the_claim(tmp_path).status is ClaimStatus.CANCELLED


def test_a_prescription_that_the_plan_deleted_is_cancelled(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "pde", {"ADJSTMT_DLTN_CD": "D"})
    assert the_claim(tmp_path).status is ClaimStatus.CANCELLED


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


def test_a_stay_without_an_admission_day_begins_on_its_first_day(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "hospice", {"CLM_ID": "1"}, {"CLM_ID": "2", "CLM_HOSPC_START_DT_ID": "01-Feb-2020"})
    assert [claim.admitted_on for claim in claims(changes(tmp_path))] == [date(2020, 3, 2), date(2020, 2, 1)]


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
