"""The copy's PostgreSQL crashes in the middle of a sync: a plain message, nothing lost, no restart of anything else."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import Change, Checkpoint
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources.database import migrate, replica_url
from tests.peers.postgresql import Server
from tests.resources.filled import Filler, viewer
from tests.resources.world import Scripted, claim, records
from tests.sync.test_killed import end_state

MEMBERS = 40


class Watched(Scripted):
    """Members one after another, each with a checkpoint; somebody is told before each."""

    def __init__(self, before: dict[int, object] | None = None) -> None:
        super().__init__({})
        self._before = before or {}

    def changes(self, watermark: str | None) -> Iterator[Change]:
        for number in range(int(watermark or 0) + 1, MEMBERS + 1):
            happens = self._before.get(number)
            if callable(happens):
                happens()
            yield records(number, [claim(number, s) for s in range(5)])
            yield Checkpoint(watermark=str(number))
        yield Checkpoint(watermark=str(MEMBERS), finished=True)


@pytest.mark.peer("postgresql")
@pytest.mark.parametrize("workers", [1, 2])
def test_a_database_that_crashes_in_a_sync_loses_nothing(tmp_path: Path, workers: int) -> None:
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))  # the server's own user must reach it
    server = Server(folder)
    server.create()
    server.start()
    try:
        url = replica_url(server.database(), tmp_path)
        migrate(url)
        filler = Filler(url, tmp_path / "state")
        with pytest.raises(ClaimsUnavailable, match="the replica cannot be written"):
            filler.sync(Watched({MEMBERS - 5: server.stop}), batch=60, workers=workers)
        server.start()
        resources = filler.resources()
        assert resources.read(viewer(1), "Patient", "med-m1") is not None, "what was committed stays"
        assert resources.read(viewer(MEMBERS), "Patient", f"med-m{MEMBERS}") is None
        filler.sync(Watched(), batch=60, workers=workers)
        whole = replica_url(None, tmp_path / "whole")
        migrate(whole)
        Filler(whole, tmp_path / "whole").sync(Watched(), batch=60)
        assert end_state(url) == end_state(whole)
        filler.close()
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_run_whose_rejects_cannot_be_written_down_is_no_good_run(
    filler: Filler, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("fhir_facade.sync.run.write_rejects", full)
    with pytest.raises(ClaimsUnavailable, match="No space left on device"):
        filler.sync(Watched())
