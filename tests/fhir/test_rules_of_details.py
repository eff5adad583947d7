"""The guide's rules for chains, coverages, transport, teeth, compounds, payment and labels."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import (
    CareTeamMember,
    CareTeamRole,
    Claim,
    ClaimLine,
    NetworkStatus,
    OralDetails,
    OtherPayer,
    Party,
    PartyKind,
)
from fhir_facade.fhir.mapper import Mapped, Mapper, Rejection
from fhir_facade.fhir.mapping_table.sample_claims import (
    COMPOUND,
    EVERYTHING,
    INPATIENT,
    ORAL,
    OUTPATIENT,
    PHARMACY,
    PROFESSIONAL,
    VISION,
)
from fhir_facade.fhir.mapping_table.sample_parts import LINE
from fhir_facade.fhir.mapping_table.sample_people import COVER, SMITH
from tests.fhir.mapped import KNOWN, adjudications, code, eob, findings, information


def test_a_newborn_admission_changes_the_system_of_the_point_of_origin() -> None:
    born = information(eob(replace(INPATIENT, admission_type="4", point_of_origin="5")), "pointoforigin")
    other = information(eob(INPATIENT), "pointoforigin")

    assert born[0]["code"]["coding"][0]["system"].endswith("PointOfOriginNewborn")
    assert other[0]["code"]["coding"][0]["system"].endswith("PointOfOrigin")


def test_a_replaced_claim_is_cancelled_and_names_its_neighbour() -> None:
    found = eob(replace(OUTPATIENT, prior_claims=(), replaced_by=(Identifier(system=None, value="next"),)))

    assert found["status"] == "cancelled"
    assert [(code(r["relationship"]), r["reference"]["value"]) for r in found["related"]] == [("replacedby", "next")]


def test_one_insurance_is_focal_and_another_carrier_is_named() -> None:
    second = replace(COVER, coverage_id="c2", payor_id="clinic")
    known = replace(KNOWN, coverages={**KNOWN.coverages, "c2": second})
    claim = replace(OUTPATIENT, other_payers=(OtherPayer(name="Other", coverage_id="c2"), OtherPayer(name="Third")))

    found = Mapper("s").claim(claim, known=known)

    assert isinstance(found, Mapped)
    assert found.resource["insurance"] == [
        {"focal": True, "coverage": {"reference": "Coverage/s-c1"}},
        {"focal": False, "coverage": {"reference": "Coverage/s-c2", "display": "Other"}},
        {"focal": False, "coverage": {"display": "Third"}},
    ]


def test_a_coverage_that_was_not_in_force_is_reported() -> None:
    words = "the coverage it names was not in force on the first day of service"

    assert words in findings(replace(OUTPATIENT, service_start=date(2019, 12, 31)))
    assert words not in findings(OUTPATIENT)


def test_transport_details_are_cited_by_the_line_of_the_trip_alone() -> None:
    found = eob(PROFESSIONAL)
    trip = {
        entry["sequence"] for entry in found["supportingInfo"] if "valueString" in entry or "valueQuantity" in entry
    }

    assert information(found, "roudtrippurpose")[0]["valueString"] == "Dialysis"
    assert information(found, "patientweight")[0]["valueQuantity"]["code"] == "[lb_av]"
    cited = [set(item.get("informationSequence", ())) for item in found["item"]]
    assert len(cited[1]) == len(cited[0]) + 7
    assert cited[1] & trip


def test_further_teeth_are_cited_and_their_line_has_a_first_one() -> None:
    line = replace(
        ORAL.lines[0],
        tooth=None,
        surfaces=(),
        additional_teeth=(Code(codes.TOOTH_NUMBER, "4"), Code(codes.TOOTH_NUMBER, "5")),
    )

    found = eob(replace(ORAL, lines=(line,)))

    (further,) = information(found, "additionalbodysite")
    assert code(found["item"][0]["bodySite"]) == "4"
    assert found["item"][0]["informationSequence"][0] == further["sequence"]


def test_a_prior_prosthesis_without_the_indicator_leaves_the_indicator_unknown() -> None:
    found = eob(replace(ORAL, oral=OralDetails(prior_prosthesis_on=date(2015, 1, 1))))

    assert "_valueBoolean" in information(found, "prosthesis")[0]


def test_a_compound_names_its_ingredients_or_at_least_its_main_one() -> None:
    full = eob(COMPOUND)["item"][0]
    main = eob(replace(COMPOUND, lines=(replace(PHARMACY.lines[0], rejects=()),)))["item"][0]

    assert code(full["productOrService"]) == code(main["productOrService"]) == "compound"
    assert [code(d["productOrService"]) for d in full["detail"]] == ["00093742456", "00093742401"]
    assert [code(d["productOrService"]) for d in main["detail"]] == ["00093742456"]


def test_what_the_pharmacy_profile_demands_and_the_source_lacks_is_stated_as_unknown() -> None:
    found = eob(replace(PHARMACY, pharmacy=None), "2.0.0")

    for category in ("dayssupply", "refillnum", "refillsauthorized"):
        assert information(found, category)[0]["valueQuantity"]["extension"][0]["valueCode"] == "unknown"
    assert code(information(found, "dawcode")[0]["code"]) == "0"
    assert "it has no DAW code; it is published as 0, no product selection indicated" in findings(
        replace(PHARMACY, pharmacy=None)
    )


def test_quantities_units_and_money_keep_the_digits_of_the_source() -> None:
    assert str(eob(PHARMACY)["item"][0]["quantity"]["value"]) == "30.000"
    assert str(eob(OUTPATIENT)["item"][0]["quantity"]["value"]) == "2.50"
    assert str(adjudications(eob(OUTPATIENT)["item"][0], "submitted")[0]["amount"]["value"]) == "150.10"


def test_a_line_whose_payment_status_is_unknown_says_other_unless_the_claim_says_more() -> None:
    bare = replace(LINE, benefit_payment=None)
    unsaid = eob(replace(PROFESSIONAL, transport=None, benefit_payment=None, lines=(bare,)))
    said = eob(replace(PROFESSIONAL, transport=None, lines=(bare,)))

    assert code(adjudications(unsaid["item"][0], "benefitpaymentstatus")[0]["reason"]) == "other"
    assert code(adjudications(said["item"][0], "benefitpaymentstatus")[0]["reason"]) == "innetwork"


def test_mixed_payment_of_the_lines_makes_the_claim_other() -> None:
    lines = (LINE, replace(LINE, number=7, benefit_payment=NetworkStatus.OUT_OF_NETWORK))

    found = eob(replace(OUTPATIENT, benefit_payment=None, lines=lines))

    assert code(adjudications(found, "benefitpaymentstatus")[0]["reason"]) == "other"


@pytest.mark.parametrize(("denied", "status"), [((True, True), "denied"), ((True, False), "partiallypaid")])
def test_payment_status_follows_from_denied_lines(denied: tuple[bool, bool], status: str) -> None:
    lines = tuple(replace(LINE, number=n, denied=flag) for n, flag in enumerate(denied, 1))

    assert code(eob(replace(OUTPATIENT, payment_status=None, lines=lines))["payment"]["type"]) == status


def test_a_role_without_a_code_in_the_profile_is_left_out_and_reported() -> None:
    team = (CareTeamMember(role=CareTeamRole.SUPERVISOR, provider=Party(PartyKind.PRACTITIONER, "smith")),)
    claim = replace(INPATIENT, care_team=team)

    assert "careTeam" not in eob(claim)
    assert "the profile has no code for the care team role supervisor; it is left out" in findings(claim)


def test_an_outpatient_rendering_provider_needs_a_taxonomy() -> None:
    team = (CareTeamMember(role=CareTeamRole.RENDERING, provider=Party(PartyKind.PRACTITIONER, "smith")),)

    assert "careTeam" not in eob(replace(OUTPATIENT, care_team=team))


def test_line_numbers_stay_those_of_the_source() -> None:
    assert [item["sequence"] for item in eob(PROFESSIONAL)["item"]] == [6, 25]


def test_a_local_code_goes_beside_not_applicable_on_an_institutional_line() -> None:
    line = replace(LINE, procedure=Code("https://state.test/codes", "X1"))

    found = eob(replace(OUTPATIENT, lines=(line,)))["item"][0]["productOrService"]

    assert [c["code"] for c in found["coding"]] == ["not-applicable", "X1"]


def test_instants_keep_their_digits() -> None:
    def shown(moment: datetime) -> str:
        return str(eob(replace(OUTPATIENT, last_updated=moment))["meta"]["lastUpdated"])

    assert shown(datetime(2015, 6, 4, tzinfo=UTC)) == "2015-06-04T00:00:00Z"
    assert shown(datetime(2015, 6, 4, 1, 2, 3, 120000, tzinfo=UTC)) == "2015-06-04T01:02:03.120Z"


def test_security_labels_are_act_codes() -> None:
    found = Mapper("s").claim(OUTPATIENT, labels=frozenset({"42CFRPart2"}))

    assert isinstance(found, Mapped)
    assert found.resource["meta"]["security"] == [
        {"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "42CFRPart2"}
    ]


def test_another_members_claim_is_rejected() -> None:
    foreign = replace(EVERYTHING, claims=(replace(OUTPATIENT, member_id="m9"),))

    (found,) = [one for one in Mapper("s").resources(foreign) if isinstance(one, Rejection)]

    assert found.reason == "claim claim-outpatient: it is another member's"


def test_an_unused_record_of_a_line_is_no_reason_to_lose_a_claim() -> None:
    assert isinstance(
        Mapper("s").claim(
            replace(VISION, lines=(ClaimLine(number=1, service_start=date(2024, 1, 1), place_of_service="11"),)),
            known=KNOWN,
        ),
        Mapped,
    )


def test_a_name_that_a_practitioner_lacks_is_stated_as_unknown() -> None:
    found = Mapper("s").practitioner(replace(SMITH, name=replace(SMITH.name, family=None)))

    assert isinstance(found, Mapped)
    assert found.resource["name"][0]["_family"]["extension"][0]["valueCode"] == "unknown"


@pytest.mark.parametrize("claim", [INPATIENT, PROFESSIONAL, VISION])
def test_a_claim_without_a_diagnosis_says_that_it_is_unknown(claim: Claim) -> None:
    found = Mapper("state").claim(replace(claim, diagnoses=()))

    assert isinstance(found, Mapped)
    (diagnosis,) = found.resource["diagnosis"]
    assert diagnosis["diagnosisCodeableConcept"]["coding"][0]["_code"]["extension"][0]["valueCode"] == "unknown"
    assert any("diagnosis" in finding for finding in found.findings)
