"""A sync does not grow with its source, and a full disk loses nothing."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from fhir_facade.contracts.claims import Change, Checkpoint
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.sync import run
from tests.resources.filled import Filler, viewer
from tests.resources.world import Scripted, claim, records, whole


class Endless(Scripted):
    """So many members, made one after another, none kept."""

    def __init__(self, members: int) -> None:
        super().__init__({})
        self.members = members

    def changes(self, watermark: str | None) -> Iterator[Change]:
        for number in range(1, self.members + 1):
            yield records(number, [claim(number, s) for s in range(4)])
            yield Checkpoint(watermark=str(number))
        yield Checkpoint(watermark="end", finished=True)


def peak(folder: Path, members: int) -> int:
    """Most memory that a sync of so many members held at once, in bytes."""
    url = replica_url(None, folder)
    migrate(url)
    tracemalloc.start()
    try:
        report = Filler(url, folder).sync(Endless(members), batch=200)
        assert report.written["ExplanationOfBenefit"] == 4 * members
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_stays_flat_as_the_source_grows(tmp_path: Path, full_counts: bool) -> None:
    small = peak(tmp_path / "small", 60)
    large = peak(tmp_path / "large", 5_000 if full_counts else 300)
    assert large < small * 1.5 + 4_000_000


def test_a_full_disk_is_unavailable_and_the_next_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = replica_url(None, tmp_path)
    migrate(url)
    filler = Filler(url, tmp_path)
    make = run.writer

    def small_disk(wanted: Any) -> Any:
        engine = make(wanted)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA max_page_count=60"))
        return engine

    pieces = [records(n, [claim(n, s) for s in range(20)]) for n in range(1, 60)]
    source = whole(*pieces)
    monkeypatch.setattr(run, "writer", small_disk)
    with pytest.raises(ClaimsUnavailable, match="full"):
        filler.sync(source, batch=100)
    resources = filler.resources()
    assert resources.read(viewer(1), "Patient", "med-m1") is not None
    assert resources.read(viewer(59), "Patient", "med-m59") is None
    monkeypatch.setattr(run, "writer", make)
    report = filler.sync(source, batch=100)
    assert report.written["Patient"] + report.unchanged["Patient"] == 59
    assert report.unchanged["Patient"] > 0
    filler.close()
