"""The invented population: repeatable, complete, and with numbers that prove themselves."""

from __future__ import annotations

import dataclasses
import re
import time
from collections import Counter
from datetime import UTC, date
from decimal import Decimal

import pytest

from fhir_facade.contracts.claims import Checkpoint, MemberRecords, Removed, RemovedKind
from fhir_facade.contracts.codes import CPT
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.records import Amount, Claim, ClaimKind, ClaimStatus, PaymentStatus
from fhir_facade_claims_synthetic import SyntheticSettings, SyntheticSource, numbers, plugin
from fhir_facade_claims_synthetic.settings import world

from .population import everybody, priced, source

FHIR_ID = re.compile(r"^[A-Za-z0-9\-.]{1,64}$")
CLAIMS = [claim for records in everybody() for claim in records.claims]


def opened(**settings: object) -> SyntheticSource:
    return SyntheticSource(world(SyntheticSettings(**settings)))


def state(claim: Claim) -> str:
    return "denied" if claim.payment_status is PaymentStatus.DENIED else claim.status.value


def test_the_same_settings_give_the_same_records():
    assert list(opened(members=30).changes(None)) == list(opened(members=30).changes(None))


def test_more_members_leave_the_others_as_they_are():
    few = [each for each in opened(members=25).changes(None) if isinstance(each, MemberRecords)]
    many = [each for each in opened(members=40).changes(None) if isinstance(each, MemberRecords)]
    assert many[: len(few)] == few


def test_another_seed_gives_another_population():
    one, other = (next(iter(opened(seed=seed).changes(None))) for seed in (1, 2))
    assert one.member.member_number != other.member.member_number
    assert one.claims != other.claims


@pytest.mark.parametrize("kind", list(ClaimKind))
@pytest.mark.parametrize("status", ["active", "cancelled", "denied"])
def test_every_kind_of_claim_occurs_in_every_status(kind, status):
    assert any(claim.kind is kind and state(claim) == status for claim in CLAIMS)


@pytest.mark.parametrize("kind", [ClaimKind.INPATIENT, ClaimKind.PROFESSIONAL, ClaimKind.PHARMACY])
def test_substance_use_occurs_in_every_kind_that_has_it(kind):
    def about_substances(claim: Claim) -> bool:
        by_diagnosis = any(each.code and re.match(r"F1[0-9]\.", each.code.value) for each in claim.diagnoses)
        return by_diagnosis or any(line.drug and line.drug.value == "12496120803" for line in claim.lines)

    assert any(claim.kind is kind and about_substances(claim) for claim in CLAIMS)


def test_amounts_of_every_claim_add_up():
    zero = Decimal("0.00")
    for claim in CLAIMS:
        for amounts in priced(claim):
            of = {kind: amounts.get(kind, zero) for kind in Amount}
            assert of[Amount.ELIGIBLE] == of[Amount.SUBMITTED] - of[Amount.NONCOVERED] - of[Amount.DISCOUNT]
            shared = of[Amount.DEDUCTIBLE] + of[Amount.COINSURANCE] + of[Amount.COPAY]
            assert of[Amount.MEMBER_LIABILITY] == shared + of[Amount.NONCOVERED]
            assert of[Amount.BENEFIT] == of[Amount.ELIGIBLE] - shared - of[Amount.PRIOR_PAYER_PAID]
            assert of[Amount.BENEFIT] == of[Amount.PAID_TO_PROVIDER] + of[Amount.PAID_TO_PATIENT]


def test_every_amount_has_exactly_two_decimals():
    for claim in CLAIMS:
        assert all(value.as_tuple().exponent == -2 for each in priced(claim) for value in each.values())


def test_institutional_amounts_stand_at_the_header_or_at_the_lines_never_both():
    shapes = set()
    for claim in CLAIMS:
        if claim.kind in (ClaimKind.INPATIENT, ClaimKind.OUTPATIENT):
            at_lines = [bool(line.amounts) for line in claim.lines]
            assert all(at_lines) != bool(claim.amounts)
            shapes.add((claim.kind, bool(claim.amounts)))
    assert len(shapes) == 4


def test_claims_with_header_amounts_have_nothing_adjudicated_at_their_lines():
    for claim in CLAIMS:
        if claim.amounts:
            assert not any(line.adjustments or line.allowed_units for line in claim.lines)


