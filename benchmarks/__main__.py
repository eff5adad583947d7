"""``make bench``: every figure with its bar; ends non-zero where one is missed.

Figures are ratios within one run. ``python -m benchmarks --json FILE`` also writes them, with what the machine is.
Name benchmarks to run only those: ``python -m benchmarks storage``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import live, mapping, pages, peers, storage, syncing
from benchmarks.measure import Bar, machine

BENCHMARKS: dict[str, Callable[[], list[Bar]]] = {
    "mapping": mapping.run,
    "storage": storage.run,
    "pages": pages.run,
    "peers": peers.run,
    "syncing": syncing.run,
    "live": live.run,
}


def main() -> int:
    """Run the benchmarks; 0 when every bar is met."""
    arguments = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    arguments.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], help="which to run; all without a name")
    arguments.add_argument("--json", type=Path, help="write the figures to this file")
    wanted = arguments.parse_args()
    print(", ".join(f"{name}: {value}" for name, value in machine().items()))
    bars: list[Bar] = []
    for name in wanted.names or BENCHMARKS:
        print(f"\n{name}")
        found = BENCHMARKS[name]()
        print(*found, sep="\n")
        bars += found
    if wanted.json:
        figures = [{"name": bar.name, "figure": bar.figure, "bound": bar.bound, "met": bar.met} for bar in bars]
        wanted.json.write_text(json.dumps({"machine": machine(), "figures": figures}, indent=2) + "\n")
    missed = sum(not bar.met for bar in bars)
    print(f"\n{len(bars) - missed} of {len(bars)} bars met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
