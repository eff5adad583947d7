"""The data-quality report of one source: what was counted, and whether the source may be published."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median, quantiles
from typing import Any

from fhir_facade.conformance.expectations import EXPECTED

TWO_SECONDS = 2.0
"""The founding promise: an average record in well under two seconds."""


MOST_LOST = 0.01
"""The share of records that may be left out of what is published."""


_SHARED = ("claim number", "member number")
"""Identifiers that two may share without harm: a family has one card, and a replacement keeps its claim's number."""


@dataclass(slots=True)
class Owners:
    """Who or what carries an identifier: two of them with the same one are a duplicate."""

    seen: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def add(self, kind: str, identifier: str, owner: str) -> None:
        """``owner`` carries an identifier of that kind."""
        self.seen[kind, identifier].add(owner)

    def duplicates(self) -> dict[str, int]:
        """Kind of identifier → how many of them have more than one owner."""
        return dict(Counter(kind for (kind, _), owners in sorted(self.seen.items()) if len(owners) > 1))


@dataclass(slots=True)
class Report:
    """What was found in one source.

    ``faults`` are those of the set-up (missing indexes among them), ``unreadable`` rows that became no record,
    ``rejected`` records that cannot become FHIR, ``findings`` what does not add up in published claims, ``promises``
    broken promises of the contract, ``strange_codes`` codes that no public list holds; each counts one reason.
    ``unread`` are columns that are there and fill nothing, by file or table.
    """

    source: str
    complete: bool = True
    listed: bool = True
    """Whether the source lists its members; one that is live alone is asked about those that somebody names."""
    faults: list[str] = field(default_factory=list)
    member_ids: list[str] = field(default_factory=list)
    claims: Counter[str] = field(default_factory=Counter)
    seen_ids: Counter[str] = field(default_factory=Counter)
    owners: Owners = field(default_factory=Owners)
    emitted: set[tuple[str, str]] = field(default_factory=set)
    filled: Counter[tuple[str, str]] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    promises: Counter[str] = field(default_factory=Counter)
    strange_codes: Counter[str] = field(default_factory=Counter)
    unread: dict[str, list[str]] = field(default_factory=dict)
    page_seconds: list[float] = field(default_factory=list)

    @property
    def duplicates(self) -> int:
        """Claim ids handed over more than once."""
        return sum(count > 1 for count in self.seen_ids.values())

    def duplicate_identifiers(self) -> dict[str, int]:
        """Kind of identifier → how many stand more than once."""
        own = {"claim id": self.duplicates} if self.duplicates else {}
        return own | self.owners.duplicates()

    @property
    def resources(self) -> Counter[str]:
        """FHIR resources by type, each counted once however often it was handed over."""
        return Counter(kind for kind, _ in sorted(self.emitted))

    @property
    def indexes(self) -> list[str]:
        """Faults of the set-up that are missing indexes."""
        return [fault for fault in self.faults if "index" in fault]

    @property
    def passed(self) -> bool:
        """Whether the source may be published: nothing stands in the way."""
        return not self.obstacles()

    def obstacles(self) -> list[str]:
        """What stands in the way of publishing, each a sentence that says what to do about it."""
        return [*self._about_the_source(), *self._about_the_records()]

    def _about_the_source(self) -> Iterator[str]:
        if self.faults:
            yield f"Mend the set-up: {self.faults[0]}" + _and_more(len(self.faults) - 1)
        elif not self.member_ids and self.listed:
            yield "No member was handed over: look whether the tables are filled and this is the right database."
        elif not self.member_ids:
            yield "No member was asked about whom the source knows: it cannot list them; name some with --member."
        if self.page_seconds and median(self.page_seconds) > TWO_SECONDS:
            yield f"A live page takes {median(self.page_seconds):.1f} seconds; two are promised."

    def _about_the_records(self) -> Iterator[str]:
        if self.promises:
            yield f"Mend the adapter: {next(iter(self.promises))}" + _and_more(len(self.promises) - 1)
        for kind, count in self.duplicate_identifiers().items():
            if kind not in _SHARED:
                yield f"Duplicates: {count:,} of the identifiers “{kind}” stand for more than one."
        if self.lost > MOST_LOST * (self.lost + self.resources["ExplanationOfBenefit"]):
            yield (
                f"Too much is left out: {self.lost:,} rows or records, beside "
                f"{self.resources['ExplanationOfBenefit']:,} claims that can be published; 1 in 100 may be."
            )

    @property
    def lost(self) -> int:
        """Rows that became no record, and records that cannot become FHIR."""
        return sum(self.unreadable.values()) + sum(self.rejected.values())

    def filling(self) -> Iterable[tuple[str, str, int, int]]:
        """Kind of claim, expected field, claims that fill it, claims of the kind: also where none does."""
        for kind, names in EXPECTED.items():
            if self.claims[kind]:
                yield from ((str(kind), name, self.filled[kind, name], self.claims[kind]) for name in names)

    def as_dict(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "source": self.source,
            "passed": self.passed,
            "obstacles": self.obstacles(),
            "complete": self.complete,
            "faults": self.faults,
            "missing_indexes": self.indexes,
            "members": len(self.member_ids),
            "claims": dict(self.claims),
            "resources": dict(self.resources),
            "filled": [dict(zip(("kind", "field", "claims", "of"), row, strict=True)) for row in self.filling()],
            "unread_columns": self.unread,
            "strange_codes": dict(self.strange_codes.most_common()),
            "unreadable": dict(self.unreadable.most_common()),
            "rejected": dict(self.rejected.most_common()),
            "findings": dict(self.findings.most_common()),
            "broken_promises": dict(self.promises.most_common()),
            "duplicate_claim_ids": self.duplicates,
            "duplicate_identifiers": self.duplicate_identifiers(),
            "page_ms": self.page_times(),
        }

    def page_times(self) -> dict[str, float]:
        """Milliseconds of a live page: median, 95th percentile, worst; empty where the source is not live."""
        if not self.page_seconds:
            return {}
        worst = max(self.page_seconds)
        high = quantiles(self.page_seconds, n=20)[-1] if len(self.page_seconds) > 1 else worst
        times = {"median": median(self.page_seconds), "p95": min(high, worst), "worst": worst}
        return {name: round(seconds * 1000, 1) for name, seconds in times.items()}


def _and_more(count: int) -> str:
    return f" (and {count:,} more)" if count > 0 else ""
