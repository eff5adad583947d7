"""The staff's pages: who may see which, where somebody without a session goes, and that every visit is written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.errors import FacadeError
from fhir_facade.registry.people import Signed
from fhir_facade.store.audit import AuditEvent
from fhir_facade.web.developers import DeveloperDesk, SignedView, proof_page

LOG_IN = "/staff/log-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDesk:
    """What the staff's pages work with.

    Args:
        desk: renders pages and knows who is there.
        forward: the way to a log-in system of the staff's own; None where their accounts are the facade's.
    """

    desk: DeveloperDesk
    forward: Callable[[], AnyResponse] | None = None

    def view(self, page: str, view: SignedView) -> Callable[..., AnyResponse]:
        """The view for those whose role sees the page; each visit is a line of the audit trail before it happens."""

        @wraps(view)
        def wrapped(**arguments: Any) -> AnyResponse:
            signed = self.desk.signed()
            if signed is None:
                return redirect(LOG_IN, 303)
            if not signed.complete:
                return redirect(proof_page(signed), 303)
            if not signed.account.staff or (page and page not in signed.account.pages):
                self.note(signed, page or "staff", "forbidden")
                return self.desk.stopped("forbidden")
            self.note(signed, page or "home", "seen" if request.method == "GET" else "sent")
            return view(signed, **arguments)

        return wrapped

    def note(self, signed: Signed, page: str, outcome: str, detail: str = "") -> None:
        """One line of the audit trail about what somebody of the staff did."""
        actor = f"Account/{signed.account.account_id}"
        role = signed.account.role
        told = " ".join(filter(None, (page, f"as {role}", detail)))
        self.desk.registry.record(AuditEvent(what="staff", outcome=outcome, actor=actor, detail=told))

    def guard(self, blueprint: Blueprint) -> None:
        """As the desk's own guard; a source or folder that cannot be read is a page too."""
        self.desk.guard(blueprint)
        blueprint.register_error_handler(FacadeError, lambda _: self.desk.stopped("unavailable"))


def page_number() -> int:
    """Which page of a list is asked for; the first where the address says nothing that can be one."""
    asked = request.args.get("page", "")
    return max(1, int(asked)) if asked.isascii() and asked.isdigit() and len(asked) < 7 else 1


class StaffPages:
    """The pages before the pages: the way in, and what one's role may see."""

    def __init__(self, staff: StaffDesk) -> None:
        self._staff = staff
        self._desk = staff.desk

    def home(self, signed: Signed) -> AnyResponse:
        """What there is for one's role."""
        return self._desk.render("staff_home.html", mine=signed.account)

    def log_in(self) -> AnyResponse:
        """Where staff log in; whoever is logged in goes on."""
        signed = self._desk.signed()
        if signed is not None and signed.account.staff:
            return redirect("/staff" if signed.complete else proof_page(signed), 303)
        return self._desk.render("staff_log_in.html", provider=self._staff.forward is not None)

    def begin(self) -> AnyResponse:
        """On to the log-in system of the staff."""
        return self._staff.forward() if self._staff.forward else redirect("/developers/log-in", 303)


def staff_blueprint(staff: StaffDesk) -> Blueprint:
    """``/staff`` and the log-in of the staff."""
    blueprint, pages = Blueprint("staff", __name__, url_prefix="/staff"), StaffPages(staff)
    staff.guard(blueprint)
    blueprint.add_url_rule("", "home", staff.view("", pages.home))
    blueprint.add_url_rule("/log-in", "log_in", pages.log_in)
    blueprint.add_url_rule("/log-in", "begin", pages.begin, methods=["POST"])
    return blueprint
