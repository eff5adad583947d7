"""What counts against us: errors always, warnings unless ``known.toml`` says why they are none of our making."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.validator import Issue, Verdict

_UNKNOWN_SYSTEM = re.compile(r"CodeSystem is unknown and can't be validated: (\S+)")
_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Known:
    """The warnings that are explained: by code system, and by message."""

    code_systems: dict[str, str]
    messages: tuple[dict[str, str], ...]

    def explains(self, issue: Issue) -> str | None:
        """The key under which the warning is explained, or None."""
        if system := _UNKNOWN_SYSTEM.match(issue.message):
            return system.group(1) if system.group(1) in self.code_systems else None
        for entry in self.messages:
            path = _INDEX.sub("", issue.path)
            if issue.id == entry["id"] and entry.get("path", "") in path and entry.get("contains", "") in issue.message:
                return entry["id"] + (f" at {entry['path']}" if "path" in entry else "")
        return None


def known() -> Known:
    """The explanations of ``known.toml``."""
    table = tomllib.loads((Path(__file__).parent / "known.toml").read_text(encoding="utf-8"))
    return Known(table["code_systems"], tuple(table["messages"]))


@dataclass
class Tally:
    """The sum of all verdicts.

    Args:
        faults: what counts against us, and the first resource that shows it.
        explained: how often each explained warning was given.
    """

    known: Known = field(default_factory=known)
    resources: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    explained: Counter[str] = field(default_factory=Counter)

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """Count the verdicts in."""
        for verdict in verdicts:
            self.resources[verdict.guide] += 1
            for issue in verdict.issues:
                self._count(verdict, issue)

    def fault(self, what: str, example: str) -> None:
        """Count something against us."""
        self.errors += 1
        self.faults.setdefault(what, example)

    def _count(self, verdict: Verdict, issue: Issue) -> None:
        if issue.severity == "information":
            return
        key = self.known.explains(issue) if issue.severity == "warning" else None
        if key is not None:
            self.explained[key] += 1
            return
        path = _INDEX.sub("", issue.path)
        self.fault(f"{verdict.guide} {issue.severity} {path}: {issue.message} ({issue.id})", verdict.name)
