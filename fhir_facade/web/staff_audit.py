"""The audit trail for auditors: search, pages, files, and whether the chain holds; every look is a line of its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.errors import ClaimsError
from fhir_facade.registry.faults import Fault
from fhir_facade.registry.people import Signed
from fhir_facade.store.audit import AuditEvent
from fhir_facade.store.audit_check import AuditReport
from fhir_facade.store.audit_search import AuditSearch, Line, Wanted
from fhir_facade.store.engine import Clock
from fhir_facade.store.standing import Standing
from fhir_facade.web.language import LANGUAGES, Texts
from fhir_facade.web.spreadsheet import csv_text, download
from fhir_facade.web.staff import StaffDesk
from fhir_facade.web.staff_audit_form import (
    IDENTIFIERS,
    KINDS,
    AuditForm,
    Find,
    checked,
    empty_form,
    form_of,
    packed,
    said,
    unpacked,
    without_member,
)
from fhir_facade.web.staff_sources import moment

PAGE = 50
MOST_LINES = 100_000
"""Lines of one file; who needs more narrows the time."""

CHECK = "audit-check"
"""Name of the fact that keeps the last check of the chain."""

CHECKED_HERE = 200_000
"""Lines up to which a page checks the chain itself; a longer one is checked by command."""

COLUMNS = ("at", "kind", "outcome", "app", "who", "request", "detail", "number")


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBook:
    """Where the pages look things up.

    Args:
        search: reads the trail.
        find: members by identifier.
        verify: checks the whole chain.
        standing: keeps the last check.
        clock: seconds since 1970.
    """

    search: AuditSearch
    find: Find
    verify: Callable[[], AuditReport]
    standing: Standing
    clock: Clock


class AuditPages:
    """The views; each method is one address."""

    def __init__(self, staff: StaffDesk, book: AuditBook) -> None:
        self._staff = staff
        self._desk = staff.desk
        self._book = book

    def form(self, signed: Signed) -> AnyResponse:
        """The empty form, and how the chain is."""
        del signed
        return self._page(empty_form(datetime.fromtimestamp(self._book.clock(), UTC).date()))

    def search(self, signed: Signed) -> AnyResponse:
        """The first lines that were looked for; sent by POST, so that no identifier stands in any address."""
        form = form_of(request.form)
        try:
            wanted = checked(form, self._book.find)
        except ClaimsError:
            wanted = [Fault("member", "fault.member_unavailable")]
        if not isinstance(wanted, Wanted):
            return self._page(form, wanted)
        return self._found(signed, form, wanted, None)

    def older(self, signed: Signed) -> AnyResponse:
        """The next lines of a search."""
        search = self._sealed(signed)
        return self._found(signed, *search) if search else self._desk.stopped("form_over")

    def file(self, signed: Signed) -> AnyResponse:
        """All lines of a search as a file."""
        search, kind = self._sealed(signed), request.form.get("as", "")
        if search is None or kind not in {"csv", "ndjson"}:
            return self._desk.stopped("form_over")
        form, wanted, _ = search
        self._note(signed, "downloaded", f"{said(form)} as={kind}")
        lines = self._told(self._book.search.every(wanted, MOST_LINES))
        if kind == "csv":
            return download(csv_text(_table(lines)), "audit.csv")
        return download((json.dumps(one) + "\n" for one in lines), "audit.ndjson", "application/x-ndjson")

    def check(self, signed: Signed) -> AnyResponse:
        """Hold every line against the one before, now."""
        if self._book.search.size() > CHECKED_HERE:
            return self._desk.stopped("too_long")
        if self._desk.first_sending():
            report = self._book.verify()
            self._note(signed, "checked", f"faults={len(report.faults)}")
            self._book.standing.found(CHECK, self._book.clock(), report_told(report))
        return redirect("/staff/audit", 303)

    def _found(self, signed: Signed, form: AuditForm, wanted: Wanted, below: int | None) -> AnyResponse:
        self._note(signed, "searched", said(form))
        found = self._book.search.find(wanted, PAGE, below)
        seal = f"audit search {signed.account.account_id}"
        texts = self._desk.pages.texts()
        return self._page(
            without_member(form),
            rows=[self._shown(one, texts) for one in self._told(found.lines)],
            again=self._desk.keys.seal(packed(form, wanted, None), seal),
            older=self._desk.keys.seal(packed(form, wanted, found.below), seal) if found.below else "",
            most=f"{MOST_LINES:,}",
        )

    def _page(self, form: AuditForm, faults: Sequence[Fault] = (), **values: Any) -> AnyResponse:
        fact, texts = self._book.standing.fact(CHECK), self._desk.pages.texts()
        check = dict(fact.told) | {"when": _moment(fact.at * 1_000_000, texts)} if fact else None
        values = {"rows": None, "again": "", "older": "", "most": ""} | values
        more = {"kinds": KINDS, "identifiers": IDENTIFIERS, "check": check}
        return self._desk.render("staff_audit.html", 422 if faults else 200, faults=faults, form=form, **more, **values)

    def _sealed(self, signed: Signed) -> tuple[AuditForm, Wanted, int | None] | None:
        seal = f"audit search {signed.account.account_id}"
        text = self._desk.keys.unseal(request.form.get("search", ""), seal)
        return unpacked(text) if text else None

    def _told(self, lines: Iterator[Line] | Sequence[Line]) -> Iterator[dict[str, str]]:
        """Lines by column, as every form of the result shows them; staff by name, members never."""
        staff = {
            self._book.search.keys.person(f"Account/{one.account_id}"): one.name
            for one in self._desk.registry.accounts.staff()
        }
        for line in lines:
            yield {
                "at": datetime.fromtimestamp(line.at / 1_000_000, UTC).isoformat(timespec="milliseconds"),
                "kind": line.what,
                "outcome": line.outcome,
                "app": line.app_id,
                "who": staff.get(line.actor) or ("member" if line.by_member else "person" if line.actor else ""),
                "request": line.request_id,
                "detail": line.detail,
                "number": str(line.number),
            }

    def _shown(self, line: Mapping[str, str], texts: Texts) -> dict[str, str]:
        at = line["at"][:19].replace("T", " ")
        return dict(line) | {"at": at, "who": texts.or_else(f"audit.who_{line['who']}", line["who"])}

    def _note(self, signed: Signed, outcome: str, detail: str) -> None:
        actor = f"Account/{signed.account.account_id}"
        self._desk.registry.record(AuditEvent(what="audit-search", outcome=outcome, actor=actor, detail=detail))


def report_told(report: AuditReport) -> Mapping[str, Any]:
    """A check of the chain as it is kept: counts, the last anchor, and its first faults."""
    number, seal = report.last_anchor or (0, "")
    return {
        "lines": report.lines,
        "chains": report.chains,
        "anchors": report.anchors,
        "anchor": number,
        "seal": seal,
        "faults": len(report.faults),
        "first": list(report.faults[:10]),
    }


def _table(lines: Iterator[dict[str, str]]) -> Iterator[Sequence[str]]:
    yield COLUMNS
    for line in lines:
        yield [line[name] for name in COLUMNS]


def _moment(at: int, texts: Texts) -> str:
    return moment(datetime.fromtimestamp(at / 1_000_000, UTC), texts)


def audit_blueprint(staff: StaffDesk, book: AuditBook) -> Blueprint:
    """``/staff/audit``."""
    blueprint, pages = Blueprint("staff_audit", __name__, url_prefix="/staff/audit"), AuditPages(staff, book)
    staff.guard(blueprint)
    blueprint.add_url_rule("", "form", staff.view("audit", pages.form))
    posts = {"": pages.search, "/older": pages.older, "/file": pages.file, "/check": pages.check}
    for path, view in posts.items():
        blueprint.add_url_rule(path, f"post{path}".replace("/", "_"), staff.view("audit", view), methods=["POST"])
    for path in ("/older", "/file", "/check"):
        blueprint.add_url_rule(path, f"again{path}".replace("/", "_"), staff.view("audit", _start_again))
    return blueprint


def _start_again(signed: Signed) -> AnyResponse:
    """Somebody opened the address of a result, which stands in no address: to the form."""
    del signed
    language = request.args.get("lang", "")
    return redirect(f"/staff/audit?lang={language}" if language in LANGUAGES else "/staff/audit", 303)
