"""A run can be killed anywhere; lines stand anywhere; a million of them load in bounded memory."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_facade.cli.main import main
from fhir_facade.contracts.claims import Change, Checkpoint
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade_claims_tmsis import filling, plugin, source, staging
from fhir_facade_claims_tmsis.layout import bundled
from fhir_facade_claims_tmsis.settings import TmsisSettings
from fhir_facade_claims_tmsis.writing import Style, Writer
from tests.plugins.tmsis.state_files import BASE, HEADER, HEADERS, LINES, Cells, Folder, changes, claims, rejects


def opened(folder: Path, scratch: Path) -> source.TmsisSource:
    scratch.mkdir(exist_ok=True)
    found = plugin.open(TmsisSettings(folder=folder, base=BASE), SourceContext(name="tmsis", scratch=scratch))
    assert isinstance(found, source.TmsisSource)
    return found


def many(path: Path, members: int) -> Path:
    folder = Folder(path)
    for number in range(members):
        folder.person(f"M{number:04}")
        folder.claim("COT", {"MSIS-IDENTIFICATION-NUM": f"M{number:04}", "ICN-ORIG": f"C{number:04}"})
    return folder.write()


def test_a_killed_run_goes_on_after_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 3)
    data = many(tmp_path / "data", 8)
    whole = list(opened(data, tmp_path / "whole").changes(None))
    for place in range(len(whole)):
        scratch = tmp_path / f"scratch{place}"
        killed = opened(data, scratch).changes(None)
        seen: list[Change] = [next(killed) for _ in range(place)]
        killed.close()  # type: ignore[attr-defined]
        point = next((c for c in reversed(seen) if isinstance(c, Checkpoint)), None)
        told = seen[: seen.index(point) + 1] if point else []
        rest = list(opened(data, scratch).changes(point.watermark if point else None))
        assert [c.claim_id for c in claims(told + rest)] == [c.claim_id for c in claims(whole)]


def test_a_watermark_holds_no_member_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 1)
    told = changes(many(tmp_path, 3))
    assert not [c for c in told if isinstance(c, Checkpoint) and "M000" in c.watermark]


def stretched(cut: source.TmsisSource, watermark: str | None = None) -> list[Change]:
    return [change for stretch in cut.stretches(watermark) for change in cut.read(stretch)]


def test_stretches_together_are_what_one_reader_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 3)
    cut = opened(many(tmp_path / "data", 8), tmp_path / "scratch")
    assert len(cut.stretches(None)) == 3
    assert stretched(cut) == list(cut.changes(None))


def test_stretches_go_on_after_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 3)
    cut = opened(many(tmp_path / "data", 8), tmp_path / "scratch")
    whole = stretched(cut)
    points = [change for change in whole if isinstance(change, Checkpoint) and not change.finished]
    assert len(points) == 2
    for point in points:
        assert claims(stretched(cut, point.watermark)) == claims(whole[whole.index(point) :])


def test_a_stretch_holds_no_member_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 1)
    stretches = opened(many(tmp_path / "data", 3), tmp_path / "scratch").stretches(None)
    assert len(stretches) == 4
    assert "M000" not in "".join(stretches)


def test_files_that_change_between_two_stretches_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 3)
    data = many(tmp_path / "data", 8)
    cut = opened(data, tmp_path / "scratch")
    first, second, *_ = cut.stretches(None)
    assert len(claims(cut.read(first))) == 3
    (data / "claim-ot.psv").rename(data / "other.psv")
    with pytest.raises(ClaimsUnavailable, match="changed while they were read; run the sync again"):
        list(cut.read(second))


def test_a_staging_file_of_an_older_release_is_built_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = many(tmp_path / "data", 3)
    with monkeypatch.context() as older:
        older.setattr(filling, "NUMBERED", "CREATE TABLE members (unlike INTEGER);")
        opened(data, tmp_path / "scratch").progress()
    assert len(claims(opened(data, tmp_path / "scratch").changes(None))) == 3


def test_what_was_cut_into_stretches_leaves_no_staging_file(tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    cut = opened(many(tmp_path / "data", 3), scratch)
    assert claims(stretched(cut))
    cut.close()
    assert list(scratch.iterdir()) == []


def test_the_staging_file_is_private_and_gone_after_the_run(tmp_path: Path) -> None:
    data, scratch = many(tmp_path / "data", 3), tmp_path / "scratch"
    run = opened(data, scratch).changes(None)
    next(run)
    assert (scratch / "tmsis-staging.sqlite").stat().st_mode & 0o077 == 0
    while not isinstance(next(run), Checkpoint):
        pass
    run.close()  # type: ignore[attr-defined]
    assert list(scratch.iterdir()) == []


def test_lines_may_stand_before_their_header(tmp_path: Path) -> None:
    many(tmp_path, 3)
    file = tmp_path / "claim-ot.psv"
    lines = file.read_bytes().splitlines()
    file.write_bytes(b"\n".join([lines[0], *reversed(lines[1:])]) + b"\n")
    told = changes(tmp_path)
    assert rejects(told) == []
    assert [len(claim.lines) for claim in claims(told)] == [1, 1, 1]


def test_a_disk_that_fails_in_the_middle_makes_the_source_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: object, done: int, to: int) -> Iterator[object]:
        raise sqlite3.OperationalError("disk I/O error")
        yield

    monkeypatch.setattr(staging.Staging, "members", fails)
    with pytest.raises(ClaimsUnavailable, match="disk I/O error"):
        changes(tmp_path)


def test_progress_counts_claims(tmp_path: Path) -> None:
    progress = opened(many(tmp_path / "data", 4), tmp_path / "scratch").progress()
    assert (progress.unit, progress.total) == ("claims", 4)


def test_the_command_writes_files_that_the_source_reads(tmp_path: Path) -> None:
    result = CliRunner().invoke(
        main, ["tmsis", "generate", str(tmp_path), "--members", "22", "--encoding", "psv", "--json"]
    )
    assert result.exit_code == 0, result.output
    told = changes(tmp_path)
    assert rejects(told) == []
    assert len(claims(told)) == json.loads(result.output)["claims"]


def test_the_command_refuses_a_layout_that_nobody_has(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["tmsis", "generate", str(tmp_path), "--layout", "77"])
    assert result.exit_code != 0
    assert not list(tmp_path.iterdir())


_RUN = """
import json, re, sys
from pathlib import Path
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade_claims_tmsis import plugin
from fhir_facade_claims_tmsis.settings import TmsisSettings
settings = TmsisSettings(folder=Path(sys.argv[1]), base="https://claims.example.gov")
found = plugin.open(settings, SourceContext(name="tmsis", scratch=Path(sys.argv[2])))
lines = sum(len(claim.lines) for change in found.changes(None) for claim in getattr(change, "claims", ()))
print(json.dumps([lines, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))]))
"""


def load(path: Path, members: int, lines: int) -> tuple[int, int, float]:
    """Lines told, peak memory in KiB and seconds of a run of its own; lines of a claim stand far apart."""
    path.mkdir()
    style = Style(layout=bundled()[0], fixed=False, state="06", created=date(2024, 5, 1))
    keys: Cells = {name: HEADER.get(name) for name in ("ICN-ORIG", "ADJUDICATION-DATE")}
    with Writer(path, "ELG", style) as eligible, Writer(path, "COT", style) as claim:
        for number in range(members):
            own: Cells = {"MSIS-IDENTIFICATION-NUM": f"M{number}", "ICN-ORIG": f"C{number}"}
            person: Cells = {"MSIS-IDENTIFICATION-NUM": f"M{number}", "ELIGIBLE-LAST-NAME": "Doe"}
            eligible.record("ELG00002", person)
            claim.record("COT00002", HEADER | HEADERS["COT"] | own)
        for place in range(1, lines + 1):
            for number in range(members):
                own = {"MSIS-IDENTIFICATION-NUM": f"M{number}", "ICN-ORIG": f"C{number}"}
                join = keys | {"LINE-NUM-ORIG": f"{place:03}", "LINE-ADJUSTMENT-IND": "0"}
                claim.record("COT00003", join | LINES["COT"] | own)
    scratch = path / ".scratch"
    scratch.mkdir()
    start = time.monotonic()
    command = [sys.executable, "-c", _RUN, str(path), str(scratch)]
    result = subprocess.run(command, capture_output=True, check=True, env=dict(os.environ))
    told, kib = json.loads(result.stdout)
    return told, kib, time.monotonic() - start


def test_memory_stays_flat_as_the_files_grow_tenfold(tmp_path: Path, full_counts: bool) -> None:
    members = 10_000 if full_counts else 100
    small, large = load(tmp_path / "small", members, 10), load(tmp_path / "large", members * 10, 10)
    print(f"{large[0]} lines in {large[2]:.0f} s: {large[0] / large[2]:.0f} lines/s, {large[1]} KiB")
    assert (small[0], large[0]) == (members * 10, members * 100)
    assert large[1] < small[1] * 1.3, f"{small[1]} KiB grew to {large[1]} KiB"
