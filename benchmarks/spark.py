"""Apache Spark in local mode beside processes of this machine, over the same file: stated, not judged.

``python -m benchmarks.spark`` needs the extra ``spark`` and Java 17. Spark's own start is in its figure: its point is
many machines, not one.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from benchmarks.syncing import SOURCE, opened, planned
from fhir_facade.contracts.sections import SourceSettings
from fhir_facade.plugins import open_source
from fhir_facade.sync.run import SyncPlan, sync
from fhir_facade.sync.spark import SparkCluster
from tests.plugins.rif import carrier

MEMBERS = 100
CLAIMS = 100


def main() -> None:
    """Lines per second of either engine, with two cores each."""
    argparse.ArgumentParser(prog="python -m benchmarks.spark", description=__doc__).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with carrier.write(folder / "files", MEMBERS, CLAIMS).open() as file:
            lines = sum(1 for _ in file) - 1
        for engine in ("process", "spark"):
            plan = planned(folder, workers=2)
            seconds = _seconds(folder, _on_spark(folder, plan) if engine == "spark" else plan)
            print(f"{engine:>8}: {lines / seconds:8,.0f} claim lines per second ({lines:,} in {seconds:.0f} s)")


def _on_spark(folder: Path, plan: SyncPlan) -> SyncPlan:
    entry = SourceSettings(name=SOURCE, adapter="rif", mode="replica", options={"folder": str(folder / "files")})
    opens = partial(open_source, entry, folder, plan.state)
    return replace(plan, cluster=SparkCluster(master="local[2]", conf={}, folder=plan.state, opens=opens))


def _seconds(folder: Path, plan: SyncPlan) -> float:
    source = opened(folder, plan.state)
    begun = time.perf_counter()
    report = sync(source, plan)
    source.close()
    assert report.written["ExplanationOfBenefit"] == MEMBERS * CLAIMS, report
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
