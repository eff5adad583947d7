from __future__ import annotations

from typing import Any

import pytest

from fhir_facade.contracts.claims import Checkpoint, MemberRecords, Rejected, Removed, RemovedKind
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade.contracts.people import Member, SourcePosition
from fhir_facade.resources.crosswalk import own_patient
from fhir_facade.resources.page import Gone, Rendered, Viewer
from fhir_facade.search.query import SearchQuery
from fhir_facade.sync.removal import TooManyRemovals
from fhir_facade.sync.rows import RowWriter
from tests.resources.filled import Filler, viewer
from tests.resources.world import Scripted, claim, coverage, member, records, representative, whole


def text(found: object) -> bytes:
    assert isinstance(found, Rendered)
    return found.body


def test_a_first_run_writes_everything_and_a_second_nothing(filler: Filler) -> None:
    pieces = [records(n, [claim(n, s) for s in range(3)]) for n in range(1, 4)]
    first = filler.sync(whole(*pieces)).as_dict()
    assert first["written"] == {
        "Patient": 3,
        "Coverage": 3,
        "ExplanationOfBenefit": 9,
        "Organization": 2,
        "Practitioner": 1,
    }
    assert (first["unchanged"], first["deleted"], first["rejected"]) == ({}, {}, 0)
    again = filler.sync(Scripted({"end": [*pieces, Checkpoint(watermark="end", finished=True)]}))
    assert (again.written, again.unchanged["ExplanationOfBenefit"]) == ({}, 9)


def test_only_what_differs_is_written(filler: Filler) -> None:
    filler.sync(whole(records(1, [claim(1, s) for s in range(5)])))
    changed = records(1, [claim(1, 0), claim(1, 1, doctor="wilson")])
    report = filler.sync(Scripted({"end": [changed, Checkpoint(watermark="two", finished=True)]}))
    assert dict(report.written) == {"ExplanationOfBenefit": 1, "Practitioner": 1}
    assert report.unchanged["ExplanationOfBenefit"] == 1
    assert b"wilson" in text(filler.resources().read(viewer(1), "ExplanationOfBenefit", "med-c1-1"))


def test_the_watermark_moves_with_the_rows(filler: Filler) -> None:
    half = Checkpoint(watermark="half")
    broken = Scripted({None: [records(1), half, records(2), ClaimsUnavailable("down")]})
    with pytest.raises(ClaimsUnavailable):
        filler.sync(broken, batch=1)
    rest = Scripted({"half": [records(2), records(3), Checkpoint(watermark="end", finished=True)]})
    report = filler.sync(rest, batch=1)
    assert rest.asked == ["half"]
    assert (report.written["Patient"], report.unchanged["Patient"]) == (1, 1)


def test_a_source_that_raises_anything_ends_the_run_and_keeps_what_was_read(filler: Filler) -> None:
    with pytest.raises(ClaimsInvalid, match="ZeroDivisionError"):
        filler.sync(Scripted({None: [records(1), ZeroDivisionError("oops")]}))
    assert filler.resources().read(viewer(1), "Patient", "med-m1") is not None


def test_no_error_tells_what_the_rows_hold(filler: Filler, monkeypatch: pytest.MonkeyPatch) -> None:
    def twice(self: RowWriter) -> None:
        self._new += self._new
        flush(self)

    flush = RowWriter.flush
    monkeypatch.setattr(RowWriter, "flush", twice)
    with pytest.raises(ClaimsUnavailable, match="cannot be written") as caught:
        filler.sync(whole(records(1, [claim(1, 0)])))
    assert "m1" not in str(caught.value)
    assert "Family1" not in str(caught.value)


class Hostile(Scripted):
    """Raises where it is asked for its changes or its progress."""

    def __init__(self, where: str) -> None:
        super().__init__({None: []})
        self.where = where

    def progress(self) -> Any:
        return 1 / 0 if self.where == "progress" else super().progress()

    def changes(self, watermark: str | None) -> Any:
        return {}["secret 123"] if self.where == "changes" else None


@pytest.mark.parametrize("where", ["progress", "changes", "nothing to read"])
def test_a_hostile_source_ends_as_a_typed_error_without_its_text(filler: Filler, where: str) -> None:
    with pytest.raises(ClaimsInvalid) as caught:
        filler.sync(Hostile(where))
    assert "123" not in str(caught.value)


