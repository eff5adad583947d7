"""What file and content make of a record: its profile, its codes, its people."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import MatchKey
from fhir_facade.contracts.records import Amount, CareTeamRole, Claim, ClaimKind, DiagnosisRole
from tests.plugins.tmsis.state_files import BASE, Cells, Folder, the_claims, the_member


def one(path: Path, subject: str, header: Cells | None = None, *lines: Cells) -> Claim:
    folder = Folder(path)
    folder.person()
    folder.claim(subject, header, *lines)
    (claim,) = the_claims(folder.write()).values()
    return claim


@pytest.mark.parametrize(
    ("subject", "header", "line", "kind"),
    [
        ("CIP", {}, {}, ClaimKind.INPATIENT),
        ("CLT", {}, {}, ClaimKind.INPATIENT),
        ("COT", {}, {}, ClaimKind.PROFESSIONAL),
        ("COT", {"TYPE-OF-BILL": "0131"}, {}, ClaimKind.OUTPATIENT),
        ("COT", {}, {"REVENUE-CODE": "0450"}, ClaimKind.OUTPATIENT),
        ("COT", {}, {"PROCEDURE-CODE": "D0120", "PROCEDURE-CODE-FLAG": "06"}, ClaimKind.ORAL),
        ("COT", {}, {"TOOTH-NUM": "14"}, ClaimKind.ORAL),
        ("CRX", {}, {}, ClaimKind.PHARMACY),
    ],
)
def test_file_and_content_choose_the_profile(
    tmp_path: Path, subject: str, header: Cells, line: Cells, kind: ClaimKind
) -> None:
    assert one(tmp_path, subject, header, line).kind is kind


def test_a_claim_id_names_file_and_state(tmp_path: Path) -> None:
    assert one(tmp_path, "CIP", {"ICN-ORIG": "2024/0001 7"}).claim_id.startswith("ip-CA-x")
    assert one(tmp_path / "b", "CLT").claim_id == "lt-CA-C1"


@pytest.mark.parametrize(
    ("flag", "value", "code"),
    [
        ("01", "99213", Code(codes.CPT, "99213")),
        ("06", "T1019", Code(codes.HCPCS, "T1019")),
        ("10", "W1234", Code(f"{BASE}/procedure", "W1234")),
        (None, "99213", Code(codes.CPT, "99213")),
        (None, "Z9", Code(f"{BASE}/procedure", "Z9")),
    ],
)
def test_procedure_codes_of_the_state_keep_a_system_of_the_state(
    tmp_path: Path, flag: str | None, value: str, code: Code
) -> None:
    claim = one(tmp_path, "COT", {}, {"PROCEDURE-CODE": value, "PROCEDURE-CODE-FLAG": flag})
    assert claim.lines[0].procedure == code


def test_flag_1_is_the_older_edition_of_diagnoses(tmp_path: Path) -> None:
    cells: Cells = {"DIAGNOSIS-CODE-1": "4019", "DIAGNOSIS-CODE-FLAG-1": "1"}
    cells |= {"DIAGNOSIS-CODE-2": "J029", "DIAGNOSIS-CODE-FLAG-2": "2"}
    found = one(tmp_path, "COT", cells).diagnoses
    assert [(d.role, d.code) for d in found] == [
        (DiagnosisRole.PRINCIPAL, Code(codes.ICD_9_CM, "4019")),
        (DiagnosisRole.SECONDARY, Code(codes.ICD_10_CM, "J029")),
    ]


def test_a_stay_has_its_group_procedures_and_present_on_admission(tmp_path: Path) -> None:
    cells: Cells = {"DIAGNOSIS-RELATED-GROUP": "0470", "DIAGNOSIS-RELATED-GROUP-IND": "HG41"}
    cells |= {"PROCEDURE-CODE-1": "0SR9019", "PROCEDURE-CODE-FLAG-1": "07", "PROCEDURE-CODE-DATE-1": date(2024, 3, 5)}
    cells |= {"ADMITTING-DIAGNOSIS-CODE": "M1611", "DIAGNOSIS-POA-FLAG-1": "Y"}
    claim = one(tmp_path, "CIP", cells)
    assert claim.drg == Code(codes.MS_DRG, "470", version="41")
    assert [(p.code.value, p.principal, p.performed_on) for p in claim.procedures] == [
        ("0SR9019", True, date(2024, 3, 5))
    ]
    assert [(d.role, d.present_on_admission) for d in claim.diagnoses] == [
        (DiagnosisRole.PRINCIPAL, "Y"),
        (DiagnosisRole.ADMITTING, None),
    ]


def test_a_claim_paid_as_a_whole_has_its_amounts_at_the_header_alone(tmp_path: Path) -> None:
    cells: Cells = {"PAYMENT-LEVEL-IND": "1", "TOT-BILLED-AMT": Decimal("900.00")}
    claim = one(tmp_path, "CIP", cells)
    assert claim.amounts == claim.totals == {Amount.SUBMITTED: Decimal("900.00")}
    assert claim.lines[0].amounts == {}


def test_the_total_line_of_a_bill_is_no_service(tmp_path: Path) -> None:
    claim = one(tmp_path, "CIP", {}, {}, {"REVENUE-CODE": "0001"})
    assert [line.revenue for line in claim.lines] == ["0120"]


def test_what_others_paid_is_one_amount_and_they_are_named(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.add("TPL00003", {"MSIS-IDENTIFICATION-NUM": "M1", "INSURANCE-CARRIER-ID-NUM": "K1"})
    folder.add("TPL00006", {"INSURANCE-CARRIER-ID-NUM": "K1", "INSURANCE-CARRIER-NAME": "Acme Insurance"})
    paid: Cells = {"TOT-TPL-AMT": Decimal("10.00"), "TOT-OTHER-INSURANCE-AMT": Decimal("5.00")}
    folder.claim("COT", paid)
    (claim,) = the_claims(folder.write()).values()
    assert claim.totals[Amount.PRIOR_PAYER_PAID] == Decimal("15.00")
    assert [payer.name for payer in claim.other_payers] == ["Acme Insurance"]


def test_a_prescription_has_what_only_prescriptions_have(tmp_path: Path) -> None:
    claim = one(tmp_path, "CRX", {"COMPOUND-DRUG-IND": "1", "DISPENSING-PRESCRIPTION-DRUG-PROV-NUM": "PH1"})
    (line,) = claim.lines
    assert claim.pharmacy is not None
    assert (claim.pharmacy.days_supply, claim.pharmacy.fill_number, claim.pharmacy.compound_code) == (30, 0, "2")
    assert (line.drug, line.quantity) == (Code(codes.NDC, "50090443201"), Decimal("30.500"))
    assert claim.billing_provider.party_id == "provider-PH1"
    assert claim.other_identifiers[0].value == "RX1"


def test_names_of_providers_come_from_the_provider_file(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT")
    folder.add("PRV00002", {"SUBMITTING-STATE-PROV-ID": "P1", "PROV-ORGANIZATION-NAME": "Bay Clinic"})
    person: Cells = {"FACILITY-GROUP-INDIVIDUAL-CODE": "03", "PROV-FIRST-NAME": "Eva", "PROV-LAST-NAME": "Sand"}
    folder.add("PRV00002", {"SUBMITTING-STATE-PROV-ID": "P2"} | person)
    npi: Cells = {"PROV-IDENTIFIER-TYPE": "2", "PROV-IDENTIFIER": "1245319599"}
    folder.add("PRV00005", {"SUBMITTING-STATE-PROV-ID": "P2"} | npi)
    taxonomy: Cells = {"PROV-CLASSIFICATION-TYPE": "1", "PROV-CLASSIFICATION-CODE": "207Q00000X"}
    folder.add("PRV00006", {"SUBMITTING-STATE-PROV-ID": "P2"} | taxonomy)
    records = the_member(folder.write())
    assert "Bay Clinic" in {organization.name for organization in records.organizations}
    (clinician,) = records.practitioners
    assert (clinician.name.family, clinician.npi) == ("Sand", "1245319599")
    (rendering,) = [m for m in records.claims[0].care_team if m.role is CareTeamRole.RENDERING]
    assert rendering.taxonomy == "207Q00000X"


def test_an_atypical_provider_without_npi_is_named_by_the_states_number(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {"BILLING-PROV-NPI-NUM": "8888888888"})
    billing = next(o for o in the_member(folder.write()).organizations if o.organization_id == "provider-P1")
    assert (billing.npi, billing.other_identifiers[0].value) == (None, "P1")


def test_the_open_row_tells_who_the_member_is(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    own: Cells = {"MSIS-IDENTIFICATION-NUM": "M1", "SEX": "F", "DATE-OF-BIRTH": date(1980, 1, 2)}
    span = "PRIMARY-DEMOGRAPHIC-ELEMENT"
    folder.add("ELG00002", own | {"ELIGIBLE-LAST-NAME": "New", f"{span}-EFF-DATE": date(2023, 1, 1)})
    closed: Cells = {f"{span}-EFF-DATE": date(2024, 1, 1), f"{span}-END-DATE": date(2024, 2, 1)}
    folder.add("ELG00002", own | {"ELIGIBLE-LAST-NAME": "Old"} | closed)
    member = the_member(folder.write()).member
    assert (member.names[0].family, member.gender) == ("New", "female")


def test_state_numbers_races_and_languages_are_translated(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    own: Cells = {"MSIS-IDENTIFICATION-NUM": "M1"}
    address: Cells = {"ELIGIBLE-ADDR-LN1": "1 Main St", "ELIGIBLE-STATE": "06", "ELIGIBLE-ZIP-CODE": "941050000"}
    folder.add("ELG00004", own | address)
    folder.add("ELG00003", own | {"PRIMARY-LANGUAGE-CODE": "SPA", "MEDICARE-BENEFICIARY-IDENTIFIER": "1S00E00AA06"})
    folder.add("ELG00015", own | {"ETHNICITY-CODE": "1"})
    for race in ("001", "010"):
        folder.add("ELG00016", own | {"RACE": race})
    member = the_member(folder.write()).member
    assert [(a.state, a.postal_code, a.country) for a in member.addresses] == [("CA", "94105", "US")]
    assert [race.value for race in member.races] == ["2106-3", "2028-9"]
    assert member.ethnicity == Code(codes.RACE_ETHNICITY, "2135-2")
    assert member.languages == ("es",)
    assert MatchKey(kind="mbi", value="1S00E00AA06") in member.match_keys


def test_cover_holds_on_the_day_of_service_with_the_plan_of_that_time(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    span = "MANAGED-CARE-PLAN-ENROLLMENT"
    plan: Cells = {
        "MSIS-IDENTIFICATION-NUM": "M1",
        "MANAGED-CARE-PLAN-ID": "PLAN7",
        f"{span}-EFF-DATE": date(2023, 1, 1),
    }
    folder.add("ELG00014", plan)
    folder.claim("COT")
    records = the_member(folder.write())
    (coverage,) = records.coverages
    assert (coverage.coverage_id, coverage.plan_id, coverage.ends_on) == ("M1-20200101", "PLAN7", None)
    assert records.claims[0].coverage_id == "M1-20200101"


def test_a_claim_before_every_enrolment_is_covered_without_days(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.person()
    folder.claim("COT", {"BEGINNING-DATE-OF-SERVICE": date(2019, 1, 1)})
    (claim,) = the_claims(folder.write()).values()
    assert claim.coverage_id == "M1"
