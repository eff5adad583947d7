"""What a run did."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fhir_facade.resources.schema import NAMES
from fhir_facade.sync.noticed import Noticed


@dataclass(slots=True)
class SyncReport:
    """Counts by resource type, and how long it took.

    Args:
        source: name of the source.
        written: rows inserted or replaced because they differ.
        unchanged: resources whose row was right already.
        deleted: resources that became tombstones.
        spared: resources that a complete extract did not name, and that stay because records of it could not be read.
        rejected: records that could not be read or mapped, since the run began (before a restart, too).
        noticed: what the mapping noticed of claims that were published all the same, in this process.
        seconds: how long this process worked.
        rejects: the file that lists them; None where there are none.
    """

    source: str
    written: Counter[str] = field(default_factory=Counter)
    unchanged: Counter[str] = field(default_factory=Counter)
    deleted: Counter[str] = field(default_factory=Counter)
    spared: int = 0
    rejected: int = 0
    noticed: Noticed = field(default_factory=Noticed)
    seconds: float = 0.0
    rejects: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """The report as ``sync --json`` prints it; types in the order of the replica."""
        return {
            "source": self.source,
            "written": _ordered(self.written),
            "unchanged": _ordered(self.unchanged),
            "deleted": _ordered(self.deleted),
            "spared": self.spared,
            "rejected": self.rejected,
            "noticed": self.noticed.as_list(),
            "seconds": round(self.seconds, 1),
        }


def _ordered(counts: Counter[str]) -> dict[str, int]:
    return {name: counts[name] for name in NAMES.values() if counts[name]}
