"""A whole sync against the least that anybody has to do with the same file: read it as CSV, group lines by claim.

``python -m benchmarks.syncing`` writes carrier claims in CMS's research format, filled as CMS's own files are (six
lines a claim, 400 bytes a line), and syncs them with one process and with more. Contract checks, hashing of
identifiers, mapping, indexing and compression are all in.
"""

from __future__ import annotations

import csv
import shutil
import statistics
import tempfile
import time
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import msgspec
import sqlalchemy as sa

from benchmarks.measure import Bar
from fhir_facade.contracts.claims import ExtractSource
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.plugins import find
from fhir_facade.resources.database import migrate, replica_url, writer
from fhir_facade.resources.frames import Opener, Packer
from fhir_facade.resources.matching import MatchHash
from fhir_facade.resources.schema import TYPES, resource
from fhir_facade.sync.rows import load_dictionary
from fhir_facade.sync.run import SyncPlan, sync
from tests.plugins.rif import carrier

SOURCE = "rif"
MEMBERS = 100
CLAIMS = 100
ROUNDS = 3
_BAR = 0.18
_CLAIM = TYPES["ExplanationOfBenefit"]


def run() -> list[Bar]:
    """Every figure of a sync."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = carrier.write(folder / "files", MEMBERS, CLAIMS)
        read = [_read_only(path) for _ in range(ROUNDS)]
        taken = [(_synced(folder, workers=1), _synced(folder, workers=2)) for _ in range(ROUNDS)]
        claims = MEMBERS * CLAIMS
        csv_cpu, cpu = statistics.median(read), statistics.median(one[0] for one, _ in taken)
        wall_one = statistics.median(one[1] for one, _ in taken)
        wall_two = statistics.median(two[1] for _, two in taken)
        print(f"  reader: {claims / csv_cpu:8,.0f} claims per second of one core; sync: {claims / cpu:8,.0f}")
        print(f"    sync: {claims / wall_one:8,.0f} claims/s in one process, {claims / wall_two:,.0f} with two to map")
        print(
            f"  the bar leaves {csv_cpu / claims / _BAR * 1e6:.0f} µs a claim: {csv_cpu / claims * 1e6:.0f} to read it,"
        )
        print(f"    and {_finished(folder) * 1e6:.0f} to write, hash and compress a claim that is mapped already")
        return [
            Bar("sync / CSV reader with grouping, claims per CPU second", csv_cpu / cpu, _BAR, at_least=True),
            Bar("sync with two processes that map / in one process", wall_one / wall_two, 1.5, at_least=True),
        ]


def _read_only(path: Path) -> float:
    """CPU seconds of a bare reader."""
    begun, claims = time.process_time(), 0
    with path.open(newline="") as file:
        rows = csv.reader(file, delimiter="|")
        place = next(rows).index("CLM_ID")
        for _, lines in groupby(rows, key=lambda row: row[place]):
            claims += bool(list(lines))
    assert claims == MEMBERS * CLAIMS
    return time.process_time() - begun


def _synced(folder: Path, workers: int) -> tuple[float, float]:
    """CPU seconds of this process and seconds of a sync into an empty replica."""
    plan = planned(folder, workers)
    source = opened(folder, plan.state)
    begun, cpu = time.perf_counter(), time.process_time()
    report = sync(source, plan)
    source.close()
    assert report.written["ExplanationOfBenefit"] == MEMBERS * CLAIMS, report
    return time.process_time() - cpu, time.perf_counter() - begun


def _finished(folder: Path) -> float:
    """CPU seconds for what no mapping can spare a claim of the last sync: JSON once, its hash, a compressed frame."""
    with writer(replica_url(None, folder / "state")).connect() as connection:
        claims = sa.select(resource.c.dictionary, resource.c.body).where(resource.c.type == _CLAIM).limit(2_000)
        rows = connection.execute(claims).all()
        dictionary = load_dictionary(connection, rows[-1].dictionary)
    body = Opener(dictionary).body
    decoder = msgspec.json.Decoder(float_hook=Decimal)
    resources = [decoder.decode(body(row.body)) for row in rows if row.dictionary == dictionary.key]
    packer = Packer(dictionary)
    taken = []
    for _ in range(ROUNDS):
        begun = time.process_time()
        for one in resources:
            packer.body(finish(one)[0])
        taken.append(time.process_time() - begun)
    return statistics.median(taken) / len(resources)


def planned(folder: Path, workers: int) -> SyncPlan:
    """A sync into an empty replica."""
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    url = replica_url(None, state)
    migrate(url)
    return SyncPlan(
        name=SOURCE,
        replica=url,
        mapper=Mapper(SOURCE),
        rendering="bench",
        labels=no_labels,
        hashed=MatchHash({"1": bytes(32)}, "1"),
        state=state,
        workers=workers,
    )


def opened(folder: Path, scratch: Path) -> ExtractSource:
    """The files in ``folder`` as a source."""
    plugin = find("fhir_facade.claims", "rif")
    source = plugin.open(plugin.settings(folder=folder / "files"), SourceContext(name=SOURCE, scratch=scratch))
    assert isinstance(source, ExtractSource)
    return source


if __name__ == "__main__":
    for bar in run():
        print(bar)
