"""A whole sync against the least that anybody has to do with the same file: read it as CSV, group lines by claim.

``python -m benchmarks.syncing`` writes carrier claims in CMS's research format and syncs them with one process and with
more. Contract checks, hashing of identifiers, mapping, indexing and compression are all in.
"""

from __future__ import annotations

import csv
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path

from benchmarks.measure import Bar
from fhir_facade.contracts.claims import ExtractSource
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.plugins import find
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.resources.matching import MatchHash
from fhir_facade.sync.run import SyncPlan, sync
from tests.plugins.rif import extract

SOURCE = "rif"
MEMBERS = 60
CLAIMS = 80
LINES = 4
ROUNDS = 3


def run() -> list[Bar]:
    """Every figure of a sync."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = _write(folder / "files")
        read = [_read_only(path) for _ in range(ROUNDS)]
        taken = [(_synced(folder, workers=1), _synced(folder, workers=2)) for _ in range(ROUNDS)]
        claims = MEMBERS * CLAIMS
        csv_cpu, cpu = statistics.median(read), statistics.median(one[0] for one, _ in taken)
        wall_one = statistics.median(one[1] for one, _ in taken)
        wall_two = statistics.median(two[1] for _, two in taken)
        print(f"  reader: {claims / csv_cpu:8,.0f} claims per second of one core; sync: {claims / cpu:8,.0f}")
        print(f"    sync: {claims / wall_one:8,.0f} claims/s in one process, {claims / wall_two:,.0f} with two to map")
        return [
            Bar("sync / CSV reader with grouping, claims per CPU second", csv_cpu / cpu, 0.18, at_least=True),
            Bar("sync with two processes that map / in one process", wall_one / wall_two, 1.5, at_least=True),
        ]


def _write(folder: Path) -> Path:
    folder.mkdir()
    (folder / "beneficiary_2020.csv").write_text("\n".join(_beneficiaries()) + "\n")
    path = folder / "carrier.csv"
    path.write_text("\n".join(_lines()) + "\n")
    return path


def _beneficiaries() -> Iterator[str]:
    yield "|".join(extract.COLUMNS["beneficiary"])
    for number in range(MEMBERS):
        yield extract.row("beneficiary", {"BENE_ID": f"{number + 1}", "MBI_NUM": f"1S00E{number:06}"})


def _lines() -> Iterator[str]:
    """Carrier lines, claim by claim; procedures, diagnoses, days, amounts and doctors vary."""
    dice = random.Random(1)
    yield "|".join(extract.COLUMNS["carrier"])
    for claim in range(MEMBERS * CLAIMS):
        day = (date(2018, 1, 1) + timedelta(days=dice.randrange(1000))).strftime("%d-%b-%Y")
        codes = {f"ICD_DGNS_CD{n}": f"{dice.choice('AEIJM')}{dice.randrange(10, 99)}9" for n in range(1, 5)}
        versions = {f"ICD_DGNS_VRSN_CD{n}": "0" for n in range(1, 5)}
        head = {"BENE_ID": f"{claim // CLAIMS + 1}", "CLM_ID": f"{claim + 1}", "CLM_FROM_DT": day, "CLM_THRU_DT": day}
        head |= codes | versions | {"PRNCPAL_DGNS_CD": codes["ICD_DGNS_CD1"]}
        for line in range(1, LINES + 1):
            amount = f"{dice.randrange(2000, 90000) / 100:.2f}"
            paid = {"LINE_SBMTD_CHRG_AMT": amount, "LINE_ALOWD_CHRG_AMT": amount, "LINE_NCH_PMT_AMT": amount}
            service = {"LINE_NUM": f"{line}", "LINE_1ST_EXPNS_DT": day, "LINE_LAST_EXPNS_DT": day}
            yield extract.row("carrier", head | service | paid | {"HCPCS_CD": f"99{dice.randrange(201, 499)}"})


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
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    url = replica_url(None, state)
    migrate(url)
    plugin = find("fhir_facade.claims", "rif")
    source = plugin.open(plugin.settings(folder=folder / "files"), SourceContext(name=SOURCE, scratch=state))
    assert isinstance(source, ExtractSource)
    plan = SyncPlan(
        name=SOURCE,
        replica=url,
        mapper=Mapper(SOURCE),
        rendering="bench",
        labels=no_labels,
        hashed=MatchHash({"1": bytes(32)}, "1"),
        state=state,
        workers=workers,
    )
    begun, cpu = time.perf_counter(), time.process_time()
    report = sync(source, plan)
    source.close()
    assert report.written["ExplanationOfBenefit"] == MEMBERS * CLAIMS, report
    return time.process_time() - cpu, time.perf_counter() - begun


if __name__ == "__main__":
    for bar in run():
        print(bar)
