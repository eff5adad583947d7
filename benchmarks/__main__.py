"""``make bench``: every figure with its bar; ends non-zero where one is missed.

Figures are ratios within one run. ``python -m benchmarks --json FILE --chart FILE`` also writes them, with what the
machine is, as JSON and as a picture.
Name benchmarks to run only those: ``python -m benchmarks storage``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import connections, endpoints, live, mapping, pages, peers, reading, storage, syncing, tokens
from benchmarks.chart import draw
from benchmarks.measure import Bar, machine

BENCHMARKS: dict[str, Callable[[], list[Bar]]] = {
    "mapping": mapping.run,
    "storage": storage.run,
    "pages": pages.run,
    "endpoints": endpoints.run,
    "tokens": tokens.run,
    "connections": connections.run,
    "peers": peers.run,
    "syncing": syncing.run,
    "reading": reading.run,
    "live": live.run,
}


def wanted_by(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """What to run and where to write it; what cannot be is said before anything runs for minutes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without a name")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="draw the figures into this file (SVG)")
    wanted = parser.parse_args(arguments)
    for name in wanted.names:
        if name not in BENCHMARKS:
            parser.error(f"no benchmark is called {name}; there are {', '.join(BENCHMARKS)}")
    for file in (wanted.json, wanted.chart):
        if file and not os.access(file.resolve().parent, os.W_OK):
            parser.error(f"{file} cannot be written: make its folder first")
    return wanted


def main() -> int:
    """Run the benchmarks; 0 when every bar is met."""
    wanted = wanted_by()
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
