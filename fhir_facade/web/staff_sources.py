"""Sources for operators: how fresh they are, their last runs, and the records that could not be loaded."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.errors import ClaimsError
from fhir_facade.registry.people import Signed
from fhir_facade.resources.page import Freshness, Resources
from fhir_facade.resources.rejects import RejectRow, Rejects
from fhir_facade.store.standing import Standing, SyncRun
from fhir_facade.web.language import Texts
from fhir_facade.web.spreadsheet import csv_text, download
from fhir_facade.web.staff import StaffDesk, page_number
from fhir_facade.web.status import Late

PAGE = 50
RUNS = 20
REASONS = 20

_NUMBERED = re.compile(r"(?:[a-z]+ )?\d{1,9}")
_NAMING = re.compile(r"[\w.+@-]*\d[\w.+@-]*\d[\w.+@-]*\d[\w.+@-]*\d[\w.+@-]*")
"""Words with four digits or more: numbers of members and claims, but years and dates as well."""
_DAY = re.compile(r"\d{4}(?:-\d\d){0,2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceShown:
    """One source of the config: its name, its adapter, whether it is asked live, and whether its records have keys."""

    name: str
    adapter: str
    live: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBook:
    """Where the pages look things up.

    Args:
        sources: those of the config.
        resources: knows how fresh they are.
        rejects: the reject lists.
        standing: the runs.
        late: judges a source's freshness.
    """

    sources: Sequence[SourceShown]
    resources: Resources
    rejects: Rejects
    standing: Standing
    late: Late

    def find(self, name: str) -> SourceShown | None:
        """The source of that name."""
        return next((one for one in self.sources if one.name == name), None)

    def fresh(self) -> Mapping[str, Freshness]:
        """Source → how fresh it is; empty while that cannot be told."""
        try:
            return {one.source: one for one in self.resources.freshness()}
        except ClaimsError:
            return {}


class SourcePages:
    """The views; each method is one address."""

    def __init__(self, staff: StaffDesk, book: SourceBook) -> None:
        self._staff = staff
        self._desk = staff.desk
        self._book = book

    def all(self, signed: Signed) -> AnyResponse:
        """Every source in a row."""
        del signed
        fresh = self._book.fresh()
        rows = [self._row(one, fresh.get(one.name)) for one in self._book.sources]
        return self._desk.render("staff_sources.html", rows=rows)

    def one(self, signed: Signed, name: str) -> AnyResponse:
        """One source: its last runs, and a page of its reject list."""
        del signed
        source = self._book.find(name)
        if source is None:
            return self._desk.stopped("not_found")
        texts, number = self._desk.pages.texts(), page_number()
        row = self._row(source, self._book.fresh().get(name))
        rejects = [] if source.live else self._book.rejects.page(name, PAGE * (number - 1), PAGE)
        return self._desk.render(
            "staff_source.html",
            row=row,
            runs=[_run(one, texts) for one in self._book.standing.runs(name, RUNS)],
            reasons=[(masked(one.reason), one.number) for one in self._reasons(source)],
            rejects=[shown(one) for one in rejects],
            number=number,
            pages=max(1, -(-row["rejected"] // PAGE)),
        )

    def file(self, signed: Signed, name: str) -> AnyResponse:
        """The whole reject list, without identifiers."""
        source = self._book.find(name)
        if source is None or source.live:
            return self._desk.stopped("not_found")
        self._staff.note(signed, "sources", "downloaded", f"rejects of {name}")
        found = (shown(one) for one in self._book.rejects.every(name))
        return download(csv_text(_with_head(found)), f"rejects-{name}.csv")

    def _row(self, source: SourceShown, fresh: Freshness | None) -> dict[str, Any]:
        late = self._book.late(fresh) if fresh else None
        row: dict[str, Any] = {"source": source, "state": _state(source, fresh, late), "rejected": 0, "running": False}
        if not source.live:
            row |= {"rejected": self._book.rejects.number(source.name)}
            row |= {"running": self._book.rejects.running(source.name)}
        texts = self._desk.pages.texts()
        row["data_through"] = texts.date(fresh.data_through) if fresh and fresh.data_through else "–"
        return row | {
            name: moment(getattr(fresh, name), texts) if fresh and getattr(fresh, name) else "–"
            for name in ("received", "published")
        }

    def _reasons(self, source: SourceShown) -> Sequence[Any]:
        return [] if source.live else self._book.rejects.reasons(source.name, REASONS)


def _with_head(rows: Any) -> Any:
    yield RejectRow._fields
    yield from rows


def _state(source: SourceShown, fresh: Freshness | None, late: bool | None) -> str:
    if source.live:
        return "live"
    if fresh is None:
        return "unknown"
    if fresh.published is None:
        return "never"
    return "late" if late else "on_time"


def shown(row: RejectRow) -> RejectRow:
    """A rejected record without identifiers: a line number stays, a key of a table does not."""
    numbered = "." in row.file and _NUMBERED.fullmatch(row.line)
    return RejectRow(row.file, row.line if numbered else _hidden(row.line), masked(row.reason))


def masked(text: str) -> str:
    """A reason in which every word that may be an identifier shows its last two characters alone."""
    return _NAMING.sub(lambda found: found[0] if _DAY.fullmatch(found[0]) else _hidden(found[0]), text)


def _hidden(text: str) -> str:
    return f"••••{text[-2:]}" if len(text) > 4 else "••••"


def moment(at: datetime, texts: Texts) -> str:
    """An instant as a page shows it."""
    return f"{texts.date(at)}, {at:%H:%M} UTC"


def _run(run: SyncRun, texts: Texts) -> Mapping[str, Any]:
    return {
        "started": moment(datetime.fromtimestamp(run.started_at, UTC), texts),
        "seconds": run.finished_at - run.started_at,
        "run": run,
    }


def sources_blueprint(staff: StaffDesk, book: SourceBook) -> Blueprint:
    """``/staff/sources``."""
    blueprint, pages = Blueprint("staff_sources", __name__, url_prefix="/staff/sources"), SourcePages(staff, book)
    staff.guard(blueprint)
    blueprint.add_url_rule("", "all", staff.view("sources", pages.all))
    blueprint.add_url_rule("/<name>", "one", staff.view("sources", pages.one))
    blueprint.add_url_rule("/<name>/rejects.csv", "file", staff.view("sources", pages.file))
    return blueprint
