"""Live look-ups answer exactly what an extract run hands over."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from fhir_facade.contracts.claims import (
    ClaimQuery,
    ExtractSource,
    FindsRepresented,
    HasNamedMembers,
    LiveSource,
    Removed,
)
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import Claim, ClaimKind

from .population import everybody, source

SAMPLE = everybody()[:40]


def pages(member_id: str, count: int, **filters: object) -> list[Claim]:
    found, after = [], None
    while True:
        page = source().search(ClaimQuery(member_id=member_id, count=count, after=after, **filters))
        found += page.claims
        assert len(page.claims) <= count
        if not page.more:
            return found
        after = (page.claims[-1].service_start, page.claims[-1].claim_id)


def test_the_source_has_both_faces_and_named_members():
    assert isinstance(source(), ExtractSource)
    assert isinstance(source(), LiveSource)
    assert isinstance(source(), HasNamedMembers)


def test_the_claims_of_an_extract_are_those_of_a_live_search_in_the_same_order():
    for records in SAMPLE:
        for count in (1, 7, 100) if len(records.claims) < 100 else (100,):
            assert pages(records.member.member_id, count) == list(records.claims)


def test_order_is_newest_service_first_then_id():
    for records in SAMPLE:
        keys = [(-claim.service_start.toordinal(), claim.claim_id) for claim in records.claims]
        assert keys == sorted(keys)


def test_member_cover_and_representatives_are_the_same_in_both_faces():
    for records in SAMPLE:
        member_id = records.member.member_id
        assert source().member(member_id) == records.member
        assert source().coverages(member_id) == records.coverages
        assert source().representatives(member_id) == records.representatives


def test_a_representative_leads_to_the_member_they_stand_by():
    people = [each for records in SAMPLE for each in records.representatives]
    assert people
    assert all(source().represented(each.representative_id) == [each.member_id] for each in people)
    assert source().represented("r9999999-0001") == source().represented("nobody") == []
    assert isinstance(source(), FindsRepresented)


def test_each_claim_and_provider_can_be_looked_up():
    for records in SAMPLE:
        for claim in records.claims[:5]:
            assert source().claim(records.member.member_id, claim.claim_id) == claim
        ids = [each.organization_id for each in records.organizations]
        ids += [each.practitioner_id for each in records.practitioners]
        found = source().providers(ids)
        assert found.organizations == records.organizations
        assert found.practitioners == records.practitioners


def test_cover_is_newest_first_within_medicaid():
    for records in SAMPLE:
        starts = [each.starts_on for each in records.coverages if not each.coverage_id.endswith("-0009")]
        assert starts == sorted(starts, reverse=True)


def test_another_members_claim_and_an_unknown_one_are_both_nothing():
    one, other = SAMPLE[0], SAMPLE[1]
    assert source().claim(one.member.member_id, other.claims[0].claim_id) is None
    assert source().claim(one.member.member_id, "c9999999-0001") is None
    assert source().claim("m9999999", one.claims[0].claim_id) is None


@pytest.mark.parametrize(
    "text", ["", "m", "m-1", "m0000100", "m00000001", "m1", "M0000001", "m0000001 ", "m٠٠٠٠٠٠١", "x"]
)
def test_an_id_that_was_not_issued_finds_nobody(text):
    assert source().member(text) is None
    assert source().coverages(text) == ()
    assert source().representatives(text) == ()
    assert source().search(ClaimQuery(member_id=text, count=10)).claims == ()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hosp-0",
        "hosp-9",
        "hosp-x",
        "hosp-01",
        "own",
        "own-1",
        "own0000001-2",
        "dr0000001-9",
        "prac-61",
        "prac-",
        "prac-01",
    ],
)
def test_a_provider_id_that_was_not_issued_is_left_out(text):
    found = source().providers([text])
    assert found.organizations == ()
    assert found.practitioners == ()


def test_filters_find_every_claim_that_fits():
    for records in SAMPLE[:12]:
        member_id = records.member.member_id
        for claim in records.claims[:3]:
            assert claim in pages(member_id, 50, kinds=frozenset({claim.kind}))
            assert claim in pages(member_id, 50, identifiers=(Identifier(system=None, value=claim.claim_number.value),))
            assert pages(member_id, 50, claim_ids=(claim.claim_id,)) == [claim]
            end = claim.service_end or claim.service_start
            assert claim in pages(member_id, 50, service_from=end, service_to=claim.service_start)
            assert claim not in pages(member_id, 50, service_from=end + timedelta(days=1))
            assert claim not in pages(member_id, 50, service_to=claim.service_start - timedelta(days=1))
            assert claim in pages(member_id, 50, updated_from=claim.last_updated, updated_to=claim.last_updated)
            assert claim not in pages(member_id, 50, updated_from=claim.last_updated + timedelta(milliseconds=1))


def test_a_kind_that_a_member_never_had_finds_nothing():
    assert pages(SAMPLE[0].member.member_id, 10, kinds=frozenset({ClaimKind.ORAL})) == []
    assert pages(SAMPLE[0].member.member_id, 10, service_to=date(1999, 1, 1)) == []


def test_match_keys_lead_to_exactly_their_member():
    for records in SAMPLE:
        keys = {key.kind: key.value for key in records.member.match_keys}
        assert source().match(keys) == [records.member.member_id]
        for kind, value in keys.items():
            assert source().match({kind: value}) == [records.member.member_id]


def test_evidence_that_disagrees_matches_nobody():
    duane = next(records.member for records in SAMPLE if len(records.member.match_keys) == 2)
    keys = {key.kind: key.value for key in duane.match_keys}
    other = SAMPLE[0].member.match_keys[0].value
    assert source().match(keys | {"medicaid-id": other}) == []


@pytest.mark.parametrize(
    "evidence",
    [{}, {"family": "Garcia"}, {"medicaid-id": ""}, {"medicaid-id": "0000000000"}, {"mbi": "x"}, {"person-id": "P1"}],
)
def test_names_and_unknown_numbers_match_nobody(evidence):
    assert source().match(evidence) == []


def test_evidence_of_a_guardian_matches_the_representative_not_the_member():
    named = {each.username: each for each in source().named_members()}
    assert source().match(named["paula"].evidence) == ["representative:r0000011-0001", "representative:r0000016-0001"]
    assert source().match(named["george"].evidence) == ["representative:r0000015-0001"]


def test_a_deleted_claim_is_removed_in_the_extract_and_unknown_in_live_look_ups():
    changes = list(source().changes(None))
    removed = [each for each in changes if isinstance(each, Removed)]
    assert [each.record_id for each in removed] == ["c0000006-0004"]
    before = changes[changes.index(removed[0]) - 1]
    assert [claim.claim_id for claim in before.claims] == ["c0000006-0004"]
    assert source().claim(removed[0].member_id, removed[0].record_id) is None


def test_nothing_is_wrong_with_an_open_source_and_it_closes():
    assert source().check() == ()
    source().close()
