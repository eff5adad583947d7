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
_ENTRY = re.compile(r"^Bundle\.entry\.resource/\*(\w+)/[^*]*\*/")
_PARTICULARS = re.compile(r" for '[^']*'| ?\((codes|error message) = .*\)|'[^']*#[^']*'")


def _place(issue: Issue) -> str:
    """Where the issue is, without list positions, the same in a Bundle and out of it."""
    return _ENTRY.sub(r"\1", _INDEX.sub("", issue.path))


@dataclass(frozen=True)
class Known:
    """The warnings that are explained: by code system, and by message."""

    code_systems: dict[str, str]
    messages: tuple[dict[str, str], ...]

    def explains(self, issue: Issue) -> str | None:
        """The key under which the warning is explained, or None."""
        if system := _UNKNOWN_SYSTEM.match(issue.message):
            return next((known for known in self.code_systems if system.group(1).startswith(known)), None)
        for entry in self.messages:
            if (
                issue.id == entry["id"]
                and entry.get("path", "") in _place(issue)
                and entry.get("contains", "") in issue.message
            ):
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
        errors: errors of the validator, and records that became no resource.
        warnings: warnings that nothing explains.
        faults: what counts against us, and the first resource that shows it.
        explained: how often each explained warning was given.
    """

    known: Known = field(default_factory=known)
    resources: Counter[str] = field(default_factory=Counter)
    errors: int = 0
    warnings: int = 0
    faults: dict[str, str] = field(default_factory=dict)
    explained: Counter[str] = field(default_factory=Counter)

    def add(self, verdicts: Iterable[Verdict]) -> None:
        """Count the verdicts in."""
        for verdict in verdicts:
            self.resources[verdict.guide] += 1
            for issue in verdict.issues:
                self._count(verdict, issue)

    @property
    def blameless(self) -> bool:
        """Whether resources were judged and nothing counts against us."""
        return bool(self.resources) and not self.faults

    def error(self, what: str, example: str) -> None:
        """Count an error."""
        self.errors += 1
        self.faults.setdefault(what, example)

    def _count(self, verdict: Verdict, issue: Issue) -> None:
        if issue.severity == "information":
            return
        key = self.known.explains(issue) if issue.severity == "warning" else None
        if key is not None:
            self.explained[key] += 1
            return
        message = _PARTICULARS.sub("", issue.message)
        what = f"{verdict.guide} {issue.severity} {_place(issue)}: {message} ({issue.id})"
        if issue.severity == "warning":
            self.warnings += 1
            self.faults.setdefault(what, verdict.name)
        else:
            self.error(what, verdict.name)
