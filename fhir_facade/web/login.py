"""The pages between an app's request and the member's decision: choose a log-in, log in, choose for whom.

Each page belongs to a *visit* (the authorization request) and to the browser that started it; a page asked for by
another browser says that it is no longer valid, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.errors import ClaimsError, LoginRejected
from fhir_facade.contracts.identity import AskFor, AskPasskey, PostTo, RedirectTo
from fhir_facade.login.flow import Begun, Linked, LoginFlow, Step, Stop, Stopped
from fhir_facade.login.keys import LoginKeys
from fhir_facade.login.linking import Person
from fhir_facade.login.ports import AppRequest, AppRequests, People, Record
from fhir_facade.store.logins import Logins
from fhir_facade.web.log_in_systems import browser_of, came_back, parked, publish_documents
from fhir_facade.web.pages import Pages
from fhir_facade.web.portal import is_portal

STATUS = {
    Stop.EXPIRED: 400,
    Stop.DENIED: 403,
    Stop.LOCKED: 429,
    Stop.REJECTED: 400,
    Stop.UNAVAILABLE: 503,
    Stop.WEAK: 403,
    Stop.NONE: 404,
    Stop.MANY: 409,
    Stop.BLOCKED: 403,
}
"""The status of each page that ends a log-in."""

MAY_TRY_AGAIN = {Stop.DENIED, Stop.REJECTED, Stop.UNAVAILABLE, Stop.WEAK, Stop.NONE}


@dataclass(frozen=True, slots=True)
class LoginDesk:
    """What the log-in pages work with.

    Args:
        pages: renders templates.
        flow: begins and finishes attempts.
        logins: where visits are kept.
        requests: the apps' requests.
        people: names of members.
        keys: secrets of the log-in.
        record: writes audit lines.
        cookie: name of the cookie that binds a request to the browser.
        sensitive_minimum_ial: identity assurance below which substance-use information is never shared.
        minimum_ial_for: identity assurance that a category of the consent page needs.
        minors_decide_from: age from which only the minor can have it shared.
    """

    pages: Pages
    flow: LoginFlow
    logins: Logins
    requests: AppRequests
    people: People
    keys: LoginKeys
    record: Record
    cookie: str
    sensitive_minimum_ial: int = 0
    minors_decide_from: int = 12
    minimum_ial_for: Mapping[str, int] = field(default_factory=dict)

    def waiting(self, visit_id: str) -> AppRequest | None:
        """The request of this visit, if it waits and this browser started it."""
        try:
            return self.requests.waiting(visit_id, request.cookies.get(self.cookie))
        except LoginRejected:
            return None

    def token(self, visit_id: str) -> str:
        """What forms of this visit carry, so that no other site can send them."""
        return self.keys.derive("form", f"{visit_id} {request.cookies.get(self.cookie, '')}")

    def genuine(self, visit_id: str) -> bool:
        """Whether the form that was sent is one of ours for this visit and browser."""
        subject = f"{visit_id} {request.cookies.get(self.cookie, '')}"
        return self.keys.proves(request.form.get("token", ""), "form", subject)

    def people_of(self, choices: str) -> list[Person]:
        """For whom the person who logged in may choose, as the visit remembers it."""
        return [Person(user, patient) for user, patient in json.loads(choices)]

    def picked(self, choices: str) -> Person | None:
        """Whom of them the form that was sent names, by their number; None for nobody."""
        numbered = {str(number): person for number, person in enumerate(self.people_of(choices))}
        return numbered.get(request.form.get("person", ""))

    def stopped(self, why: Stop, asked: AppRequest | None, retry_after_s: int = 30) -> Response:
        """The page that says why a log-in ended, with a way back to the app where there is one."""
        texts = self.pages.texts()
        visit_id = asked.authorization_id if asked else ""
        response = self.pages.render(
            "stopped.html",
            STATUS[why],
            posts_to=asked.returns_to if asked else "",
            at=f"/login/{visit_id}/ended/{why}" if asked else "",
            title=texts(f"stopped.{why}_title"),
            text=texts(f"stopped.{why}_text"),
            again=f"/login/{visit_id}" if asked and why in MAY_TRY_AGAIN else "",
            base=f"/login/{visit_id}" if asked else "",
            token=self.token(visit_id),
            back=texts("mine.back" if is_portal(visit_id) else "action.return_to_app"),
        )
        if STATUS[why] in {429, 503}:
            response.headers["Retry-After"] = str(retry_after_s)
        return response


class LoginPages:
    """The views; each method is one address."""

    def __init__(self, desk: LoginDesk) -> None:
        self._desk = desk

    def start(self, visit_id: str) -> AnyResponse:
        """Choose a log-in system, or go straight to the only one."""
        asked = self._desk.waiting(visit_id)
        if asked is None:
            return self._desk.stopped(Stop.EXPIRED, None)
        choices = self._desk.flow.choices
        if len(choices) == 1:
            return redirect(f"/login/{visit_id}/with/{choices[0].name}", 303)
        return self._page("choose.html", asked, intro=self._intro("choose.intro", asked), choices=choices)

    def begin(self, visit_id: str, provider: str) -> AnyResponse:
        """Start with the log-in system of that name."""
        asked = self._desk.waiting(visit_id)
        if asked is None:
            return self._desk.stopped(Stop.EXPIRED, None)
        return self._show(asked, self._desk.flow.begin(visit_id, provider, browser_of(self._desk.pages)))

    def callback(self) -> AnyResponse:
        """Where every log-in system, and our own form, sends the browser back to."""
        flow, came = self._desk.flow, came_back(self._desk.pages)
        visit_id = flow.visit_of(came.state) if came else None
        if came is None or visit_id is None:
            return self._desk.stopped(Stop.EXPIRED, None)
        asked = self._desk.waiting(visit_id)
        if asked is None:
            again = parked(flow, came, self._desk.cookie, "/login/callback")
            return again or self._desk.stopped(Stop.EXPIRED, None)
        return self._show(asked, flow.finish(visit_id, came.state, came.answer, came.browser))

    def ended(self, visit_id: str, why: str) -> AnyResponse:
        """Why a log-in ended, read once more in another language: what the log-in brought is used up by then."""
        asked = self._desk.waiting(visit_id)
        return self._desk.stopped(Stop(why) if asked and why in set(Stop) else Stop.EXPIRED, asked)

    def choose_member(self, visit_id: str) -> AnyResponse:
        """Choose for whom to decide, where one may act for several."""
        asked, visit = self._desk.waiting(visit_id), self._desk.flow.known(visit_id)
        people = self._desk.people_of(visit.choices) if visit else []
        if asked is None or visit is None or not people:
            return self._desk.stopped(Stop.EXPIRED, None)
        if request.method == "POST" and not self._desk.genuine(visit_id):
            return self._desk.stopped(Stop.EXPIRED, asked)
        missing = False
        if request.method == "POST":
            chosen = self._desk.picked(visit.choices)
            if chosen is not None:
                self._desk.logins.identify(visit_id, chosen_user=chosen.user, chosen_patient=chosen.patient)
                return redirect(_after(visit_id), 303)
            missing = True
        try:
            shown = [self._named(person) for person in people]
        except ClaimsError:
            return self._desk.stopped(Stop.UNAVAILABLE, asked)
        intro = self._intro("member.intro", asked, "mine.choose_intro")
        return self._page("member.html", asked, 400 if missing else 200, intro=intro, people=shown, missing=missing)

    def _show(self, asked: AppRequest, step: Step) -> AnyResponse:
        if isinstance(step, Stopped):
            return self._desk.stopped(step.why, asked, step.retry_after_s)
        if isinstance(step, Linked):
            visit_id = asked.authorization_id
            return redirect(_after(visit_id) if len(step.people) == 1 else f"/login/{visit_id}/member", 303)
        return self._go_on(asked, step)

    def _go_on(self, asked: AppRequest, step: Begun) -> AnyResponse:
        begin = step.begin
        if isinstance(begin, RedirectTo):
            return redirect(begin.url, 303)
        if isinstance(begin, PostTo):
            return self._desk.pages.render("post_to.html", posts_to=begin.url, url=begin.url, fields=begin.fields)
        if isinstance(begin, AskPasskey):
            return self._page(
                "passkey.html", asked, at=_begins(asked, step.provider), state=step.state, options=begin.options
            )
        return self._form(asked, step, begin)

    def _form(self, asked: AppRequest, step: Begun, begin: AskFor) -> AnyResponse:
        return self._page(
            "form.html",
            asked,
            403 if step.denied else 200,
            at=_begins(asked, step.provider),
            state=step.state,
            fields=begin.fields,
            hint=begin.hint,
            values=begin.values,
            denied=step.denied,
            intro=self._intro("form.intro", asked),
        )

    def _page(self, template: str, asked: AppRequest, status: int = 200, *, at: str = "", **values: object) -> Response:
        visit_id = asked.authorization_id
        texts = self._desk.pages.texts()
        return self._desk.pages.render(
            template,
            status,
            posts_to=asked.returns_to,
            at=at,
            base=f"/login/{visit_id}",
            token=self._desk.token(visit_id),
            cancel=texts("action.deny" if is_portal(visit_id) else "action.cancel"),
            **values,
        )

    def _intro(self, key: str, asked: AppRequest, mine: str = "mine.log_in_intro") -> str:
        texts = self._desk.pages.texts()
        return texts(mine) if is_portal(asked.authorization_id) else texts(key, app=asked.app.name)

    def _named(self, person: Person) -> dict[str, object]:
        return {"name": self._desk.people.name(person.patient) or person.patient, "represents": person.represents}


def _begins(asked: AppRequest, provider: str) -> str:
    """Where the log-in with that system begins, whatever answer led to this page."""
    return f"/login/{asked.authorization_id}/with/{provider}"


def _after(visit_id: str) -> str:
    """Where a visit goes on once its member is known."""
    return f"/members/enter/{visit_id}" if is_portal(visit_id) else f"/login/{visit_id}/consent"


def login_blueprint(desk: LoginDesk) -> Blueprint:
    """Every page from the app's request to the member's decision, the consent page apart."""
    blueprint, pages = Blueprint("login", __name__), LoginPages(desk)
    both = ["GET", "POST"]
    blueprint.add_url_rule("/login/callback", "callback", pages.callback, methods=both)
    blueprint.add_url_rule("/login/<visit_id>", "start", pages.start)
    blueprint.add_url_rule("/login/<visit_id>/with/<provider>", "begin", pages.begin)
    blueprint.add_url_rule("/login/<visit_id>/ended/<why>", "ended", pages.ended)
    blueprint.add_url_rule("/login/<visit_id>/member", "member", pages.choose_member, methods=both)
    publish_documents(blueprint, desk.flow.choices, "/login")
    return blueprint
