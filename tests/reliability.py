"""Every property its full number of times: ``make reliability``, or ``python -m tests.reliability [--figure R7]``.

Runs each test that counts with FHIR_FACADE_COUNTS=full on real components, prints one line for each figure with its
database, count, seed and duration, then a table of all required figures. Exits non-zero when a test fails, a peer is
missing, or a required figure was not shown.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
COUNTS = re.compile(r"full_counts|import FULL|FHIR_FACADE_COUNTS|mark\.figure")

REQUIRED = {
    "R5": "a substance-use claim that is withheld shows on no path; look-alikes are not withheld",
    "R7": "of 64 who redeem a code at once one wins; a replay revokes what it gave",
    "R8": "a refresh token that comes back after the grace ends its family",
    "R9": "a refresh sent twice within the grace logs nobody out and has one successor",
    "R10": "no mutated redirect URI is taken",
    "R11": "no code without PKCE S256, on any mount",
    "R12": "no forged or mutated client assertion is taken",
    "R14": "no decision without the page's own token; no page can be framed",
    "R15": "a revocation holds on every node within a second",
    "R16": "no token, code or secret stands in a dump of the database",
    "R27": "every disclosure is one line of the audit trail; an edit shows; no trail, no answer",
    "R31": "keys rotate under load without one failed verification",
    "R33": "wrong secret and unknown app, known and unknown person: same answer, same time",
}
"""The figures that must be shown, each on both databases."""

DATABASES = ("sqlite", "postgresql")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one test of a figure went; without a database it counts for both."""

    figure: str
    database: str | None
    passed: bool
    note: str
    test: str
    seconds: float

    def line(self, seed: str) -> str:
        """One line for people."""
        label = f"{self.figure} {self.database}" if self.database else self.figure
        told = self.note if self.passed else "FAILED"
        return f"{label}: {told} (seed {seed}, {self.seconds:.1f} s, {self.test})"


def counting_files(figures: Sequence[str]) -> list[str]:
    """Test files with a property that is tried more often here than in ``make test``; of those figures, if any."""
    wanted = [f'of="{figure}"' for figure in figures]
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((PROJECT / "tests").rglob("test_*.py"))}
    found = [path for path, text in texts.items() if COUNTS.search(text)]
    found = [path for path in found if not wanted or any(mark in texts[path] for mark in wanted)]
    return [str(path.relative_to(PROJECT)) for path in found]


def result(outcomes: Sequence[Outcome], figure: str, database: str) -> str:
    """``reached``, ``FAILED`` or ``NOT SHOWN``."""
    about = [one for one in outcomes if one.figure == figure and one.database in (None, database)]
    if any(not one.passed for one in about):
        return "FAILED"
    return "reached" if any(one.database == database for one in about) else "NOT SHOWN"


def table(outcomes: Sequence[Outcome], figures: Sequence[str]) -> tuple[str, bool]:
    """The required figures as a table, and whether all were reached."""
    cells = {figure: [result(outcomes, figure, database) for database in DATABASES] for figure in figures}
    lines = [f"{'figure':8}{DATABASES[0]:12}{DATABASES[1]:12}property"]
    lines += [f"{figure:8}{one:12}{other:12}{REQUIRED[figure]}" for figure, (one, other) in cells.items()]
    return "\n".join(lines), all(cell == "reached" for row in cells.values() for cell in row)


def run(figures: Sequence[str], seed: str, *, short: bool) -> tuple[int, list[Outcome]]:
    """pytest's exit code and every outcome."""
    noted = Path(tempfile.mkdtemp()) / "figures"
    environment = os.environ | {
        "FHIR_FACADE_COUNTS": "short" if short else "full",
        "FHIR_FACADE_PEERS": "required",
        "FHIR_FACADE_SEED": seed,
        "FHIR_FACADE_FIGURES": str(noted),
        "PYTHONHASHSEED": "0",
    }
    command = [sys.executable, "-m", "pytest", "-q", f"--hypothesis-seed={seed}", *counting_files(figures)]
    if figures:
        command += ["-m", " or ".join(f'figure(of="{figure}")' for figure in figures)]
    code = subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode
    lines = noted.read_text(encoding="utf-8").splitlines() if noted.exists() else []
    return code, [Outcome(**json.loads(line)) for line in lines]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run them and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", default=time.strftime("%Y%m%d"), help="Seed of every generator; today by default.")
    parser.add_argument("--figure", action="append", default=[], choices=REQUIRED, help="Only this one; repeatable.")
    parser.add_argument("--short", action="store_true", help="The short counts of `make test`, to try the command.")
    asked = parser.parse_args(arguments)
    started = time.monotonic()
    code, outcomes = run(asked.figure, asked.seed, short=asked.short)
    for outcome in sorted(outcomes, key=lambda one: (int(one.figure[1:]), one.database or "")):
        print(outcome.line(asked.seed))
    drawn, reached = table(outcomes, asked.figure or list(REQUIRED))
    counts = "short counts" if asked.short else "full counts"
    print(f"\n{drawn}\n\nreliability: {counts}, seed {asked.seed}, {time.monotonic() - started:.0f} s, ", end="")
    print("every required figure was reached" if reached and code == 0 else f"NOT reached (pytest ended with {code})")
    return code or (0 if reached else 1)


if __name__ == "__main__":
    sys.exit(main())
