"""A run can be killed anywhere, and the next one ends in the same state; memory does not grow with the files."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import Change, Checkpoint, MemberRecords, Rejected
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade_claims_rif import plugin, source, staging
from fhir_facade_claims_rif.kinds import KINDS, used
from fhir_facade_claims_rif.settings import RifSettings
from tests.plugins.rif.extract import changes, claims, last, member, rejects, write


def many(folder: Path, members: int) -> None:
    people = [{"BENE_ID": f"{number:04}"} for number in range(members)]
    write(folder, "beneficiary", *people)
    write(folder, "carrier", *({"BENE_ID": p["BENE_ID"], "CLM_ID": f"c{p['BENE_ID']}"} for p in reversed(people)))


def opened(folder: Path, scratch: Path) -> source.RifSource:
    scratch.mkdir(exist_ok=True)
    found = plugin.open(RifSettings(folder=folder), SourceContext(name="rif", scratch=scratch))
    assert isinstance(found, source.RifSource)
    return found


def until(run: list[Change], place: int) -> Checkpoint | None:
    return next((c for c in reversed(run[:place]) if isinstance(c, Checkpoint)), None)


def test_a_killed_run_goes_on_after_the_last_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 3)
    data = tmp_path / "data"
    data.mkdir()
    many(data, 10)
    whole = list(opened(data, tmp_path / "whole").changes(None))
    for place in range(len(whole)):
        scratch = tmp_path / f"scratch{place}"
        killed = opened(data, scratch).changes(None)
        seen = [next(killed) for _ in range(place)]
        killed.close()  # type: ignore[attr-defined]
        point = until(seen, place)
        told = seen[: seen.index(point) + 1] if point else []
        rest = list(opened(data, scratch).changes(point.watermark if point else None))
        assert [c.claim_id for c in claims(told + rest)] == [c.claim_id for c in claims(whole)]


def test_a_staging_file_that_a_killed_run_left_is_built_anew(tmp_path: Path) -> None:
    data, scratch = tmp_path / "data", tmp_path / "scratch"
    data.mkdir()
    scratch.mkdir()
    many(data, 3)
    (scratch / "rif-staging.building").write_bytes(b"half a file")
    (scratch / "rif-staging.sqlite").write_bytes(b"not a database at all")
    assert len(claims(opened(data, scratch).changes(None))) == 3


def test_claims_in_the_staging_file_are_private_and_gone_after_the_run(tmp_path: Path) -> None:
    data, scratch = tmp_path / "data", tmp_path / "scratch"
    data.mkdir()
    many(data, 3)
    run = opened(data, scratch).changes(None)
    next(run)
    assert (scratch / "rif-staging.sqlite").stat().st_mode & 0o077 == 0
    while not isinstance(next(run), Checkpoint):
        pass
    run.close()  # type: ignore[attr-defined]
    assert list(scratch.iterdir()) == []


def test_rejects_of_a_killed_run_are_told_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 1)
    data = tmp_path / "data"
    data.mkdir()
    write(data, "beneficiary", {"BENE_ID": "1"}, {"BENE_ID": "2"})
    bad = {"BENE_ID": "1", "CLM_ID": "1", "CLM_FROM_DT": "x"}
    write(data, "carrier", bad, {"BENE_ID": "1", "CLM_ID": "2"}, {"BENE_ID": "2", "CLM_ID": "3"})
    run = opened(data, tmp_path / "scratch").changes(None)
    seen: list[Change] = []
    while not seen or not isinstance(seen[-1], Checkpoint):
        seen.append(next(run))
    run.close()  # type: ignore[attr-defined]
    rest = list(opened(data, tmp_path / "scratch").changes(seen[-1].watermark))
    assert [c.claim_id for c in claims(rest)] == ["carrier-3"]
    assert rejects(rest) == rejects(seen)


def test_changed_files_are_read_from_the_beginning(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    many(data, 3)
    before = last(list(opened(data, tmp_path / "s").changes(None)))
    write(data, "dme", {"BENE_ID": "0001", "CLM_ID": "new"})
    assert len(claims(opened(data, tmp_path / "s").changes(before.watermark))) == 4


def test_the_same_files_give_the_same_records_in_the_same_order(tmp_path: Path) -> None:
    many(tmp_path, 20)
    assert changes(tmp_path) == changes(tmp_path)


def test_a_watermark_that_is_no_watermark_begins_anew(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", {})
    found = opened(tmp_path, tmp_path / ".scratch")
    for text in ("", "garbage", "[1]", '{"files": "other", "after": "9"}'):
        assert len(claims(found.changes(text))) == 1


def test_a_member_with_many_claims_comes_in_several_records(tmp_path: Path) -> None:
    member(tmp_path)
    write(tmp_path, "carrier", *({"CLM_ID": str(number)} for number in range(250)))
    sizes = [len(c.claims) for c in changes(tmp_path) if isinstance(c, MemberRecords)]
    assert sizes == [100, 100, 50]


def test_a_disk_that_fails_in_the_middle_makes_the_source_unavailable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(self: object, after: object, *to: object) -> Iterator[object]:
        raise sqlite3.OperationalError("disk I/O error")
        yield

    data = tmp_path / "data"
    data.mkdir()
    member(data)
    read = opened(data, tmp_path / "scratch")
    (stretch,) = read.stretches(None)
    monkeypatch.setattr(staging.Staging, "members", fails)
    with pytest.raises(ClaimsUnavailable, match="disk I/O error"):
        changes(data)
    with pytest.raises(ClaimsUnavailable, match="disk I/O error"):
        list(read.read(stretch))
    read.close()


def test_progress_counts_claims(tmp_path: Path) -> None:
    many(tmp_path, 7)
    progress = opened(tmp_path, tmp_path / ".scratch").progress()
    assert (progress.unit, progress.total) == ("claims", 7)


def test_cms_synthetic_files_give_every_claim_and_no_reject(shared: Path) -> None:
    told = changes(shared / "data/rif/synthea")
    kinds = Counter(claim.claim_id.split("-")[0] for claim in claims(told))
    assert kinds == {"carrier": 37, "dme": 1, "hha": 14, "hospice": 1, "inpatient": 16, "outpatient": 19, "snf": 1,
                     "pde": 18}  # fmt: skip
    members = {c.member.member_id for c in told if isinstance(c, MemberRecords)}
    assert members == {"-1000006", "-1000014", "-1000018"}
    assert not [c for c in told if isinstance(c, Rejected)]


def test_every_column_that_is_read_is_in_the_mapping_spreadsheet() -> None:
    fields = opened(Path("/nowhere"), Path("/tmp")).capabilities.fields  # noqa: S108 - nothing is written there
    for kind in KINDS:
        assert set(fields[kind.name]) == set(used(kind))
    assert fields["carrier"]["LINE_SBMTD_CHRG_AMT"] == "ClaimLine.amounts[submitted]"
    assert "TAX_NUM" not in fields["carrier"]


_PEAK = """
import json, re, sys
from pathlib import Path
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade_claims_rif import plugin
from fhir_facade_claims_rif.settings import RifSettings
found = plugin.open(RifSettings(folder=Path(sys.argv[1])), SourceContext(name="rif", scratch=Path(sys.argv[2])))
count = sum(len(getattr(change, "claims", ())) for change in found.changes(None))
print(json.dumps([count, int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))]))
"""


def peak(folder: Path, members: int) -> tuple[int, int]:
    """Claims told and peak memory in KiB of a run of its own over a folder of ``members`` with ten lines each."""
    folder.mkdir()
    people = [f"{number:06}" for number in range(members)]
    write(folder, "beneficiary", *({"BENE_ID": person} for person in people))
    lines = ({"BENE_ID": p, "CLM_ID": f"c{p}", "LINE_NUM": str(n)} for n in range(1, 11) for p in people)
    write(folder, "carrier", *lines)
    scratch = folder / ".scratch"
    scratch.mkdir()
    command = [sys.executable, "-c", _PEAK, str(folder), str(scratch)]
    result = subprocess.run(command, capture_output=True, check=True, env=dict(os.environ))
    count, kib = json.loads(result.stdout)
    return count, kib


def test_memory_stays_flat_as_the_files_grow_tenfold(tmp_path: Path, full_counts: bool) -> None:
    members = 3000 if full_counts else 150  # the first 2 MiB of growth are SQLite filling its page cache
    small, large = peak(tmp_path / "small", members), peak(tmp_path / "large", members * 10)
    assert (small[0], large[0]) == (members, members * 10)
    assert large[1] < small[1] * 1.25, f"{small[1]} KiB grew to {large[1]} KiB"


def test_files_that_change_between_two_stretches_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 3)
    data = tmp_path / "data"
    data.mkdir()
    many(data, 10)
    cut = opened(data, tmp_path / "scratch")
    first, second, *_ = cut.stretches(None)
    assert len(claims(cut.read(first))) == 3
    (data / "carrier.csv").rename(data / "other.csv")
    with pytest.raises(ClaimsUnavailable, match="changed while they were read; run the sync again"):
        list(cut.read(second))


def test_stretches_go_on_after_a_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 3)
    data = tmp_path / "data"
    data.mkdir()
    many(data, 10)
    cut = opened(data, tmp_path / "scratch")
    whole = [change for stretch in cut.stretches(None) for change in cut.read(stretch)]
    for point in [change for change in whole if isinstance(change, Checkpoint) and not change.finished]:
        rest = [change for stretch in cut.stretches(point.watermark) for change in cut.read(stretch)]
        assert claims(rest) == claims(whole[whole.index(point) :])