@pytest.mark.parametrize(
    "broken",
    [
        MemberRecords(member=None),  # type: ignore[arg-type]
        MemberRecords(member=member(1), claims=None),  # type: ignore[arg-type]
        MemberRecords(member=member(1), claims=(None,)),  # type: ignore[arg-type]
        MemberRecords(member=member(1, member_id=7)),
        MemberRecords(member=member(1, match_keys=None)),
        MemberRecords(member=member(1), representatives=(7,)),  # type: ignore[arg-type]
    ],
)
def test_records_that_break_the_contract_cost_only_themselves(filler: Filler, broken: MemberRecords) -> None:
    report = filler.sync(whole(broken, records(2, [claim(2, 0)])))
    assert report.written["ExplanationOfBenefit"] == 1
    assert report.rejected >= 1


def test_a_source_that_ends_without_a_finished_checkpoint_is_found_out(filler: Filler) -> None:
    with pytest.raises(ClaimsInvalid, match="unfinished"):
        filler.sync(Scripted({None: [records(1)]}))


def test_another_members_claim_is_rejected_with_its_place(filler: Filler) -> None:
    report = filler.sync(whole(records(1, [claim(1, 0), claim(2, 7)])))
    assert (report.rejected, report.written["ExplanationOfBenefit"]) == (1, 1)
    assert report.rejects is not None
    assert "claims.csv,2007,the record names another member" in report.rejects.read_text()


def test_bad_records_are_listed_and_nothing_else_is_lost(filler: Filler) -> None:
    unreadable = Rejected(position=SourcePosition(file="a.csv", line=7), reason="the amount is not a number")
    report = filler.sync(whole(records(1, [claim(1, 0), claim(1, 1, lines=())]), unreadable))
    assert (report.rejected, report.written["ExplanationOfBenefit"]) == (2, 1)
    assert report.rejects is not None
    lines = report.rejects.read_text().splitlines()
    assert "a.csv,7,the amount is not a number" in lines
    assert any(line.startswith("claims.csv,1001,") for line in lines)


def test_a_record_that_turned_bad_keeps_what_was_stored_of_it(filler: Filler) -> None:
    filler.sync(whole(records(1, [claim(1, 0)]), snapshot=True))
    again = whole(records(1, [claim(1, 0, lines=())]), snapshot=True)
    report = filler.sync(again, rendering="other")
    assert (report.rejected, report.deleted) == (1, {})
    assert filler.resources().read(viewer(1), "ExplanationOfBenefit", "med-c1-0") is not None


def test_a_named_deletion_leaves_a_tombstone_and_coming_back_removes_it(filler: Filler) -> None:
    filler.sync(whole(records(1, [claim(1, 0), claim(1, 1, doctor="wilson")])))
    gone = Removed(kind=RemovedKind.CLAIM, record_id="c1-1", member_id="m1")
    report = filler.sync(Scripted({"end": [gone, gone, Checkpoint(watermark="end", finished=True)]}))
    assert dict(report.deleted) == {"ExplanationOfBenefit": 1}
    resources = filler.resources()
    assert resources.read(viewer(1), "ExplanationOfBenefit", "med-c1-1") == Gone("ExplanationOfBenefit", "med-c1-1")
    assert resources.read(viewer(1), "Practitioner", "med-wilson") is None
    back = records(1, [claim(1, 1, doctor="wilson")])
    filler.sync(Scripted({"end": [gone, back, Checkpoint(watermark="end", finished=True)]}))
    assert b"wilson" in text(resources.read(viewer(1), "ExplanationOfBenefit", "med-c1-1"))


def test_another_member_never_sees_a_tombstone(filler: Filler) -> None:
    gone = Removed(kind=RemovedKind.CLAIM, record_id="c1-0", member_id="m1")
    filler.sync(whole(records(1, [claim(1, 0)]), records(2), gone))
    assert filler.resources().read(viewer(2), "ExplanationOfBenefit", "med-c1-0") is None


def test_a_removed_member_takes_everything_along(filler: Filler) -> None:
    filler.sync(whole(records(1, [claim(1, 0)], representatives=(representative(1),)), records(2)))
    gone = Removed(kind=RemovedKind.MEMBER, record_id="m1", member_id="m1")
    report = filler.sync(Scripted({"end": [gone, Checkpoint(watermark="end", finished=True)]}))
    assert dict(report.deleted) == {"Patient": 1, "Coverage": 1, "ExplanationOfBenefit": 1, "RelatedPerson": 1}
    resources = filler.resources()
    assert resources.match({"medicaid-id": "MCD000001"}) == []
    assert resources.match({"medicaid-id": "MCD000002"}) == ["Patient/med-m2"]
    assert resources.represented("med-mom") == []
    assert resources.read(viewer(1), "Organization", "med-clinic") is None


