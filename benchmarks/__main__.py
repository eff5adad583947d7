"""``make bench``: every figure with its bar; ends non-zero where one is missed.

Figures are ratios within one run. ``python -m benchmarks --json FILE --chart FILE`` also writes them, with what the
machine is, as JSON and as a picture.
Name benchmarks to run only those: ``python -m benchmarks storage``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import connections, endpoints, live, mapping, pages, peers, reading, storage, syncing
from benchmarks.chart import draw
from benchmarks.measure import Bar, machine

BENCHMARKS: dict[str, Callable[[], list[Bar]]] = {
    "mapping": mapping.run,
    "storage": storage.run,
    "pages": pages.run,
    "endpoints": endpoints.run,
    "connections": connections.run,
    "peers": peers.run,
    "syncing": syncing.run,
    "reading": reading.run,
    "live": live.run,
}


def main() -> int:
    """Run the benchmarks; 0 when every bar is met."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which to run; all without a name")
    arguments.add_argument("--json", type=Path, help="write the figures to this file")
    arguments.add_argument("--chart", type=Path, help="draw the figures into this file (SVG)")
    wanted = arguments.parse_args()
    print(", ".join(f"{name}: {value}" for name, value in machine().items()))
    bars: list[Bar] = []
    for name in wanted.names or BENCHMARKS:
        print(f"\n{name}")
        found = BENCHMARKS[name]()
        print(*found, sep="\n")
        bars += found
    _write(bars, wanted.json, wanted.chart)
    missed = sum(not bar.met for bar in bars)
    print(f"\n{len(bars) - missed} of {len(bars)} bars met")
    return 1 if missed else 0


def _write(bars: Sequence[Bar], figures: Path | None, chart: Path | None) -> None:
    here = machine()
    if figures:
        rows = [{"name": bar.name, "figure": bar.figure, "bound": bar.bound, "met": bar.met} for bar in bars]
        figures.write_text(json.dumps({"machine": here, "figures": rows}, indent=2) + "\n")
    if chart:
        day = datetime.now(UTC).date()
        chart.write_text(draw(bars, f"{day}: {here['cpus']} CPUs, {here['model']}, Python {here['python']}"))


if __name__ == "__main__":
    sys.exit(main())
