"""Three versions of the guide contradict each other; one place holds each difference, and it reaches the resources."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.records import Amount, Diagnosis, DiagnosisRole, Procedure
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.eob.draft import Known
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade.fhir.mapping_table.sample_claims import EVERYTHING, INPATIENT, ORAL, OUTPATIENT, PHARMACY, PROFESSIONAL
from fhir_facade.fhir.mapping_table.sample_people import CLINIC, DENTIST, MEMBER, PAYER
from tests.fhir.mapped import adjudications, code, eob, information
from tests.fhir.published_rules import broken_rules, malformed

VERSIONS = ("2.0.0", "2.1.0", "2.2.0")
KNOWN = Known.of(EVERYTHING)
FHIR = Path(__file__).resolve().parents[2] / "fhir_facade" / "fhir"


@pytest.mark.parametrize("version", VERSIONS)
def test_everything_conforms_in_every_version_and_in_fhir_resources(version: str) -> None:
    for found in Mapper("s", version).resources(EVERYTHING):
        assert isinstance(found, Mapped), found
        body, _ = finish(found.resource)
        get_fhir_model_class(found.type).model_validate(json.loads(body))
        assert list(malformed(found.resource)) == []
        assert found.kind is None or broken_rules(found.resource, version) == []
        assert all(profile.endswith(f"|{version}") for profile in found.resource["meta"]["profile"])


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
def test_basis_profiles_hold_no_money_and_everything_else(version: str) -> None:
    mapper = Mapper("s", version)
    for claim in EVERYTHING.claims:
        found = mapper.basis(claim, known=KNOWN)
        assert isinstance(found, Mapped), found
        assert "-Basis|" in found.resource["meta"]["profile"][0]
        assert broken_rules(found.resource, version) == []
        assert b'"amount"' not in finish(found.resource)[0]
        assert adjudications(found.resource, "billingnetworkstatus")


def test_guide_2_0_0_has_no_basis_profiles_and_says_so() -> None:
    with pytest.raises(ConfigError, match=r"guide 2\.0\.0 has no Basis profiles"):
        Mapper("s", "2.0.0").basis(INPATIENT)


def test_present_on_admission_and_surfaces_change_their_systems() -> None:
    def systems(version: str) -> tuple[str, str]:
        on_admission = eob(INPATIENT, version)["diagnosis"][0]["onAdmission"]["coding"][0]["system"]
        surface = eob(ORAL, version)["item"][0]["subSite"][0]["coding"][0]["system"]
        return on_admission, surface

    assert systems("2.0.0") == (
        "https://www.nubc.org/CodeSystem/PresentOnAdmissionIndicator",
        "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSurfaceCodes",
    )
    assert (
        systems("2.1.0")
        == systems("2.2.0")
        == (
            "https://www.cms.gov/Medicare/Medicare-Fee-for-Service-Payment/HospitalAcqCond/Coding",
            "http://terminology.hl7.org/CodeSystem/ADAToothSurfaceCodes",
        )
    )


@pytest.mark.parametrize(
    ("version", "diagnosis", "procedure"),
    [
        ("2.0.0", "http://terminology.hl7.org/CodeSystem/icd9", "http://www.cms.gov/Medicare/Coding/ICD9"),
        ("2.1.0", "http://hl7.org/fhir/sid/icd-9-cm", "http://www.cms.gov/Medicare/Coding/ICD9"),
        ("2.2.0", "http://hl7.org/fhir/sid/icd-9-cm", "http://hl7.org/fhir/sid/icd-9-cm"),
    ],
)
def test_icd_9_has_the_uris_of_the_version(version: str, diagnosis: str, procedure: str) -> None:
    old = replace(
        INPATIENT,
        diagnoses=(Diagnosis(role=DiagnosisRole.PRINCIPAL, code=Code(codes.ICD_9_CM, "25000")),),
        procedures=(Procedure(code=Code(codes.ICD_9_CM, "4701")),),
    )

    found = eob(old, version)

    assert found["diagnosis"][0]["diagnosisCodeableConcept"]["coding"][0] == {"system": diagnosis, "code": "250.00"}
    assert found["procedure"][0]["procedureCodeableConcept"]["coding"][0] == {"system": procedure, "code": "47.01"}


@pytest.mark.parametrize(
    ("version", "target"), [("2.0.0", "Practitioner/"), ("2.1.0", "#"), ("2.2.0", "Practitioner/")]
)
def test_the_prescriber_is_what_the_version_wants(version: str, target: str) -> None:
    found = eob(PHARMACY, version)

    assert all(member["provider"]["reference"].startswith(target) for member in found["careTeam"])
    contained = found.get("contained", [])
    assert [one["name"] for one in contained] == (["Jo Smith"] if version == "2.1.0" else [])


@pytest.mark.parametrize(("version", "entries"), [("2.0.0", 1), ("2.1.0", 1), ("2.2.0", 2)])
def test_several_line_reasons_are_one_entry_where_the_version_allows_one(version: str, entries: int) -> None:
    reasons = adjudications(eob(PROFESSIONAL, version)["item"][0], "adjustmentreason")
    rejects = adjudications(eob(PHARMACY, version)["item"][0], "rejectreason")

    assert len(reasons) == len(rejects) == entries
    assert [c["code"] for reason in reasons for c in reason["reason"]["coding"]] == ["45", "N130"]


@pytest.mark.parametrize(("version", "named"), [("2.0.0", True), ("2.1.0", True), ("2.2.0", False)])
def test_refills_authorized_are_stated_as_unknown_only_where_they_are_required(version: str, named: bool) -> None:
    assert bool(information_or_none(eob(replace(PHARMACY, pharmacy=None), version))) is named


def information_or_none(found: dict[str, Any]) -> list[dict[str, Any]]:
    return information(found, "refillsauthorized")


@pytest.mark.parametrize("version", VERSIONS)
def test_a_billing_provider_of_another_kind_is_named_by_npi(version: str) -> None:
    dentist = eob(replace(OUTPATIENT, billing_provider=DENTIST), version)["provider"]
    clinic = eob(replace(ORAL, billing_provider=CLINIC), version)["provider"]

    assert ("reference" in dentist) is (version == "2.2.0")
    assert ("reference" in clinic) is (version != "2.0.0")
    if version == "2.0.0":
        assert clinic["identifier"]["value"] == "1679576722"
        assert dentist["identifier"]["value"] == "1245319599"


@pytest.mark.parametrize("version", VERSIONS)
def test_a_health_account_payment_is_written_in_every_version_and_counts_where_the_version_knows_it(
    version: str,
) -> None:
    line = replace(
        PHARMACY.lines[0], amounts={Amount.PAID_BY_PATIENT_HEALTH_ACCOUNT: OUTPATIENT.lines[0].amounts[Amount.COPAY]}
    )

    found = eob(replace(PHARMACY, lines=(line,)), version)

    assert adjudications(found["item"][0], "paidbypatienthealthaccount")
    assert bool(adjudications(found["item"][0], "submitted")) is (version != "2.2.0")
    assert broken_rules(found, version) == []


def test_coding_versions_are_pinned_only_by_the_switch_and_only_in_2_2_0() -> None:
    assert "version" not in eob(INPATIENT, "2.2.0")["type"]["coding"][0]
    assert "version" not in eob(INPATIENT, "2.1.0", pins=True)["type"]["coding"][0]
    pinned = eob(INPATIENT, "2.2.0", pins=True)
    assert pinned["type"]["coding"][0]["version"] == "1.0.1"
    assert pinned["careTeam"][4]["role"]["coding"][0]["version"] == "1.0.0"


def test_pinned_identifier_types_reach_people_and_organizations() -> None:
    mapper = Mapper("s", "2.2.0", pin_coding_versions=True)
    member, payer = mapper.patient(MEMBER), mapper.organization(PAYER)

    assert isinstance(member, Mapped)
    assert isinstance(payer, Mapped)
    assert member.resource["identifier"][0]["type"]["coding"][0]["version"] == "5.0.0"
    assert payer.resource["identifier"][1]["type"]["coding"][0]["version"] == "5.0.0"


def test_an_unknown_version_is_refused() -> None:
    with pytest.raises(KeyError):
        Mapper("s", "1.0.0")


def test_no_module_but_the_guide_asks_for_the_version() -> None:
    asking = [
        path.name
        for path in FHIR.rglob("*.py")
        if path.name != "guide.py"
        and any(version in path.read_text(encoding="utf-8").split('"') for version in VERSIONS)
    ]

    assert asking == ["mapper.py"], "only the default of Mapper names a version"


@pytest.mark.parametrize("version", VERSIONS)
def test_codes_come_once_per_concept(version: str) -> None:
    assert code(eob(INPATIENT, version)["type"]) == "institutional"
