"""Every property its full number of times: ``make reliability``, or ``python -m tests.reliability [--seed N]``.

Runs each test that counts (``full_counts``) with FHIR_FACADE_COUNTS=full, prints one line with the figures, and exits
non-zero when a property does not hold or a peer is missing.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
COUNTS = re.compile(r"full_counts|import FULL|FHIR_FACADE_COUNTS")


def counting_files() -> list[str]:
    """Test files with a property that is tried more often here than in ``make test``."""
    files = sorted((PROJECT / "tests").rglob("test_*.py"))
    return [str(path.relative_to(PROJECT)) for path in files if COUNTS.search(path.read_text(encoding="utf-8"))]


def main() -> int:
    """Run them and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default=time.strftime("%Y%m%d"), help="Seed of every generator; today by default.")
    arguments = parser.parse_args()
    environment = os.environ | {
        "FHIR_FACADE_COUNTS": "full",
        "FHIR_FACADE_PEERS": "required",
        "FHIR_FACADE_SEED": arguments.seed,
        "PYTHONHASHSEED": "0",
    }
    figures = Path(tempfile.mkdtemp()) / "figures"
    environment["FHIR_FACADE_FIGURES"] = str(figures)
    started = time.monotonic()
    files = counting_files()
    command = [sys.executable, "-m", "pytest", "-q", f"--hypothesis-seed={arguments.seed}", *files]
    done = subprocess.run(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout)
    print(figures.read_text(encoding="utf-8") if figures.exists() else "no figures")
    summary = done.stdout.strip().splitlines()[-1].strip("= ") if done.stdout.strip() else "nothing ran"
    print(f"reliability: {summary}; {len(files)} files, seed {arguments.seed}, {time.monotonic() - started:.0f} s")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
