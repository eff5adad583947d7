"""The sharing ledger: every time data about a member were sent to an app, on a page and as a file to keep."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.fhir.disclosure import Disclosure
from fhir_facade.resources.disclosures import Disclosures
from fhir_facade.store.logins import VisitRow
from fhir_facade.web.language import Texts
from fhir_facade.web.login import LoginDesk
from fhir_facade.web.members import session_of
from fhir_facade.web.spreadsheet import harmless

PAGE = 50
READS = frozenset({"read", "vread", "search", "everything"})
"""What a request to the FHIR endpoints is called in the trail."""


def sent(line: Disclosure) -> bool:
    """Whether data left: a request that was answered with at least one resource of the member."""
    count = line.detail.rpartition(" ")[2]
    return line.what in READS and line.outcome.startswith("2") and count.isdigit() and int(count) > 0


def entries(disclosures: Disclosures, patient: str) -> Iterator[Disclosure]:
    """Every time data were sent, the newest first."""
    return (line for line in disclosures(patient) if sent(line))


def told(line: Disclosure, texts: Texts) -> dict[str, str]:
    """One line in words: when, which app, what kind of data, how many."""
    moment = datetime.fromtimestamp(line.at / 1_000_000, UTC)
    kind, _, count = line.detail.rpartition(" ")
    return {
        "when": f"{texts.date(moment)}, {moment:%H:%M:%S} UTC",
        "app": line.app_name or line.app_id,
        "what": texts.or_else(f"ledger.kind_{kind}", kind or texts("ledger.kind_any")),
        "count": count,
    }


class LedgerPages:
    """The views.

    Args:
        desk: knows who is logged in.
        disclosures: patient id → lines of the audit trail, newest first.
    """

    def __init__(self, desk: LoginDesk, disclosures: Disclosures) -> None:
        self._desk = desk
        self._disclosures = disclosures

    def page(self) -> AnyResponse:
        """One page of the ledger; ``before`` is the number of the last line of the page before."""
        visit = session_of(self._desk)
        if visit is None or visit.chosen_patient is None:
            return redirect("/members", 303)
        before = request.args.get("before", "")
        found = entries(self._disclosures, visit.chosen_patient)
        if before.isascii() and before.isdigit() and len(before) < 19:
            found = (line for line in found if line.number < int(before))
        lines = list(islice(found, PAGE + 1))
        texts = self._desk.pages.texts()
        return self._desk.pages.render(
            "ledger.html",
            rows=[told(line, texts) for line in lines[:PAGE]],
            older=lines[PAGE - 1].number if len(lines) > PAGE else None,
        )

    def csv(self) -> AnyResponse:
        """The whole ledger as a table."""
        return self._file("csv", "text/csv; charset=utf-8", self._table)

    def json(self) -> AnyResponse:
        """The whole ledger as a document."""
        return self._file("json", "application/json", self._document)

    def _file(self, ending: str, kind: str, write: Callable[[VisitRow, Texts], str]) -> AnyResponse:
        visit = session_of(self._desk)
        if visit is None or visit.chosen_patient is None:
            return redirect("/members", 303)
        response = Response(write(visit, self._desk.pages.texts()), content_type=kind)
        response.headers["Content-Disposition"] = f'attachment; filename="sharing-ledger.{ending}"'
        response.headers["Cache-Control"] = "no-store"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _document(self, visit: VisitRow, texts: Texts) -> str:
        lines = [_entry(line, texts) for line in entries(self._disclosures, visit.chosen_patient or "")]
        return json.dumps({"agency": self._desk.pages.agency.name, "sent": lines}, ensure_ascii=False, indent=2)

    def _table(self, visit: VisitRow, texts: Texts) -> str:
        buffer = io.StringIO(newline="")
        writer = csv.writer(buffer)
        writer.writerow([texts(f"ledger.{name}") for name in ("when", "app", "what", "count")] + ["request"])
        for line in entries(self._disclosures, visit.chosen_patient or ""):
            writer.writerow([harmless(str(value)) for value in _entry(line, texts).values()])
        return "\ufeff" + buffer.getvalue()


def _entry(line: Disclosure, texts: Texts) -> Mapping[str, str | int]:
    """One line as files tell it, in the order of the table's columns."""
    words = told(line, texts)
    return {
        "when": datetime.fromtimestamp(line.at / 1_000_000, UTC).isoformat(timespec="seconds"),
        "app": words["app"],
        "what": words["what"],
        "count": int(words["count"]),
        "request": line.request_id,
    }


def ledger_blueprint(desk: LoginDesk, disclosures: Disclosures) -> Blueprint:
    """The ledger below ``/members``."""
    blueprint, pages = Blueprint("ledger", __name__), LedgerPages(desk, disclosures)
    blueprint.add_url_rule("/members/ledger", "page", pages.page)
    blueprint.add_url_rule("/members/ledger.csv", "csv", pages.csv)
    blueprint.add_url_rule("/members/ledger.json", "json", pages.json)
    return blueprint
