"""What the mapping noticed of claims that were published all the same: amounts that do not add up and the like."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from fhir_facade.fhir.mapper import Mapped

_LINE = re.compile(r"\bline \d+")


@dataclass(slots=True)
class Noticed:
    """Findings by their words, each with how often and where it was met first.

    Args:
        counts: claims by finding; "line 4" and "line 7" are "a line".
        first: where the first of them was read: file and line, or the claim's own id.
    """

    counts: dict[str, int] = field(default_factory=dict)
    first: dict[str, str] = field(default_factory=dict)

    def add(self, mapped: Mapped) -> None:
        """Count the findings of one claim, each once."""
        for finding in set(map(_whichever_line, mapped.findings)):
            if finding not in self.first:
                self.first[finding] = _place(mapped)
            self.counts[finding] = self.counts.get(finding, 0) + 1

    def merge(self, other: Noticed) -> None:
        """Add what another one counted."""
        for finding, count in other.counts.items():
            self.counts[finding] = self.counts.get(finding, 0) + count
            self.first.setdefault(finding, other.first[finding])

    def as_list(self) -> list[dict[str, Any]]:
        """The findings, the most frequent first."""
        ranked = sorted(self.counts.items(), key=lambda found: (-found[1], found[0]))
        return [{"finding": text, "claims": count, "first": self.first[text]} for text, count in ranked]


@lru_cache(maxsize=4_096)
def _whichever_line(finding: str) -> str:
    return _LINE.sub("a line", finding)


def _place(mapped: Mapped) -> str:
    position = mapped.position
    return f"{position.file}:{position.line}" if position is not None else mapped.id
