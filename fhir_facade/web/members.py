"""*Who can see my information*: the apps that may, what each sees, until when, and a button that stops it at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.errors import ClaimsError
from fhir_facade.login.consent import SUBSTANCE_USE, NothingChosen, categories_of, fewer
from fhir_facade.login.flow import Stop
from fhir_facade.login.keys import fresh_token
from fhir_facade.login.ports import LoginEvent
from fhir_facade.store.logins import VisitRow
from fhir_facade.web.language import Texts
from fhir_facade.web.login import LoginDesk
from fhir_facade.web.portal import PortalRequests, is_portal
from fhir_facade.web.sharings import Sharing, Sharings

SESSION_COOKIE = "facade_member"
SESSION_S = 1800
BROWSER_S = 24 * 3600
LOG_IN = "log-in"
"""What the form that begins a log-in is tied to, beside the browser."""
WHOSE = "whose list"
"""What the forms of the list are tied to: the session, and the person whose apps it shows."""


class MemberPages:
    """The views; each method is one address."""

    def __init__(self, desk: LoginDesk, portal: PortalRequests, sharings: Sharings) -> None:
        self._desk = desk
        self._portal = portal
        self._sharings = sharings

    def sharing(self) -> AnyResponse:
        """The list; without a session the way to the log-in."""
        visit = self._session()
        if visit is None or visit.chosen_patient is None:
            return self._welcome()
        return self._list(visit)

    def _list(self, visit: VisitRow, nothing_left: str = "") -> AnyResponse:
        """The list; ``nothing_left`` is the grant of which the member would have left nothing."""
        texts, patient = self._desk.pages.texts(), visit.chosen_patient or ""
        try:
            name, others = self._desk.people.name(patient) or patient, self._others(visit)
        except ClaimsError:
            return self._desk.stopped(Stop.UNAVAILABLE, None)
        return self._desk.pages.render(
            "members.html",
            400 if nothing_left else 200,
            at="/members",
            grants=[_shown(sharing, texts) for sharing in self._sharings.of(patient)],
            nothing_left=nothing_left,
            name=name,
            others=others,
            represents=(visit.chosen_user or "").startswith("RelatedPerson/"),
            token=self._desk.token(visit.visit_id),
            whose=self._desk.keys.derive(WHOSE, _whose(visit)),
            posts_to=self._logout_url(visit) or "",
        )

    def _others(self, visit: VisitRow) -> Mapping[int, str]:
        """Number → name of the other people whose pages these may be."""
        people = self._desk.people_of(visit.choices)
        return {
            number: self._desk.people.name(one.patient) or one.patient
            for number, one in enumerate(people)
            if one.patient != visit.chosen_patient
        }

    def _welcome(self) -> AnyResponse:
        """The way to the log-in, in a form that belongs to this browser."""
        browser = request.cookies.get(self._desk.cookie) or fresh_token()
        token = self._desk.keys.derive("form", f"{LOG_IN} {browser}")
        answer = self._desk.pages.render("members_log_in.html", token=token)
        self._set(answer, self._desk.cookie, browser, BROWSER_S)
        return answer

    def _stale(self) -> AnyResponse:
        """Says that a form is over, with a way to a fresh one."""
        texts = self._desk.pages.texts()
        values = {"title": texts("stopped.expired_title"), "text": texts("mine.stale"), "again": "/members"}
        return self._desk.pages.render("stopped.html", 400, at="/members", base="", token="", **values)

    def _logout_url(self, visit: VisitRow) -> str | None:
        """Where the log-in system ends its own session, so that the next person on this computer must log in."""
        return self._desk.flow.logout_url(visit.provider or "", self._portal.home)

    def log_in(self) -> AnyResponse:
        """Begin the member's own visit."""
        browser = request.cookies.get(self._desk.cookie)
        if not browser or not self._desk.genuine(LOG_IN):
            return self._stale()
        answer = redirect(f"/login/{self._portal.new_visit(browser)}", 303)
        self._set(answer, self._desk.cookie, browser, BROWSER_S)
        return answer

    def enter(self, visit_id: str) -> AnyResponse:
        """The log-in is done: the visit becomes a session, once."""
        asked, visit = self._desk.waiting(visit_id), self._desk.flow.known(visit_id)
        if asked is None or visit is None or visit.chosen_patient is None or not is_portal(visit_id):
            return self._stale()
        now = self._desk.flow.now()
        if not self._desk.logins.decide(visit_id, now):
            return self._stale()
        self._desk.logins.identify(visit_id, expires_at=now + SESSION_S)
        answer = redirect("/members", 303)
        self._set(answer, SESSION_COOKIE, self._desk.keys.seal(visit_id, "member session"), SESSION_S)
        return answer

    def stop(self) -> AnyResponse:
        """Stop sharing with one app; it takes effect with the next request of that app."""
        visit, found = self._chosen()
        if visit is None:
            return self._stale()
        if found is not None:
            self._record(visit, found, "stopped-sharing")
            self._sharings.stop(found.grant_id)
        return redirect("/members", 303)

    def narrow(self) -> AnyResponse:
        """Leave one app less than it sees now; it takes effect with the next request of that app."""
        visit, found = self._chosen()
        if visit is None:
            return self._stale()
        if found is None:
            return redirect("/members", 303)
        try:
            scopes, withheld = fewer(found.scopes, found.withheld, frozenset(request.form.getlist("share")))
        except NothingChosen:
            return self._list(visit, nothing_left=found.grant_id)
        if (scopes, withheld) != (found.scopes, found.withheld):
            self._record(visit, found, "narrowed-sharing", scopes=str(scopes))
            self._sharings.narrow(found.grant_id, scopes, withheld)
        return redirect("/members", 303)

    def person(self) -> AnyResponse:
        """Go on with another of the people whom the one who logged in may act for."""
        visit = self._session()
        if visit is None or not self._desk.genuine(visit.visit_id):
            return self._stale()
        one = self._desk.picked(visit.choices)
        if one is not None:
            if one.represents and one.patient not in self._desk.people.represented(one.user):
                return self._desk.stopped(Stop.NONE, None)
            self._desk.logins.identify(visit.visit_id, chosen_user=one.user, chosen_patient=one.patient)
        return redirect("/members", 303)

    def _chosen(self) -> tuple[VisitRow | None, Sharing | None]:
        """The session of a form of ours, and which of the member's own apps it is about.

        None of them is what an app is that was stopped already. A form from before another person was chosen, in
        another tab, is over instead: its list would show no such app either, and the app would go on reading.
        """
        visit = self._session()
        if visit is None or visit.chosen_patient is None or not self._desk.genuine(visit.visit_id):
            return None, None
        wanted = request.form.get("grant", "")
        found = next((one for one in self._sharings.of(visit.chosen_patient) if one.grant_id == wanted), None)
        shown_to = self._desk.keys.proves(request.form.get("whose", ""), WHOSE, _whose(visit))
        return (visit, found) if found or shown_to else (None, None)

    def _record(self, visit: VisitRow, about: Sharing, outcome: str, **facts: str) -> None:
        self._desk.record(
            LoginEvent(
                outcome=outcome,
                provider=visit.provider or "",
                visit=visit.visit_id,
                patient=visit.chosen_patient,
                user=visit.chosen_user,
                app_id=about.app_id,
                facts=facts,
            )
        )

    def log_out(self) -> AnyResponse:
        """End the session, here and at the log-in system."""
        visit = self._session()
        if visit is None or not self._desk.genuine(visit.visit_id):
            return self._stale()
        self._desk.logins.identify(visit.visit_id, expires_at=0)
        answer = redirect(self._logout_url(visit) or "/members", 303)
        answer.delete_cookie(SESSION_COOKIE, secure=self._desk.pages.secure, httponly=True, samesite="Lax")
        return answer

    def _session(self) -> VisitRow | None:
        return session_of(self._desk)

    def _set(self, answer: AnyResponse, name: str, value: str, seconds: int) -> None:
        secure = self._desk.pages.secure
        answer.set_cookie(name, value, max_age=seconds, path="/", secure=secure, httponly=True, samesite="Lax")


