"""The data-quality report as one page for people: every part has a heading, a sentence, and a bar for each number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from itertools import groupby

from fhir_facade.conformance.report import TWO_SECONDS, Report

_MOST = 40
_PROMISE_MS = TWO_SECONDS * 1000

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b}"
    "table{border-collapse:collapse;width:100%;table-layout:fixed}caption{text-align:left;font-weight:600}"
    "td,th{text-align:left;padding:.2rem .6rem;border-bottom:1px solid #ccc;overflow-wrap:anywhere;vertical-align:top}"
    "th.n,td.n{width:10rem;text-align:right}th.b,td.b{width:14rem}.ok{color:#216e1f}.no{color:#a00}"
    "h2{margin-top:2rem}svg{vertical-align:middle;max-width:100%}"
    "@media(max-width:40rem){th.n,td.n{width:5rem}th.b,td.b{width:4rem}}"
)


def as_html(report: Report) -> str:
    """The report as one page without anything from elsewhere."""
    verdict, mood = ("Ready to publish", "ok") if report.passed else ("Not ready to publish", "no")
    title = f"{escape(report.source)}: data quality"
    parts = [
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><main>',
        f'<h1>{title}</h1><p class="{mood}"><strong>{verdict}.</strong> {_sentence(report)}</p>',
        *_obstacles(report),
        *_sections(report),
        "</main></body></html>",
    ]
    return "\n".join(parts)


def _sentence(report: Report) -> str:
    read = "all members" if report.complete else "the first members"
    claims = sum(report.claims.values())
    return f"{len(report.member_ids):,} members ({read}), {claims:,} claims, {report.lost:,} left out."


def _obstacles(report: Report) -> Iterator[str]:
    """Why the verdict is what it is, before anything else."""
    if sentences := report.obstacles():
        yield f"<ul>{''.join(f'<li>{escape(one)}</li>' for one in sentences)}</ul>"


def _sections(report: Report) -> Iterator[str]:
    yield _part("Members and claims seen", "Claims by kind.", report.claims)
    yield _part("What they become", "FHIR resources that can be published.", report.resources)
    yield from _filling(report)
    set_up = Counter(fault for fault in report.faults if fault not in report.indexes)
    yield _part("What to mend in the set-up", "Nothing can be published before this is mended.", set_up)
    yield _part("Missing indexes", "Without these every page reads a whole table.", Counter(report.indexes))
    unread = Counter({f"{table}: {', '.join(columns)}": len(columns) for table, columns in report.unread.items()})
    yield _part("Columns that fill nothing", "Columns of the source that nothing is read from.", unread)
    yield _part(
        "Codes nobody else knows",
        "An app cannot explain these: map them to a public code system where there is one.",
        report.strange_codes,
    )
    yield _part("Rows that became no record", "They are left out; the reason says what to mend.", report.unreadable)
    yield _part("Claims that cannot become EOBs", "By reason.", report.rejected)
    yield _part("Money that does not add up, and other findings", "Published as the source states it.", report.findings)
    yield _part(
        "Duplicate identifiers",
        "Identifiers that two members or two claims share: neither could be told from the other.",
        report.duplicate_identifiers(),
    )
    yield _part("Broken promises of the contract", "The adapter's author has to mend these.", report.promises)
    yield _times(report.page_times())


def _part(title: str, meaning: str, counts: Mapping[str, int]) -> str:
    head = f"<h2>{title}</h2>"
    if not counts:
        return f'{head}<p class="ok">None.</p>'
    most = max(counts.values())
    listed = Counter(counts).most_common(_MOST)
    rows = [_row(str(name), f"{count:,}", count / most) for name, count in listed]
    more = f"<p>and {len(counts) - _MOST:,} more; --json lists all</p>" if len(counts) > _MOST else ""
    return head + _table(meaning, ("what", "how many"), rows) + more


def _filling(report: Report) -> Iterator[str]:
    yield "<h2>Elements filled, and expected</h2><p>Expected is what the CARIN guide demands or wants shown.</p>"
    for kind, rows in groupby(report.filling(), key=lambda row: row[0]):
        shown = [_row(_spoken(name), f"{count:,} of {of:,}", count / of) for _, name, count, of in rows]
        yield _table(kind, ("element", "claims"), shown)


def _spoken(field: str) -> str:
    """A field of a record as people say it."""
    return field.replace(".", ": ").replace("_", " ")


def _times(times: Mapping[str, float]) -> str:
    head = "<h2>Response times</h2>"
    if not times:
        return f"{head}<p>The source is not asked live, so its copy answers.</p>"
    rows = [_row(name, f"{value:,.1f} ms", min(1.0, value / _PROMISE_MS)) for name, value in times.items()]
    return head + _table(
        f"Time of a live page; a full bar is the promise of {_PROMISE_MS:,.0f} ms.", ("", "time"), rows
    )


def _table(caption: str, heads: tuple[str, str], rows: Iterable[str]) -> str:
    head = f'<tr><th>{heads[0]}</th><th class="n">{heads[1]}</th><th class="b">chart</th></tr>'
    return f"<table><caption>{escape(caption)}</caption>{head}{''.join(rows)}</table>"


def _row(name: str, number: str, share: float) -> str:
    label = f"{share:.0%}"
    bar = (
        f'<rect width="200" height="12" fill="#e6e6e6"/><rect width="{round(share * 200)}" height="12" fill="#2672de"/>'
    )
    shape = 'width="200" height="12" viewBox="0 0 200 12" preserveAspectRatio="none"'
    chart = f'<svg {shape} role="img" aria-label="{label}">{bar}</svg>'
    return f'<tr><td>{escape(name)}</td><td class="n">{number}</td><td class="b">{chart}</td></tr>'
