"""Each member with a story really has it."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from fhir_facade.contracts.codes import TOOTH_SURFACE
from fhir_facade.contracts.records import Amount, Claim, ClaimKind, ClaimStatus, PartyKind, PaymentStatus
from fhir_facade_claims_synthetic.stories import STORIES, named_members

from .population import named, priced, source, total

TODAY = date(2026, 10, 31)
COMPLETE = ("ingrid", "otto", "priya", "roxana", "oralia", "alma")


def kinds(username: str) -> list[ClaimKind]:
    return [claim.kind for claim in named(username).claims]


def test_twenty_members_have_a_story_and_the_complete_ones_come_first():
    members = [each for each in source().named_members() if "medicaid-id" in each.evidence]
    assert len(members) == 20
    assert tuple(each.username for each in members[:6]) == COMPLETE


def test_every_log_in_has_its_own_name_a_password_and_one_sentence():
    everyone = source().named_members()
    assert len({each.username for each in everyone}) == len(everyone) == 22
    for each in everyone:
        assert each.password == f"sandbox-{each.username}"
        assert re.fullmatch(r"[A-Z].*\.", each.story)


def test_evidence_of_each_log_in_matches_one_record_or_one_for_each_member_somebody_acts_for():
    several = {each.username: len(source().match(each.evidence)) for each in named_members(1)}
    assert {name: found for name, found in several.items() if found != 1} == {"paula": 2}


@pytest.mark.parametrize("username", COMPLETE)
def test_complete_members_start_with_a_complete_claim(username):
    chart = named(username)
    first = chart.claims[0]
    assert first.status is ClaimStatus.ACTIVE
    assert first.prior_claims
    assert first.payee.party.kind is PartyKind.REPRESENTATIVE
    assert first.payee.party.party_id == chart.representatives[0].representative_id
    assert first.care_team
    assert first.notes
    assert all(line.note_numbers for line in first.lines)
    (other,) = first.other_payers
    cover = {each.coverage_id: each for each in chart.coverages}
    assert cover[other.coverage_id].payor_id != first.payer_id
    own = cover[first.coverage_id]
    assert all((own.group_id, own.group_name, own.plan_id, own.plan_name, own.starts_on))


def test_the_insurer_of_a_complete_claim_has_all_four_identifiers_and_an_address():
    records = named("alma").records()
    insurer = next(each for each in records.organizations if each.organization_id == records.claims[0].payer_id)
    assert all((insurer.npi, insurer.tax_id, insurer.naic, insurer.payer_id.value))
    assert insurer.payer_id.system is None
    assert insurer.contacts
    assert insurer.addresses[0].postal_code


def test_ingrid_has_two_inpatient_claims_one_with_header_and_one_with_line_amounts():
    claims = named("ingrid").claims
    assert kinds("ingrid") == [ClaimKind.INPATIENT] * 2
    assert [bool(claim.amounts) for claim in claims] == [False, True]
    assert claims[0].procedures[0].performed_on
    assert all(claim.drg.version for claim in claims)


def test_otto_has_two_outpatient_claims_one_with_header_and_one_with_line_amounts():
    assert kinds("otto") == [ClaimKind.OUTPATIENT] * 2
    assert [bool(claim.amounts) for claim in named("otto").claims] == [False, True]


def test_priya_rode_in_an_ambulance_and_saw_her_doctor():
    claims = named("priya").claims
    assert set(kinds("priya")) == {ClaimKind.PROFESSIONAL}
    trip = claims[0].transport
    assert all((trip.patient_weight_lb, trip.reason, trip.distance_miles, trip.round_trip_purpose))
    assert all((trip.stretcher_purpose, trip.pickup_location, trip.dropoff_location))
    assert claims[-1].transport is None
    assert claims[-1].facility_id


def test_roxana_has_a_compound_a_rejected_claim_and_an_ordinary_drug():
    compound, rejected, ordinary = named("roxana").claims
    assert len(compound.lines[0].ingredients) == 3
    assert rejected.lines[0].rejects
    assert rejected.payment_status is PaymentStatus.DENIED
    assert ordinary.lines[0].drug
    assert set(kinds("roxana")) == {ClaimKind.PHARMACY}


def test_oralia_has_tooth_surfaces_a_second_tooth_missing_teeth_braces_and_a_denture():
    claim = named("oralia").claims[0]
    line = claim.lines[0]
    assert {code.system for code in line.surfaces} == {TOOTH_SURFACE}
    assert line.tooth
    assert line.additional_teeth
    assert all((claim.oral.missing_teeth, claim.oral.orthodontics_months, claim.oral.prosthesis_replacement))
    assert claim.billing_provider.kind is PartyKind.PRACTITIONER


def test_alma_has_two_claims_of_each_of_the_five_kinds_on_one_page():
    everything = kinds("alma")
    assert len(everything) == 10
    assert all(everything.count(kind) == 2 for kind in set(ClaimKind) - {ClaimKind.VISION})


def test_dean_has_a_denial_he_owes_one_the_provider_bears_and_a_deleted_claim():
    chart = named("dean")
    denied = [claim for claim in chart.claims if claim.payment_status is PaymentStatus.DENIED]
    owed = [total(claim, Amount.MEMBER_LIABILITY) for claim in denied]
    assert owed[0] == total(denied[0], Amount.SUBMITTED) > 0
    assert owed[1] == 0
    assert all(total(claim, Amount.BENEFIT) == 0 and claim.paid_on is None for claim in denied)
    assert [claim.claim_id for claim in chart.deleted] == ["c0000006-0004"]
    assert chart.deleted[0] not in chart.claims


def chain(username: str, first: Claim) -> list[Claim]:
    by_number = {claim.claim_number: claim for claim in named(username).claims}
    links = [first]
    while links[-1].replaced_by:
        links.append(by_number[links[-1].replaced_by[0]])
    return links


def test_adele_has_a_pair_and_a_chain_of_three_whose_last_claim_is_active():
    starts = [claim for claim in named("adele").claims if claim.replaced_by and not claim.prior_claims]
    chains = [chain("adele", start) for start in starts]
    assert sorted(len(links) for links in chains) == [2, 3]
    for links in chains:
        assert [link.status.value for link in links] == ["cancelled"] * (len(links) - 1) + ["active"]
        assert total(links[-1], Amount.BENEFIT) > total(links[0], Amount.BENEFIT)
        moments = [link.last_updated for link in links]
        assert moments == sorted(moments)


def test_rhea_has_reversals_that_add_up_to_nothing():
    claims = named("rhea").claims
    reversed_ones = [claim for claim in claims if claim.replaced_by]
    assert {claim.kind for claim in reversed_ones} == {ClaimKind.PHARMACY, ClaimKind.PROFESSIONAL}
    for claim in reversed_ones:
        taken_back = chain("rhea", claim)[-1]
        assert taken_back.status is ClaimStatus.CANCELLED
        assert total(claim, Amount.BENEFIT) + total(taken_back, Amount.BENEFIT) == Decimal(0)
        assert total(taken_back, Amount.SUBMITTED) < 0


def test_duane_is_dual_eligible_and_medicare_paid_first():
    chart = named("duane")
    medicare = next(each for each in chart.coverages if each.payor_id == "carrier-medicare")
    shared = [claim for claim in chart.claims if claim.other_payers]
    assert len(shared) == 8
    for claim in shared:
        assert claim.other_payers[0].coverage_id == medicare.coverage_id
        assert total(claim, Amount.PRIOR_PAYER_PAID) > total(claim, Amount.BENEFIT)
    assert {key.kind for key in chart.member.match_keys} == {"medicaid-id", "mbi"}


def test_vivian_has_a_vision_claim_a_year_and_glasses_every_other():
    claims = named("vivian").claims
    assert kinds("vivian") == [ClaimKind.VISION] * 5
    assert [len(claim.lines) for claim in claims] == [3, 1, 3, 1, 3]


def test_nia_is_a_newborn_and_her_first_claim_is_her_birth():
    chart = named("nia")
    birth = chart.claims[-1]
    assert (TODAY - chart.member.birth_date).days < 366
    assert birth.service_start == chart.member.birth_date
    assert (birth.kind, birth.admission_type, birth.point_of_origin) == (ClaimKind.INPATIENT, "4", "5")
    assert birth.diagnoses[0].code.value == "Z38.00"


def test_sam_has_substance_use_and_other_care():
    def about(claim: Claim) -> bool:
        return any(re.match(r"F1[0-9]", each.code.value) for each in claim.diagnoses)

    claims = named("sam").claims
    assert {claim.kind for claim in claims if about(claim)} == {ClaimKind.INPATIENT, ClaimKind.PROFESSIONAL}
    assert any(line.drug and line.drug.value == "12496120803" for claim in claims for line in claim.lines)
    assert {claim.kind for claim in claims if not about(claim)} >= {ClaimKind.PROFESSIONAL, ClaimKind.ORAL}


def test_nora_is_covered_and_has_no_claims():
    assert named("nora").claims == ()
    assert named("nora").coverages


def test_manny_has_more_than_a_thousand_claims():
    assert len(named("manny").claims) > 1000


def test_greta_has_lived_in_a_nursing_facility_for_two_years_and_has_a_guardian():
    chart = named("greta")
    months = [claim for claim in chart.claims if claim.kind is ClaimKind.INPATIENT]
    assert len(months) >= 24
    assert {claim.discharged_on for claim in months} == {None}
    assert len({claim.admitted_on for claim in months}) == 1
    assert chart.representatives[0].relationship.value == "GUARD"
    assert chart.representatives[0].match_keys


def test_bea_is_a_minor_with_braces_and_her_mother_can_log_in():
    chart = named("bea")
    braces = [claim for claim in chart.claims if claim.oral]
    assert (TODAY - chart.member.birth_date).days < 18 * 365
    assert len(braces) == 18
    assert {claim.oral.orthodontics_months for claim in braces} == {18}
    assert chart.representatives[0].relationship.value == "MTH"
    assert chart.representatives[0].match_keys


def test_zoe_has_letters_of_several_scripts():
    name = named("zoe").member.names[0]
    assert not (name.given[0] + name.family).isascii()
    assert named("zoe").claims


def test_dorothy_died_and_her_last_stay_ended_that_day():
    chart = named("dorothy")
    last = next(claim for claim in chart.claims if claim.discharge_status == "20")
    assert last.discharged_on == chart.member.died_on
    assert all(each.ends_on == chart.member.died_on for each in chart.coverages)


def test_the_older_record_of_marge_points_to_the_one_that_stays():
    merged = next(index for index, story in enumerate(STORIES) if story.username is None)
    older = source().member(f"m{merged:07d}")
    assert older.merged_into == named("marge").member.member_id
    assert named("marge").member.merged_into is None


def test_no_story_claims_more_than_its_data_hold():
    for username in (story.username for story in STORIES if story.username):
        for claim in named(username).claims:
            assert claim.lines
            assert priced(claim)
