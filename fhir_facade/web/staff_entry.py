"""Staff log in at a log-in system of their own: there, back, and into a session; whatever fails ends on a page."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.identity import PostTo, RedirectTo
from fhir_facade.login.flow import Linked, LoginFlow, Step, Stop, Stopped
from fhir_facade.registry.staff_door import StaffDoor
from fhir_facade.store import StoreUnavailable
from fhir_facade.store.logins import Logins
from fhir_facade.web.developers import DeveloperDesk
from fhir_facade.web.log_in_systems import browser_of, came_back, parked, publish_documents
from fhir_facade.web.login import STATUS

PURPOSE = "staff visit"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffEntry:
    """The way in.

    Args:
        desk: renders pages and keeps the browser's cookie.
        flow: begins and finishes attempts; it finds accounts where members' log-ins find members.
        logins: where visits are kept.
        door: opens sessions.
    """

    desk: DeveloperDesk
    flow: LoginFlow
    logins: Logins
    door: StaffDoor

    def forward(self) -> AnyResponse:
        """To the log-in system, for this browser alone."""
        chance = secrets.token_hex(16)
        visit_id = f"staff-{chance}-{self.desk.keys.derive(PURPOSE, f'{chance} {self.desk.token()}')}"
        return self._show(visit_id, self.flow.begin(visit_id, self.flow.choices[0].name, browser_of(self.desk.pages)))

    def callback(self) -> AnyResponse:
        """Where the log-in system sends the browser back to."""
        came = came_back(self.desk.pages)
        visit_id = self.flow.visit_of(came.state) if came else None
        if came is None or visit_id is None:
            return self._stopped(Stop.EXPIRED)
        if not self._is_ours(visit_id):
            again = parked(self.flow, came, self.desk.cookie, "/staff/login/callback")
            return again or self._stopped(Stop.EXPIRED)
        return self._show(visit_id, self.flow.finish(visit_id, came.state, came.answer, came.browser))

    def _show(self, visit_id: str, step: Step) -> AnyResponse:
        if isinstance(step, Stopped):
            return self._stopped(step.why, step.retry_after_s)
        if isinstance(step, Linked):
            return self._enter(visit_id, step.people[0].user.removeprefix("Account/"))
        if isinstance(step.begin, RedirectTo):
            return redirect(step.begin.url, 303)
        if isinstance(step.begin, PostTo):
            url = step.begin.url
            return self.desk.pages.render("post_to.html", posts_to=url, url=url, fields=step.begin.fields)
        return self._stopped(Stop.REJECTED)  # a form of ours would ask for one factor alone

    def _enter(self, visit_id: str, account_id: str) -> AnyResponse:
        if not self.logins.decide(visit_id, self.flow.now()):
            return self._stopped(Stop.EXPIRED)
        return self.desk.carry(redirect("/staff", 303), self.door.enter(account_id))

    def _is_ours(self, visit_id: str) -> bool:
        _, _, rest = visit_id.partition("-")
        chance, _, proof = rest.partition("-")
        cookie = request.cookies.get(self.desk.cookie, "")
        return self.desk.keys.proves(proof, PURPOSE, f"{chance} {cookie}")

    def _stopped(self, why: Stop, retry_after_s: int = 30) -> Response:
        page = self.desk.render("staff_stopped.html", STATUS[why], why=why.value)
        if STATUS[why] in {429, 503}:
            page.headers["Retry-After"] = str(retry_after_s)
        return page


def entry_blueprint(entry: StaffEntry) -> Blueprint:
    """What the log-in system is told: where it sends the browser back to, and our documents."""
    blueprint = Blueprint("staff_entry", __name__, url_prefix="/staff/login")
    blueprint.add_url_rule("/callback", "callback", entry.callback, methods=["GET", "POST"])
    blueprint.register_error_handler(StoreUnavailable, lambda _: entry.desk.stopped("unavailable"))
    publish_documents(blueprint, entry.flow.choices, "")
    return blueprint