def test_every_id_is_a_fhir_id_and_used_once():
    ids = Counter()
    for records in everybody():
        ids[records.member.member_id] += 1
        ids.update(each.coverage_id for each in records.coverages)
        ids.update(each.representative_id for each in records.representatives)
        ids.update(claim.claim_id for claim in records.claims)
    assert max(ids.values()) == 1
    assert all(FHIR_ID.match(each) for each in ids)


def test_claim_numbers_are_unique_and_chains_lead_to_claims_of_the_same_member():
    assert len({claim.claim_number for claim in CLAIMS}) == len(CLAIMS)
    for records in everybody():
        by_number = {claim.claim_number: claim for claim in records.claims}
        for claim in records.claims:
            for number in claim.prior_claims:
                assert by_number[number].replaced_by == (claim.claim_number,)
                assert by_number[number].status is ClaimStatus.CANCELLED
            for number in claim.replaced_by:
                assert by_number[number].prior_claims == (claim.claim_number,)


def test_records_name_their_own_member_only():
    for records in everybody():
        member_id = records.member.member_id
        assert {each.member_id for each in (*records.claims, *records.coverages, *records.representatives)} <= {
            member_id
        }


def test_every_provider_that_a_claim_names_comes_along():
    for records in everybody():
        known = {each.organization_id for each in records.organizations}
        known |= {each.practitioner_id for each in records.practitioners}
        for claim in records.claims:
            assert claim.billing_provider.party_id in known
            assert {each.provider.party_id for each in claim.care_team} <= known
            assert {claim.payer_id, claim.facility_id or claim.payer_id} <= known


def test_every_claim_is_adjudicated_under_cover_of_its_first_day():
    for records in everybody():
        cover = {each.coverage_id: each for each in records.coverages}
        for claim in records.claims:
            of = cover[claim.coverage_id]
            assert of.payor_id == claim.payer_id
            assert of.starts_on <= claim.service_start
            assert of.ends_on is None or claim.service_start <= of.ends_on


def test_dates_of_a_claim_follow_each_other():
    today = world(SyntheticSettings()).today
    for claim in CLAIMS:
        days = [claim.service_start, claim.service_end, claim.received_on, claim.adjudicated_on, claim.paid_on, today]
        known = [day for day in days if day]
        assert known == sorted(known), claim.claim_id
        assert claim.last_updated.tzinfo is UTC
        assert claim.last_updated.date() >= claim.adjudicated_on


def test_no_service_comes_before_birth_or_after_death():
    for records in everybody():
        member = records.member
        for claim in records.claims:
            assert claim.service_start >= member.birth_date
            assert member.died_on is None or claim.service_start <= member.died_on


def test_no_cpt_codes_and_no_display_texts_are_shipped():
    codes = [code for claim in CLAIMS for line in claim.lines for code in (line.procedure, line.drug, *line.modifiers)]
    codes += [diagnosis.code for claim in CLAIMS for diagnosis in claim.diagnoses]
    present = [code for code in codes if code]
    assert present
    assert not any(code.display for code in present)
    assert not any(code.system == CPT for code in present)
    assert not any(re.fullmatch(r"\d{5}", code.value) for code in present)


def test_provider_numbers_are_invented_and_have_right_check_digits():
    providers = [each for records in everybody() for each in (*records.organizations, *records.practitioners)]
    for each in providers:
        assert re.fullmatch(r"9\d{9}", each.npi)
        assert numbers.luhn("80840" + each.npi[:9]) == each.npi[9]
        assert each.tax_id.startswith("89-")


def test_no_two_organizations_and_no_two_practitioners_share_an_npi():
    of = {each.npi: each.organization_id for records in everybody() for each in records.organizations}
    assert len(of) == len(set(of.values()))
    both = {each.npi for records in everybody() for each in records.practitioners}
    assert not both & of.keys()


def test_numbers_lead_back_to_the_member():
    for index in (0, 1, 99, 12_345, 9_999_999):
        assert numbers.index_of_medicaid_id(1, numbers.medicaid_id(1, index)) == index
        assert numbers.index_of_mbi(numbers.mbi(index)) == index
        assert numbers.index_of("c", numbers.local_id("c", index, 17)) == index
    assert numbers.mbi(3)[1] == "S"


