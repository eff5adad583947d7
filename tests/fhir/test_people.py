"""Members, cover, providers and representatives as resources."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Address, Identifier, Name
from fhir_facade.fhir.encode import encode, finish
from fhir_facade.fhir.identifiers import is_npi
from fhir_facade.fhir.ids import facade_id, is_fhir_id
from fhir_facade.fhir.mapper import Mapped, Mapper, Rejection
from fhir_facade.fhir.mapping_table.sample_people import COVER, FORMER_MEMBER, MEMBER, MOTHER, PAYER, SMITH
from fhir_facade.fhir.outcome import issue, outcome

MAPPER = Mapper("s")


def resource(found: Mapped | Rejection) -> dict[str, Any]:
    assert isinstance(found, Mapped), found
    return found.resource


def test_a_patient_carries_what_the_sandbox_checklist_wants() -> None:
    found = resource(MAPPER.patient(MEMBER))

    assert [i["type"]["coding"][0]["code"] for i in found["identifier"]] == ["MB", "um"]
    assert found["name"][0]["given"] == ["Ana", "Luz"]
    assert found["name"][1]["use"] == "old"
    assert found["deceasedDateTime"] == "2024-05-01"
    assert found["communication"][0]["preferred"] is True
    assert {e["url"].rsplit("/", 1)[1] for e in found["extension"]} == {
        "us-core-race",
        "us-core-ethnicity",
        "us-core-birthsex",
    }


def test_match_keys_never_reach_a_resource() -> None:
    assert b"secret-1" not in finish(resource(MAPPER.patient(MEMBER)))[0]


def test_a_race_that_is_no_omb_category_stands_in_the_text_alone() -> None:
    found = resource(MAPPER.patient(replace(MEMBER, races=(Code(codes.RACE_ETHNICITY, "1586-7", display="Shoshone"),))))

    assert found["extension"][0]["extension"] == [{"url": "text", "valueString": "Shoshone"}]


def test_a_merged_member_leads_to_the_survivor() -> None:
    found = resource(MAPPER.patient(FORMER_MEMBER))

    assert found["active"] is False
    assert found["link"] == [{"other": {"reference": "Patient/s-m1"}, "type": "replaced-by"}]
    assert found["deceasedBoolean"] is True


def test_an_address_that_ends_before_it_starts_keeps_its_start() -> None:
    odd = Address(city="Olympia", start=date(2020, 1, 1), end=date(2019, 1, 1))

    assert resource(MAPPER.patient(replace(MEMBER, addresses=(odd,))))["address"][0]["period"] == {
        "start": "2020-01-01"
    }


def test_the_name_of_a_member_without_one_is_said_to_be_unknown() -> None:
    found = resource(MAPPER.patient(replace(MEMBER, names=(Name(prefix="Dr"),))))

    assert found["name"][0]["extension"][0]["valueCode"] == "unknown"


def test_coverage_carries_group_plan_payer_and_the_member_number() -> None:
    found = resource(MAPPER.coverage(COVER, member=MEMBER))

    assert found["identifier"][0]["value"] == "W-100"
    assert [(c["type"]["coding"][0]["code"], c["value"], c["name"]) for c in found["class"]] == [
        ("group", "G1", "Group"),
        ("plan", "P1", "Plan"),
    ]
    assert found["payor"] == [{"reference": "Organization/s-payer"}]


def test_a_plan_known_by_name_alone_says_that_its_id_is_unknown() -> None:
    found = resource(MAPPER.coverage(replace(COVER, plan_id=None, group_id=None, group_name=None)))

    assert "_value" in found["class"][0]


@pytest.mark.parametrize("npi", ["1234567893", "1679576722", "1245319599", "1003000126"])
def test_a_right_check_digit_makes_an_npi(npi: str) -> None:
    assert is_npi(npi)
    assert not is_npi(npi[:9] + str((int(npi[9]) + 1) % 10))


def test_a_number_with_a_wrong_check_digit_is_a_plain_provider_number() -> None:
    found = resource(MAPPER.organization(replace(PAYER, npi="1234567890")))

    assert found["identifier"][0]["type"]["coding"][0]["code"] == "PRN"
    assert all(i.get("system") != "http://hl7.org/fhir/sid/us-npi" for i in found["identifier"])
    assert "1234567890" in [i["value"] for i in found["identifier"]]


def test_an_organization_carries_npi_tax_laboratory_naic_and_payer_numbers() -> None:
    found = resource(MAPPER.organization(PAYER))["identifier"]

    assert [i.get("system") for i in found[:5]] == [
        "http://hl7.org/fhir/sid/us-npi",
        "urn:oid:2.16.840.1.113883.4.4",
        "urn:oid:2.16.840.1.113883.4.7",
        "urn:oid:2.16.840.1.113883.6.300",
        None,
    ]


def test_a_practitioner_without_npi_says_that_the_tax_id_is_unknown() -> None:
    found = resource(MAPPER.practitioner(replace(SMITH, npi=None, tax_id=None)))

    assert found["identifier"][0]["system"] == "urn:oid:2.16.840.1.113883.4.4"
    assert "_value" in found["identifier"][0]


def test_a_representative_carries_relationship_and_time() -> None:
    found = resource(MAPPER.related_person(MOTHER))

    assert found["relationship"][0]["coding"][0]["code"] == "MTH"
    assert found["period"] == {"start": "2020-01-01", "end": "2030-01-01"}


def test_a_representative_without_name_and_relationship_is_rejected() -> None:
    found = MAPPER.related_person(replace(MOTHER, name=None, relationship=None))

    assert isinstance(found, Rejection)


def test_an_id_that_fhir_cannot_hold_becomes_a_stable_hash() -> None:
    odd = facade_id("medical", "claim/7 ü" * 20)

    assert is_fhir_id(odd)
    assert odd == facade_id("medical", "claim/7 ü" * 20)
    assert odd != facade_id("medical", "claim/8 ü" * 20)
    assert facade_id("medical", "-7.a") == "medical--7.a"


def test_the_version_of_a_resource_is_a_hash_of_its_content() -> None:
    def version(name: str) -> str:
        return finish(resource(MAPPER.organization(replace(PAYER, name=name))))[1]

    assert version("A") == version("A")
    assert version("A") != version("B")


def test_finishing_twice_changes_nothing() -> None:
    payer = resource(MAPPER.organization(PAYER))

    assert finish(payer) == finish(payer)
    assert finish(payer)[0] == encode(payer)


def test_an_identifier_system_that_is_no_uri_is_refused() -> None:
    found = MAPPER.patient(replace(MEMBER, member_number=Identifier(system="members", value="1")))

    assert isinstance(found, Rejection)
    assert found.reason == "member: the system of the member number is not an absolute URI"


def test_an_operation_outcome_names_code_and_place() -> None:
    assert outcome(issue("invalid", "No such date.", expression="http.service-date")) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "invalid",
                "diagnostics": "No such date.",
                "expression": ["http.service-date"],
            }
        ],
    }
