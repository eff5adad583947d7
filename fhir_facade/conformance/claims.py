"""The suite every claims plugin passes: subclass it, open your source, and let pytest run the inherited tests.

::

    class TestMySource(ExtractConformance, LiveConformance):
        def open(self, scratch: Path) -> MySource:
            return plugin.open(MySettings(...), SourceContext(name="mine", scratch=scratch))

Leave out ``LiveConformance`` or ``ExtractConformance`` where the source has one face alone. A failing test says which
promise of ``fhir_facade.contracts.claims`` is broken.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.conformance.asking import NOBODY, place
from fhir_facade.conformance.promises import broken
from fhir_facade.contracts.claims import (
    Checkpoint,
    ClaimQuery,
    ExtractSource,
    Face,
    LiveSource,
    MemberRecords,
    Rejected,
)
from fhir_facade.contracts.people import Member
from fhir_facade.contracts.records import Claim
from fhir_facade.contracts.stretches import ReadsInStretches

MEMBERS = 20
"""How many members the tests look at."""


class Conformance:
    """What both suites share: opening the source and closing it."""

    def open(self, scratch: Path) -> Any:
        """Open the source; ``scratch`` is an empty folder for its temporary files."""
        raise NotImplementedError

    @pytest.fixture
    def source(self, tmp_path: Path) -> Iterator[Any]:
        """The opened source."""
        opened = self.open(tmp_path)
        yield opened
        opened.close()


class ExtractConformance(Conformance):
    """Promises of the extract face."""

    def test_it_says_that_it_is_an_extract(self, source: Any) -> None:
        """``capabilities`` and the methods agree."""
        assert isinstance(source, ExtractSource), "progress, changes, check and close are the extract face"
        assert Face.EXTRACT in source.capabilities.faces

    def test_a_run_ends_with_a_finished_checkpoint(self, source: ExtractSource) -> None:
        """Without it the facade takes the run for a broken one."""
        last = list(source.changes(None))[-1]

        assert isinstance(last, Checkpoint)
        assert last.finished

    def test_two_runs_hand_over_the_same_records_in_the_same_order(self, source: ExtractSource) -> None:
        """So that a second sync writes nothing, and a resumed one ends like an undisturbed one."""
        assert _records(source) == _records(source)

    def test_the_records_keep_the_promises_of_the_contract(self, source: ExtractSource) -> None:
        """Ids, members, money, instants, fillers: each broken promise is listed once."""
        faults = sorted({fault for records in _records(source) for fault in broken(records)})

        assert not faults, "\n".join(faults[:50])

    def test_a_claim_is_handed_over_once(self, source: ExtractSource) -> None:
        """Two claims with one id would overwrite each other."""
        ids = [claim.claim_id for records in _records(source) for claim in records.claims]

        assert len(ids) == len(set(ids))

    def test_a_run_that_was_cut_off_goes_on_without_losing_anybody(self, source: ExtractSource) -> None:
        """From any checkpoint, what follows is handed over."""
        before, mark, after = _cut(source)

        if mark is not None:
            resumed = {one.member.member_id for one in source.changes(mark) if isinstance(one, MemberRecords)}
            assert after - before <= resumed

    def test_stretches_together_are_the_whole(self, source: ExtractSource) -> None:
        """Where a source can be read in stretches: nobody is lost between two of them, nobody comes twice."""
        if isinstance(source, ReadsInStretches):
            read = [change for stretch in source.stretches(None) for change in source.read(stretch)]

            assert [one for one in read if isinstance(one, MemberRecords)] == _records(source)
            last = read[-1]
            assert isinstance(last, Checkpoint)
            assert last.finished

    def test_a_reject_says_where_and_why(self, source: ExtractSource) -> None:
        """A reject list without positions helps nobody."""
        for change in source.changes(None):
            if isinstance(change, Rejected):
                assert change.position.file
                assert change.reason.strip()


class LiveConformance(Conformance):
    """Promises of the live face. Override ``member_ids`` where the source has no extract face."""

    def member_ids(self, source: Any) -> list[str]:
        """Members to try, at least two with claims."""
        return list(dict.fromkeys(one.member.member_id for one in _records(source)))[:MEMBERS]

    def test_it_says_that_it_is_live(self, source: Any) -> None:
        """``capabilities`` and the methods agree."""
        assert isinstance(source, LiveSource), "match, member, coverages … are the live face"
        assert Face.LIVE in source.capabilities.faces

    def test_an_unknown_member_has_nothing(self, source: LiveSource) -> None:
        """Nothing raises, nothing is found."""
        assert source.member(NOBODY) is None
        assert not source.coverages(NOBODY)
        assert not source.search(ClaimQuery(member_id=NOBODY, count=10)).claims
        assert source.claim(NOBODY, "1") is None

    def test_another_members_claim_is_none(self, source: LiveSource) -> None:
        """The compartment is part of every question."""
        mine, others = self._two(source)

        assert source.claim(mine, others) is None, "the member is part of the question"

    @pytest.mark.parametrize("count", [1, 3, 100])
    def test_pages_are_in_order_without_gap_or_repeat(self, source: LiveSource, count: int) -> None:
        """Newest service first, then by id as text; ``after`` goes on exactly behind."""
        for member in self.member_ids(source)[:5]:
            found = list(_pages(source, member, count))

            places = [place(claim) for claim in found]
            assert places == sorted(set(places)), "newest service first, then by id as text, and no claim twice"
            assert all(claim.member_id == member for claim in found), "a claim of another member was handed over"

    def test_a_claim_of_a_page_is_found_by_its_id(self, source: LiveSource) -> None:
        """``claim`` and ``search`` agree."""
        for member in self.member_ids(source)[:5]:
            for claim in source.search(ClaimQuery(member_id=member, count=3)).claims:
                assert source.claim(member, claim.claim_id) == claim

    def test_match_keys_find_their_member_alone(self, source: LiveSource) -> None:
        """Unique identifiers on both sides; names match nobody."""
        for member_id in self.member_ids(source)[:5]:
            member = source.member(member_id)
            assert isinstance(member, Member)
            for key in member.match_keys:
                assert list(source.match({key.kind: key.value})) == [member_id]
        assert not source.match({"family": "Smith", "given": "John"})

    def test_evidence_is_never_read_as_a_pattern_or_a_command(self, source: LiveSource) -> None:
        """What a log-in system says is data."""
        for kind in source.capabilities.match_keys:
            for value in ("%", "*", "' OR '1'='1", "_" * 9):
                assert not source.match({kind: value})

    def _two(self, source: LiveSource) -> tuple[str, str]:
        """A member, and the id of somebody else's claim."""
        with_claims = [
            (member, page.claims[0].claim_id)
            for member in self.member_ids(source)
            if (page := source.search(ClaimQuery(member_id=member, count=1))).claims
        ]
        assert len(with_claims) > 1, "member_ids must give two members with claims"
        return with_claims[0][0], with_claims[1][1]


def _records(source: ExtractSource) -> list[MemberRecords]:
    return [change for change in source.changes(None) if isinstance(change, MemberRecords)]


def _cut(source: ExtractSource) -> tuple[set[str], str | None, set[str]]:
    """Members up to the first checkpoint, that checkpoint, and everybody."""
    before: set[str] = set()
    everybody: set[str] = set()
    mark: str | None = None
    for change in source.changes(None):
        if isinstance(change, MemberRecords):
            everybody.add(change.member.member_id)
            if mark is None:
                before.add(change.member.member_id)
        elif isinstance(change, Checkpoint) and not change.finished and mark is None:
            mark = change.watermark
    return before, mark, everybody


def _pages(source: LiveSource, member: str, count: int) -> Iterator[Claim]:
    after: tuple[date, str] | None = None
    while True:
        page = source.search(ClaimQuery(member_id=member, count=count, after=after))
        assert len(page.claims) <= count, "a page was larger than asked for"
        yield from page.claims
        if not page.more:
            return
        assert page.claims, "an empty page said that there is more"
        after = page.claims[-1].service_start, page.claims[-1].claim_id
