"""The Tuva preset: every claim of the seeds comes out, alike on every database, live and as an extract."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from fhir_facade.contracts.claims import Checkpoint, ClaimQuery, MemberRecords, Rejected
from fhir_facade.contracts.records import Claim, ClaimKind
from fhir_facade.fhir.mapper import Mapper, Rejection
from fhir_facade_claims_sql import SqlSource

MEDICAL, PHARMACY = 1_138, 97
REJECTS_AT_MOST = (MEDICAL + PHARMACY) // 100
STATEMENTS_OF_A_PAGE = 6


def pages(source: SqlSource, member_id: str, count: int) -> Iterator[Claim]:
    """Every claim of a member, asked for page by page."""
    query = ClaimQuery(member_id=member_id, count=count)
    while True:
        page = source.search(query)
        yield from page.claims
        if not page.more:
            return
        last = page.claims[-1]
        query = ClaimQuery(member_id=member_id, count=count, after=(last.service_start, last.claim_id))


def test_every_claim_is_handed_over_or_listed(source: SqlSource) -> None:
    changes = list(source.changes(None))

    claims = [claim for change in changes if isinstance(change, MemberRecords) for claim in change.claims]
    assert [change for change in changes if isinstance(change, Rejected)] == []
    assert len(claims) == MEDICAL + PHARMACY
    assert len({claim.claim_id for claim in claims}) == len(claims)
    assert sum(len(claim.lines) for claim in claims if claim.kind is ClaimKind.PHARMACY) == 291
    assert sum(len(claim.lines) for claim in claims if claim.kind is not ClaimKind.PHARMACY) == 2_075
    assert isinstance(changes[-1], Checkpoint)
    assert changes[-1].finished


def test_hardly_any_claim_is_rejected_by_the_mapping_and_each_says_why(source: SqlSource) -> None:
    mapper = Mapper("tuva")

    mapped = [
        resource
        for change in source.changes(None)
        if isinstance(change, MemberRecords)
        for resource in mapper.resources(change)
    ]

    rejected = [one for one in mapped if isinstance(one, Rejection)]
    assert all(one.reason for one in rejected)
    assert len(rejected) <= REJECTS_AT_MOST, sorted({one.reason.partition(": ")[2] for one in rejected})


def test_live_and_extract_hand_over_the_same_records(source: SqlSource) -> None:
    for change in source.changes(None):
        if isinstance(change, MemberRecords):
            member = change.member.member_id
            assert source.member(member) == change.member
            assert tuple(source.coverages(member)) == change.coverages
            assert tuple(pages(source, member, 50)) == change.claims


@pytest.mark.parametrize("count", [1, 7, 100])
def test_pages_follow_each_other_without_gap_or_repeat(source: SqlSource, count: int) -> None:
    found = [(claim.service_start, claim.claim_id) for claim in pages(source, "10", count)]

    assert found == sorted(set(found), key=lambda place: (-place[0].toordinal(), place[1]))
    assert len(found) == 68


def test_a_page_takes_a_handful_of_statements_whatever_the_history(source: SqlSource) -> None:
    source.search(ClaimQuery(member_id="10", count=10))  # learns the key types once
    statements: list[str] = []
    event.listen(source.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))

    source.search(ClaimQuery(member_id="10", count=10))

    assert len([text for text in statements if "LIMIT 1" not in text.replace("LIMIT 11", "")]) <= STATEMENTS_OF_A_PAGE


def test_another_members_claim_is_none(source: SqlSource) -> None:
    (first, *_) = pages(source, "10", 1)

    assert source.claim("10", first.claim_id) == first
    assert source.claim("10007", first.claim_id) is None
    assert source.claim("nobody", first.claim_id) is None
    assert source.member("nobody") is None


def test_a_run_that_was_cut_off_goes_on_after_its_last_member(source: SqlSource) -> None:
    whole = [change.member.member_id for change in source.changes(None) if isinstance(change, MemberRecords)]

    rest = [
        change.member.member_id for change in source.changes(f"after:{whole[3]}") if isinstance(change, MemberRecords)
    ]

    assert rest == whole[4:]


def test_a_member_is_matched_by_number_and_never_by_name(source: SqlSource) -> None:
    assert source.match({"member-number": "10"}) == ["10"]
    assert source.match({"family": "Smith"}) == []
    assert source.match({"member-number": "10' OR '1'='1"}) == []


def test_the_source_only_reads(source: SqlSource) -> None:
    with pytest.raises(sa.exc.DatabaseError), source.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM pharmacy_claim"))


def test_nothing_is_wrong_with_indexed_tables(source: SqlSource) -> None:
    assert source.check() == []


def test_a_missing_index_is_named(tuva_url: str, shared: Path, source: SqlSource) -> None:
    engine = sa.create_engine(tuva_url)
    on_table = " ON medical_claim" if engine.dialect.name in ("mysql", "mariadb") else ""
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP INDEX medical_claim_person_id{on_table}"))
    try:
        assert any("medical_claim.person_id" in fault for fault in source.check())
    finally:
        with engine.begin() as connection:
            connection.execute(sa.text("CREATE INDEX medical_claim_person_id ON medical_claim (person_id)"))
        engine.dispose()
