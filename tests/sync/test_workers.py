"""Several processes write what one writes, and a dead one loses nothing."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.contracts.claims import ExtractSource, MemberRecords
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.mapper import Mapper
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.sync.pool import _send
from fhir_facade.sync.run import sync
from fhir_facade_claims_rif import plugin as rif
from fhir_facade_claims_rif import source as rif_source
from fhir_facade_claims_synthetic import SyntheticSettings
from fhir_facade_claims_synthetic import plugin as synthetic
from tests.plugins.rif import carrier
from tests.resources.filled import Filler
from tests.resources.world import SOURCE, claim, records, whole
from tests.sync.test_killed import end_state


def test_several_processes_write_what_one_writes(filler: Filler, tmp_path: Path) -> None:
    population = synthetic.open(SyntheticSettings(members=24, years=2), SourceContext(name=SOURCE, scratch=tmp_path))
    assert isinstance(population, ExtractSource)
    other = replica_url(None, tmp_path / "other")
    migrate(other)
    one = Filler(other, tmp_path / "other").sync(population, batch=150)
    several = filler.sync(population, batch=150, workers=2)
    assert (several.written, several.deleted) == (one.written, one.deleted)
    assert end_state(filler.url) == end_state(other)


def test_a_worker_that_dies_ends_the_run_and_the_next_one_goes_on(
    filler: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [records(n, [claim(n, s) for s in range(12)]) for n in range(1, 60)]
    mapped = Mapper.resources

    def dying(self: Mapper, found: MemberRecords, *more: Any) -> Any:
        if found.member.member_id == "m50" and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return mapped(self, found, *more)

    parent = os.getpid()
    monkeypatch.setattr(Mapper, "resources", dying)
    with pytest.raises(ClaimsUnavailable, match="died"):
        filler.sync(whole(*pieces), batch=100, workers=2)
    report = filler.sync(whole(*pieces), batch=100)
    assert report.written["ExplanationOfBenefit"] + report.unchanged["ExplanationOfBenefit"] == 59 * 12


def test_records_that_cannot_be_sent_to_another_process_end_like_in_one(filler: Filler, tmp_path: Path) -> None:
    broken: Any = lambda: None  # noqa: E731 - what pickle refuses
    pieces = [records(n, [claim(n, s) for s in range(12)]) for n in range(1, 60)]
    pieces[30] = replace(pieces[30], organizations=broken)
    plain = replica_url(None, tmp_path / "other")
    migrate(plain)
    alone = Filler(plain, tmp_path / "other").sync(whole(*pieces), batch=100)
    report = filler.sync(whole(*pieces), batch=100, workers=2)
    assert (report.written, report.rejected) == (alone.written, alone.rejected)
    assert report.rejected > 0
    assert end_state(filler.url) == end_state(plain)


def test_the_processes_of_a_killed_sync_end_and_let_go_of_its_lock(tmp_path: Path) -> None:
    url = replica_url(None, tmp_path)
    migrate(url)
    filler = Filler(url, tmp_path)
    reading, writing = os.pipe()
    process = os.fork()
    if not process:
        population = synthetic.open(SyntheticSettings(members=5_000), SourceContext(name=SOURCE, scratch=tmp_path))
        assert isinstance(population, ExtractSource)
        sync(population, filler.plan(workers=2), lambda *_: os.write(writing, b"x"))
        os._exit(0)
    os.read(reading, 1)
    workers = [int(found) for found in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    until = time.monotonic() + 30
    while any(_alive(worker) for worker in workers):
        assert time.monotonic() < until, "a process outlives its sync"
        time.sleep(0.05)
    assert len(workers) == 2
    assert filler.sync(whole(), rendering="own").rejected == 0


def _alive(process: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False


class Whole:
    """The same source without the face that several processes read: what it hands over, one process reads."""

    def __init__(self, source: ExtractSource) -> None:
        self.capabilities = source.capabilities
        self.progress = source.progress
        self.changes = source.changes
        self.check = source.check
        self.close = source.close


@pytest.mark.parametrize("workers", [1, 2])
def test_reading_in_several_processes_ends_like_reading_in_one(
    filler: Filler, tmp_path: Path, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rif_source, "CLAIMS_PER_CHECKPOINT", 40)
    folder = carrier.write(tmp_path / "files", members=10, claims=20).parent
    opened = [rif.open(rif.settings(folder=folder), SourceContext(name=SOURCE, scratch=tmp_path)) for _ in range(2)]
    one, other = (source for source in opened if isinstance(source, ExtractSource))
    told: list[tuple[int, int | None, str]] = []
    plain = replica_url(None, tmp_path / "other")
    migrate(plain)
    alone = Filler(plain, tmp_path / "other").sync(Whole(one), batch=100)
    report = sync(other, filler.plan(batch=100, workers=workers), lambda *how: told.append(how))
    other.close()
    assert (report.written, report.rejected) == (alone.written, alone.rejected)
    assert end_state(filler.url) == end_state(plain)
    assert told[-1] == (200, 200, "claims")
    assert not list(tmp_path.glob("*staging*")), "a finished run leaves no claims behind"


def test_what_cannot_leave_the_process_that_mapped_it_ends_the_run_in_words() -> None:
    ours, theirs = multiprocessing.Pipe()
    said: Any = lambda: None  # noqa: E731 - what pickle refuses
    _send(theirs, said)
    told = ours.recv()
    assert isinstance(told, ClaimsInvalid)
    assert "while mapping" in str(told)
