"""Dental claims, transport, drugs, added lines, and who a payment is for."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from fhir_facade.contracts.codes import CDT, NDC, TOOTH_NUMBER, TOOTH_SURFACE, Code
from fhir_facade.contracts.records import Amount, ClaimKind
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade.fhir.mapping_table.table import mapping_rows
from fhir_facade_claims_x12.fields import FIELDS

from .interchanges import DENTAL, DENTAL_PAID, ambulance, interchange, load, office, paid, payment, subscriber

CLAIM = interchange("837P", [*subscriber(), *office()])


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "in"


def test_a_dental_claim_keeps_teeth_surfaces_and_prostheses(folder):
    files = {"a": interchange("837D", DENTAL), "b": interchange("835", payment(DENTAL_PAID))}
    loaded = load(folder, files, network="innetwork")
    (claim,) = loaded.claims
    first, second = claim.lines
    assert claim.kind is ClaimKind.ORAL
    assert first.procedure == Code(CDT, "D2392")
    assert first.tooth == Code(TOOTH_NUMBER, "14")
    assert first.surfaces == (Code(TOOTH_SURFACE, "M"), Code(TOOTH_SURFACE, "O"))
    assert first.additional_teeth == (Code(TOOTH_NUMBER, "15"),)
    assert second.place_of_service == "11"
    assert claim.oral.orthodontics_months == 18
    assert claim.oral.missing_teeth == (Code(TOOTH_NUMBER, "32"),)
    assert (claim.oral.prosthesis_replacement, claim.oral.prior_prosthesis_on) == (True, date(2020, 1, 1))
    assert claim.oral.appliance_placed_on == date(2025, 6, 1)
    for records in loaded.records:
        assert all(isinstance(each, Mapped) for each in Mapper("x12", "2.2.0", False).resources(records))


def test_an_ambulance_claim_keeps_its_transport_details(folder):
    files = {"a": interchange("837P", ambulance()), "b": interchange("835", payment(paid()))}
    (claim,) = load(folder, files).claims
    assert claim.transport.patient_weight_lb == Decimal("155.5")
    assert (claim.transport.reason, claim.transport.distance_miles) == ("A", Decimal(21))
    assert claim.transport.stretcher_purpose == "Patient could not sit"
    assert claim.transport.pickup_location == "1 SAGE ST, TAOS, NM, 87571"
    assert claim.transport.dropoff_location == "9 HILL RD, TAOS, NM, 87571"
    assert all(line.transport for line in claim.lines)


def test_a_drug_on_a_line_keeps_ndc_and_quantity(folder):
    body = [*subscriber(), *office()]
    place = body.index("REF*6R*A2")
    body[place:place] = ["LIN**N4*00004196501", "CTP****7.50*UN"]
    (claim,) = load(folder, {"a": interchange("837P", body), "b": interchange("835", payment(paid()))}).claims
    drug = claim.lines[1]
    assert (drug.drug, drug.quantity, drug.quantity_unit) == (Code(NDC, "00004196501"), Decimal("7.50"), "UN")


def test_a_line_that_the_payer_added_is_kept(folder):
    decided = [*paid(), "SVC*HC:99000*0.00*0.00**1", "DTM*472*20251201", "CAS*CO*97*0.00"]
    (claim,) = load(folder, {"a": CLAIM, "b": interchange("835", payment(decided))}).claims
    assert [line.number for line in claim.lines] == [1, 2, 3]
    assert claim.lines[2].procedure.value == "99000"
    assert claim.lines[2].place_of_service == "11"


def test_lines_without_control_numbers_are_found_by_service_and_charge(folder):
    decided = [each for each in paid() if not each.startswith("REF*6R")]
    decided = [*decided[:3], *decided[9:], *decided[3:9]]
    (claim,) = load(folder, {"a": CLAIM, "b": interchange("835", payment(decided))}).claims
    assert [line.amounts[Amount.BENEFIT] for line in claim.lines] == [Decimal("60.00"), Decimal("30.00")]


def test_two_members_with_the_same_control_number_do_not_get_each_others_payments(folder):
    other = interchange("837P", [*subscriber("M2", "BEGAY", "TOM"), *office()])
    theirs = [each.replace("ORTIZ*ANA", "BEGAY*TOM") for each in paid(number="ICN2", member="M2")]
    loaded = load(folder, {"a": CLAIM, "b": other, "c": interchange("835", payment(paid(), theirs))})
    assert loaded.rejects == []
    numbers = {
        each.member.names[0].family: [claim.claim_number.value for claim in each.claims] for each in loaded.records
    }
    assert numbers == {"ORTIZ": ["ICN1"], "BEGAY": ["ICN2"]}


@pytest.mark.parametrize(
    ("old", "new"),
    [("MI*M1", "MI*M9"), ("*ORTIZ*ANA", "*ORTIZ*TOM")],
)
def test_a_payment_for_somebody_else_is_not_joined(folder, old, new):
    decided = [each.replace(old, new) for each in paid()]
    loaded = load(folder, {"a": CLAIM, "b.835": interchange("835", payment(decided))})
    assert loaded.claims == []
    assert [(file, reason) for file, _, reason in loaded.rejects] == [
        ("b.835", "the payment is for a claim that is in no 837 file")
    ]


def test_a_payment_without_the_insureds_number_needs_provider_and_charge(folder):
    decided = [each.replace("****MI*M1", "") for each in paid()]
    good = load(folder, {"a": CLAIM, "b": interchange("835", payment(decided))})
    assert len(good.claims) == 1
    other_payee = [each.replace("1234567893", "1999999992") for each in payment(decided)]
    assert load(folder, {"b": interchange("835", other_payee)}).claims == []


def test_a_dependent_is_a_member_of_their_own(folder):
    family = subscriber()
    family[family.index("HL*2*1*22*0")] = "HL*2*1*22*1"
    child = ["HL*3*2*23*0", "PAT*19", "NM1*QC*1*ORTIZ*LEO", "N3*2 SAGE ST", "N4*TAOS*NM*87571", "DMG*D8*20150607*M"]
    decided = [each.replace("*ORTIZ*ANA", "*ORTIZ*LEO") for each in paid()]
    files = {"a": interchange("837P", [*family, *child, *office()]), "b": interchange("835", payment(decided))}
    (records,) = load(folder, files).records
    assert records.member.names[0].given == ("LEO",)
    assert (records.member.birth_date, records.member.gender) == (date(2015, 6, 7), "male")
    assert records.member.match_keys == ()
    assert len(records.claims) == 1


def enrolment(*segments: str, day: str = "20250102") -> str:
    return interchange("834", ["BGN*00*1*20250102*1200****2", "N1*P5*STATE", "N1*IN*PAYER", *segments], day=day)


ANA = ["INS*Y*18*021*20*A***FT", "REF*0F*M1", "REF*1L*GRP9", "NM1*IL*1*ORTIZ*ANA*MARIA***34*987651234"]
ANA_AT = ["PER*IP**HP*5055550101*EM*ana@example.org", "N3*2 SAGE ST", "N4*TAOS*NM*87571**CY*TAOS", "DMG*D8*19800203*F"]


def test_an_enrolment_says_who_the_member_is_and_what_covers_them(folder):
    add = enrolment(*ANA, *ANA_AT, "HD*021**HLT*STANDARD", "DTP*348*D8*20250101")
    (records,) = load(folder, {"e": add, "a": CLAIM, "b": interchange("835", payment(paid()))}).records
    member, (cover,) = records.member, records.coverages
    assert member.names[0].given == ("ANA", "MARIA")
    assert [each.value for each in member.contacts] == ["5055550101", "ana@example.org"]
    assert member.addresses[0].district == "TAOS"
    assert (cover.starts_on, cover.ends_on, cover.plan_id, cover.group_id) == (
        date(2025, 1, 1),
        None,
        "STANDARD",
        "GRP9",
    )
    assert records.claims[0].coverage_id == cover.coverage_id
    assert "987651234" not in repr(records)


def test_a_later_enrolment_ends_cover_and_says_that_the_member_died(folder):
    add = enrolment(*ANA, *ANA_AT, "HD*021**HLT*STANDARD", "DTP*348*D8*20250101")
    ended = ["INS*Y*18*024*03*A***TE*****D8*20251130", *ANA[1:], *ANA_AT, "DTP*357*D8*20251130"]
    ended[0] = "INS*Y*18*024*03*A***TE***D8*20251130"
    (records,) = load(folder, {"e1": add, "e2": enrolment(*ended, day="20251205")}).records
    assert records.member.died_on == date(2025, 11, 30)
    assert records.coverages[0].ends_on == date(2025, 11, 30)
    assert records.coverages[0].status == "cancelled"


def test_a_new_span_ends_the_one_before(folder):
    first = enrolment(*ANA, *ANA_AT, "HD*021**HLT*OLD", "DTP*348*D8*20250101")
    second = enrolment(*ANA, *ANA_AT, "HD*001**HLT*NEW", "DTP*348*D8*20250701", day="20250702")
    (records,) = load(folder, {"e1": first, "e2": second}).records
    assert [(each.plan_id, each.starts_on, each.ends_on) for each in records.coverages] == [
        ("NEW", date(2025, 7, 1), None),
        ("OLD", date(2025, 1, 1), date(2025, 6, 30)),
    ]


def test_the_member_number_is_the_key_to_log_in_and_no_part_of_an_id(folder):
    loaded = load(folder, {"a": CLAIM, "b": interchange("835", payment(paid()))}, match_key="state-id")
    (records,) = loaded.records
    assert [(key.kind, key.value) for key in records.member.match_keys] == [("state-id", "M1")]
    assert "M1" not in records.member.member_id


def test_the_mapping_spreadsheet_leads_every_x12_element_to_fhir():
    rows = mapping_rows("2.2.0", FIELDS)
    assert [row["source field"] for row in rows if not row["FHIR path"]] == []
    assert {row["table"] for row in rows} == {"834", "835", "837"}
