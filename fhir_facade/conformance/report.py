"""The data-quality report: numbers for machines, a page with bars for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from statistics import median, quantiles
from typing import Any

TWO_SECONDS = 2.0
"""The founding promise: an average record in well under two seconds."""

_MOST = 40


@dataclass(slots=True)
class Report:
    """What was found in one source.

    ``faults`` are those of the set-up (missing indexes among them), ``unreadable`` rows that became no record,
    ``rejected`` records that cannot become FHIR, ``findings`` what does not add up in published claims, ``promises``
    broken promises of the contract; each counts one reason.
    """

    source: str
    complete: bool = True
    faults: list[str] = field(default_factory=list)
    member_ids: list[str] = field(default_factory=list)
    claims: Counter[str] = field(default_factory=Counter)
    seen_ids: Counter[str] = field(default_factory=Counter)
    resources: Counter[str] = field(default_factory=Counter)
    filled: Counter[tuple[str, str]] = field(default_factory=Counter)
    unreadable: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)
    findings: Counter[str] = field(default_factory=Counter)
    promises: Counter[str] = field(default_factory=Counter)
    page_seconds: list[float] = field(default_factory=list)

    @property
    def duplicates(self) -> int:
        """Claim ids handed over more than once."""
        return sum(count > 1 for count in self.seen_ids.values())

    @property
    def passed(self) -> bool:
        """Whether the source may be published: set up, no broken promise, no duplicate, in time."""
        slow = bool(self.page_seconds) and median(self.page_seconds) > TWO_SECONDS
        return not (self.faults or self.promises or self.duplicates or slow) and bool(self.member_ids)

    def as_dict(self) -> dict[str, Any]:
        """The report for machines."""
        return {
            "source": self.source,
            "passed": self.passed,
            "complete": self.complete,
            "faults": self.faults,
            "members": len(self.member_ids),
            "claims": dict(self.claims),
            "resources": dict(self.resources),
            "filled": [
                {"kind": kind, "field": name, "claims": count, "of": self.claims[kind]}
                for (kind, name), count in sorted(self.filled.items())
            ],
            "unreadable": dict(self.unreadable.most_common()),
            "rejected": dict(self.rejected.most_common()),
            "findings": dict(self.findings.most_common()),
            "broken_promises": dict(self.promises.most_common()),
            "duplicate_claim_ids": self.duplicates,
            "page_ms": self.page_times(),
        }

    def page_times(self) -> dict[str, float]:
        """Milliseconds of a live page: median, 95th percentile, worst; empty where the source is not live."""
        if not self.page_seconds:
            return {}
        worst = max(self.page_seconds)
        high = quantiles(self.page_seconds, n=20)[-1] if len(self.page_seconds) > 1 else worst
        times = {"median": median(self.page_seconds), "p95": high, "worst": worst}
        return {name: round(seconds * 1000, 1) for name, seconds in times.items()}


def as_html(report: Report) -> str:
    """The report as one page without anything from elsewhere."""
    verdict = "Ready to publish" if report.passed else "Not ready to publish"
    parts = [
        f"<!DOCTYPE html><html lang=en><meta charset=utf-8><title>{escape(report.source)}: data quality</title>",
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}"
        "td,th{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #ccc}"
        "svg{vertical-align:middle}.no{color:#a00}</style>",
        f"<h1>{escape(report.source)}: data quality</h1>",
        f"<p class={'yes' if report.passed else 'no'}><strong>{verdict}.</strong> {_sentence(report)}</p>",
        *_sections(report),
    ]
    return "\n".join(parts)


def _sentence(report: Report) -> str:
    read = "all members" if report.complete else "the first members"
    claims = sum(report.claims.values())
    return (
        f"{len(report.member_ids):,} members ({read}), {claims:,} claims, {sum(report.rejected.values()):,} rejected."
    )


def _sections(report: Report) -> Iterator[str]:
    lists = (
        ("What to mend in the set-up", Counter(report.faults)),
        ("Rows that became no record", report.unreadable),
        ("Records that cannot become FHIR", report.rejected),
        ("Published, but does not add up", report.findings),
        ("Broken promises of the contract", report.promises),
        ("Claims by kind", report.claims),
        ("Resources", report.resources),
    )
    yield from (_table(title, counts) for title, counts in lists if counts)
    yield _filling(report)
    if times := report.page_times():
        rows = "".join(f"<tr><td>{name}<td>{value} ms" for name, value in times.items())
        yield f"<h2>Time of a live page (promise: 2,000 ms)</h2><table>{rows}</table>"


def _table(title: str, counts: Counter[str]) -> str:
    most = max(counts.values())
    rows = [
        f"<tr><td>{escape(str(name))}<td>{count:,}<td>{_bar(count / most)}" for name, count in counts.most_common(_MOST)
    ]
    return f"<h2>{title}</h2><table><tr><th>what<th>how many<th>{''.join(rows)}</table>"


def _filling(report: Report) -> str:
    shares = [(kind, name, count / report.claims[kind]) for (kind, name), count in sorted(report.filled.items())]
    rows = [f"<tr><td>{escape(kind)}<td>{name}<td>{share:.0%}<td>{_bar(share)}" for kind, name, share in shares]
    head = "<tr><th>kind of claim<th>field<th>filled<th>"
    return f"<h2>How well claims are filled</h2><table>{head}{''.join(rows)}</table>" if rows else ""


def _bar(share: float) -> str:
    bar = f"<rect width={round(share * 200)} height=12 fill=#2672de />"
    return f"<svg width=200 height=12 role=img aria-label='{share:.0%}'>{bar}</svg>"