def session_of(desk: LoginDesk) -> VisitRow | None:
    """The visit of the member who is logged in, whose session this request carries."""
    sealed = request.cookies.get(SESSION_COOKIE, "")
    visit_id = desk.keys.unseal(sealed, "member session") if sealed else None
    visit = desk.flow.known(visit_id) if visit_id else None
    return visit if visit and visit.decided_at is not None else None


def _whose(visit: VisitRow) -> str:
    return f"{visit.visit_id} {visit.chosen_patient}"


def _shown(sharing: Sharing, texts: Texts) -> Mapping[str, Any]:
    ends = texts("mine.never") if sharing.once else texts("mine.until_stopped")
    if sharing.until is not None and not sharing.once:
        ends = texts.date(_day(sharing.until))
    categories = categories_of(sharing.scopes)
    sensitive = "claims" in categories and SUBSTANCE_USE not in sharing.withheld
    return {
        "id": sharing.grant_id,
        "app": sharing.app,
        "sees": [texts(f"consent.{name}") for name in categories],
        "categories": categories,
        "sensitive": sensitive,
        "since": texts.date(_day(sharing.since)),
        "ends": ends,
    }


def _day(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def members_blueprint(desk: LoginDesk, portal: PortalRequests, sharings: Sharings) -> Blueprint:
    """The member's own pages."""
    blueprint, pages = Blueprint("members", __name__), MemberPages(desk, portal, sharings)
    posts: tuple[tuple[str, Callable[[], AnyResponse]], ...] = (
        ("log-in", pages.log_in),
        ("stop", pages.stop),
        ("narrow", pages.narrow),
        ("person", pages.person),
        ("log-out", pages.log_out),
    )
    blueprint.add_url_rule("/members", "sharing", pages.sharing)
    blueprint.add_url_rule("/members/enter/<visit_id>", "enter", pages.enter)
    for path, view in posts:
        blueprint.add_url_rule(f"/members/{path}", path, view, methods=["POST"])
    return blueprint