def test_a_finished_snapshot_removes_what_it_no_longer_names(filler: Filler) -> None:
    pieces = [records(n, [claim(n, s) for s in range(3)]) for n in range(1, 5)]
    filler.sync(whole(*pieces, snapshot=True))
    fewer = [records(1, [claim(1, 0)]), *pieces[1:3]]
    report = filler.sync(whole(*fewer, snapshot=True), rendering="other")
    assert dict(report.deleted) == {"Patient": 1, "Coverage": 1, "ExplanationOfBenefit": 5}
    assert isinstance(filler.resources().read(viewer(4), "Patient", "med-m4"), Gone)


def test_a_snapshot_that_names_less_than_half_removes_nothing_unless_allowed(filler: Filler) -> None:
    filler.sync(whole(*(records(n) for n in range(1, 6)), snapshot=True))
    fewer = whole(records(1), records(2), snapshot=True)
    with pytest.raises(TooManyRemovals, match="3 of 5 members"):
        filler.sync(fewer, rendering="other")
    assert filler.resources().read(viewer(5), "Patient", "med-m5") is not None
    report = filler.sync(fewer, rendering="other", allow_removals=True)
    assert report.deleted["Patient"] == 3


def test_an_interrupted_snapshot_remembers_what_it_named(filler: Filler) -> None:
    filler.sync(whole(*(records(n) for n in range(1, 5)), snapshot=True))
    half = Checkpoint(watermark="half")
    broken = Scripted({None: [records(1), records(2), half, ClaimsUnavailable("down")]}, snapshot=True)
    with pytest.raises(ClaimsUnavailable):
        filler.sync(broken, rendering="other", batch=1)
    rest = Scripted({"half": [records(3), Checkpoint(watermark="end", finished=True)]}, snapshot=True)
    assert dict(filler.sync(rest, rendering="other").deleted) == {"Patient": 1, "Coverage": 1}


def test_a_changed_rendering_drops_the_watermark(filler: Filler) -> None:
    source = whole(records(1))
    filler.sync(source)
    filler.sync(source)
    filler.sync(source, rendering="guide 2.1.0")
    assert source.asked == [None, "end", None]


def test_a_member_in_pieces_is_one_member(filler: Filler) -> None:
    pieces = [records(1, [claim(1, s)], representatives=(representative(1),) if s == 0 else ()) for s in range(6)]
    report = filler.sync(whole(*pieces), batch=3)
    assert report.written["Patient"] == 1
    assert report.unchanged == {}
    assert filler.resources().represented("med-mom") == ["med-m1"]


def test_a_member_that_cannot_be_mapped_takes_only_themselves_away(filler: Filler) -> None:
    nameless = MemberRecords(member=member(1, gender="nonsense"), coverages=(coverage(1),), claims=(claim(1, 0),))
    report = filler.sync(whole(nameless, records(2)))
    assert report.written["Patient"] == 1
    assert report.rejected >= 1


def test_two_members_never_become_one_person(filler: Filler) -> None:
    def one_for_all(source: str, found: Member) -> str:
        return "person-x" if found.member_id != "m3" else own_patient(source, found)

    pieces = [records(n, [claim(n, 0)]) for n in (1, 2, 3)]
    report = filler.sync(whole(*pieces), patient_of=one_for_all)
    assert (report.written["Patient"], report.rejected) == (2, 1)
    again = filler.sync(whole(*reversed(pieces)), patient_of=one_for_all, rendering="again")
    assert (again.unchanged["Patient"] + again.written["Patient"], again.rejected) == (2, 1)
    page = filler.resources().search(Viewer(patient="person-x"), SearchQuery(resource_type="ExplanationOfBenefit"))
    assert [match.id for match in page.matches] == ["med-c1-0"]


def test_reads_go_on_in_the_middle_of_a_transaction_and_see_whole_batches(
    filler: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    filler.sync(whole(records(1, [claim(1, s) for s in range(3)])))
    resources, query = filler.resources(), SearchQuery(resource_type="ExplanationOfBenefit", count=50)
    flush, seen = RowWriter.flush, []

    def reading(self: RowWriter) -> None:
        flush(self)
        seen.append(len(resources.search(viewer(1), query).matches))

    monkeypatch.setattr(RowWriter, "flush", reading)
    filler.sync(whole(records(1, [claim(1, s) for s in range(9)])), rendering="more")
    assert seen == [3]
    assert len(resources.search(viewer(1), query).matches) == 9


def test_freshness_tells_the_newest_day_that_is_not_in_the_future(filler: Filler) -> None:
    filler.sync(whole(records(1, [claim(1, 0), claim(1, 3)])))
    (fresh,) = filler.resources().freshness()
    assert fresh.data_through is not None
    assert fresh.received is not None
    assert fresh.published is not None
    assert fresh.data_through.date().isoformat() == "2026-06-01"
    assert fresh.received <= fresh.published
