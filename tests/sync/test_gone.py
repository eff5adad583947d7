"""What a complete source no longer names is gone with the next run, unless that may be a mistake."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from fhir_facade.contracts.claims import Change, Checkpoint, MemberRecords, Rejected
from fhir_facade.contracts.errors import FacadeError
from fhir_facade.contracts.people import SourcePosition
from fhir_facade.resources.page import Gone
from fhir_facade.sync.removal import TooManyRemovals
from tests.resources.filled import Filler, viewer
from tests.resources.world import Scripted, claim, records

UNREADABLE = Rejected(position=SourcePosition(file="a.csv", line=7), reason="the amount is not a number")


def everything(*items: Change | Exception) -> Scripted:
    """A source that hands over everything each time, as databases do."""
    return Scripted({None: (*items, Checkpoint(watermark="", finished=True))}, snapshot=True)


def pieces() -> Iterator[MemberRecords]:
    return (records(n, [claim(n, s) for s in range(3)]) for n in range(1, 5))


def test_the_next_run_removes_what_was_deleted_since(filler: Filler) -> None:
    filler.sync(everything(*pieces()))
    fewer = [records(1, [claim(1, 0), claim(1, 1)]), *list(pieces())[1:3]]
    report = filler.sync(everything(*fewer))
    assert dict(report.deleted) == {"Patient": 1, "Coverage": 1, "ExplanationOfBenefit": 4}
    assert isinstance(filler.resources().read(viewer(4), "Patient", "med-m4"), Gone)
    assert isinstance(filler.resources().read(viewer(1), "ExplanationOfBenefit", "med-c1-2"), Gone)
    assert filler.sync(everything(*fewer)).deleted == {}


def test_where_a_record_cannot_be_read_nothing_counts_as_deleted(filler: Filler) -> None:
    filler.sync(everything(*pieces()))
    fewer = [*list(pieces())[:3], UNREADABLE]
    report = filler.sync(everything(*fewer))
    assert (report.deleted, report.spared, report.rejected) == ({}, 5, 1)
    assert filler.sync(everything(*fewer), allow_removals=True).deleted["ExplanationOfBenefit"] == 3


def test_a_claim_that_became_another_members_is_taken_from_the_first_also_where_a_record_cannot_be_read(
    filler: Filler,
) -> None:
    filler.sync(everything(*pieces()))
    first, second, *others = pieces()
    moved = replace(first.claims[0], member_id=second.member.member_id, coverage_id=second.claims[0].coverage_id)
    after = [
        replace(first, claims=first.claims[2:]),
        replace(second, claims=(*second.claims, moved)),
        *others,
        UNREADABLE,
    ]
    report = filler.sync(everything(*after))

    assert (dict(report.deleted), report.spared) == ({"ExplanationOfBenefit": 1}, 1)
    name = f"med-{moved.claim_id}"
    assert isinstance(filler.resources().read(viewer(1), "ExplanationOfBenefit", name), Gone)
    assert not isinstance(filler.resources().read(viewer(2), "ExplanationOfBenefit", name), Gone | None)


def test_an_unreadable_record_before_a_restart_counts_too(filler: Filler) -> None:
    filler.sync(everything(*pieces()))
    first, second, *_ = pieces()
    half = Checkpoint(watermark="half")
    script: list[Change | Exception] = [UNREADABLE, first, half, OSError("down")]
    with pytest.raises(Exception, match="OSError"):
        filler.sync(Scripted({None: script}, snapshot=True), batch=1)
    rest = Scripted({"half": [second, Checkpoint(watermark="", finished=True)]}, snapshot=True)
    report = filler.sync(rest)
    assert report.deleted == {}
    assert report.spared == 10


def test_a_reject_that_was_mended_leaves_the_list(filler: Filler) -> None:
    assert filler.sync(everything(*pieces(), UNREADABLE)).rejected == 1
    assert filler.sync(everything(*pieces(), UNREADABLE)).rejected == 1
    report = filler.sync(everything(*pieces()))
    assert report.rejected == 0
    assert report.rejects is not None
    assert "a.csv" not in report.rejects.read_text()


def test_a_table_of_claims_that_is_empty_for_a_while_removes_nothing(filler: Filler) -> None:
    filler.sync(everything(*pieces()))
    with pytest.raises(TooManyRemovals, match="12 of 12 claims"):
        filler.sync(everything(*(records(n) for n in range(1, 5))))
    assert filler.resources().read(viewer(1), "ExplanationOfBenefit", "med-c1-0") is not None
    report = filler.sync(everything(*pieces()))
    assert (report.deleted, report.rejected) == ({}, 0)


def test_a_source_that_names_too_little_fails_like_any_other_so_that_a_scheduler_goes_on() -> None:
    assert issubclass(TooManyRemovals, FacadeError)