@pytest.mark.parametrize(
    "text", ["", "x", "123456789", "12345678901", "１２３４５６７８９０", "0000000001", "12-4567890"]
)
def test_a_number_that_was_not_issued_leads_nowhere(text):
    assert numbers.index_of_medicaid_id(1, text) is None
    assert numbers.index_of_mbi(text) is None


def test_every_member_carries_texts_that_no_other_has():
    def texts(records: MemberRecords) -> set[str]:
        member = records.member
        own = {member.names[0].family, member.member_number.value, member.contacts[1].value}
        own |= {claim.claim_number.value for claim in records.claims}
        own |= {each.name for each in records.organizations if each.organization_id.startswith("own")}
        return own | {claim.patient_account_number for claim in records.claims if claim.patient_account_number}

    counted = Counter(text for records in everybody() for text in texts(records))
    assert max(counted.values()) == 1


def test_all_ages_of_medicaid_are_there():
    today = world(SyntheticSettings()).today
    ages = [(today - records.member.birth_date).days // 365 for records in everybody()]
    assert min(ages) == 0
    assert sum(age < 19 for age in ages) > 25
    assert sum(19 <= age < 65 for age in ages) > 25
    assert sum(age >= 65 for age in ages) > 10
    assert sum(len(records.coverages) > 1 for records in everybody()) > 20


def test_five_years_of_claims_end_with_the_last_day():
    days = [claim.service_start for claim in CLAIMS]
    assert date(2021, 10, 1) < min(days) < date(2021, 12, 31)
    assert date(2026, 10, 1) < max(days) <= date(2026, 10, 31)


def test_a_run_ends_with_a_finished_checkpoint_and_can_go_on_from_any_other():
    changes = list(opened(members=25).changes(None))
    marks = [each for each in changes if isinstance(each, Checkpoint)]
    assert [mark.finished for mark in marks] == [False] * 25 + [True]
    middle = changes.index(marks[11])
    assert list(opened(members=25).changes(marks[11].watermark)) == changes[middle + 1 :]


def test_after_a_finished_run_there_is_nothing_new():
    finished = list(opened(members=25).changes(None))[-1]
    assert list(opened(members=25).changes(finished.watermark)) == [finished]


def test_other_settings_start_over_and_remove_what_is_no_more():
    finished = list(opened(members=30).changes(None))[-1]
    changes = list(opened(members=28).changes(finished.watermark))
    removed = [each.record_id for each in changes if isinstance(each, Removed) and each.kind is RemovedKind.MEMBER]
    assert removed == ["m0000028", "m0000029"]
    assert len({each.member.member_id for each in changes if isinstance(each, MemberRecords)}) == 28


def test_a_broken_watermark_starts_over():
    assert list(opened(members=22).changes("garbage")) == list(opened(members=22).changes(None))


def test_claims_of_an_older_world_that_are_no_more_are_removed():
    finished = list(opened(members=25, years=5).changes(None))[-1]
    changes = list(opened(members=25, years=1).changes(finished.watermark))
    named = {claim.claim_id for each in changes if isinstance(each, MemberRecords) for claim in each.claims}
    before = {claim.claim_id for records in everybody()[:25] for claim in records.claims}
    removed = {each.record_id for each in changes if isinstance(each, Removed)}
    assert before - named <= removed
    assert named & removed == {"c0000006-0004"}


def test_a_hundred_members_are_made_within_seconds():
    started = time.perf_counter()
    claims = sum(len(each.claims) for each in opened().changes(None) if isinstance(each, MemberRecords))
    assert claims / (time.perf_counter() - started) > 3000


def test_progress_counts_members():
    assert source().progress().unit == "members"
    assert source().progress().total == 100


@pytest.mark.parametrize("settings", [{"members": 3}, {"years": 0}, {"today": "2026-02-30"}, {"today": "soon"}])
def test_settings_out_of_range_are_refused(settings):
    with pytest.raises(ConfigError, match=next(iter(settings))):
        plugin.open(SyntheticSettings(**settings), None)


def test_every_fault_of_the_settings_is_told_at_once():
    with pytest.raises(ConfigError) as caught:
        world(SyntheticSettings(members=1, years=99, today="x"))
    assert len(caught.value.faults) == 3


def test_every_setting_says_what_it_is():
    assert all(each.metadata["help"] for each in dataclasses.fields(SyntheticSettings))
