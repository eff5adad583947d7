"""The consent page: who asks, what they would see, for how long, how to stop; and what the member's answer does."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.contracts.errors import ClaimsError, LoginRejected
from fhir_facade.login.consent import NothingChosen, Offer, decide, may_share_sensitive, offer
from fhir_facade.login.flow import Stop
from fhir_facade.login.ports import AppRequest, Decision, LoginEvent
from fhir_facade.store.logins import VisitRow
from fhir_facade.web.login import LoginDesk
from fhir_facade.web.portal import is_portal


class ConsentPages:
    """The views; each method is one address."""

    def __init__(self, desk: LoginDesk) -> None:
        self._desk = desk

    def consent(self, visit_id: str) -> AnyResponse:
        """Ask the member, or record what they answered."""
        asked, visit = self._desk.waiting(visit_id), self._desk.flow.known(visit_id)
        if request.method == "POST" and visit and visit.outcome and self._desk.genuine(visit_id):
            return self._same_answer(visit)
        if asked is None or visit is None or visit.chosen_patient is None or is_portal(visit_id):
            return self._desk.stopped(Stop.EXPIRED, None)
        try:
            shown = self._offer(asked, visit)
        except ClaimsError:
            return self._desk.stopped(Stop.UNAVAILABLE, asked)
        if shown.too_weak and not shown.categories:
            return self._too_weak(asked, visit)
        if request.method == "GET":
            return self._ask(asked, visit, shown, frozenset(shown.categories))
        if not self._desk.genuine(visit_id):
            return self._desk.stopped(Stop.EXPIRED, None)
        if request.form.get("answer") != "allow":
            return self._refuse(asked, visit)
        ticked = frozenset(request.form.getlist("share"))
        try:
            decision = decide(asked, visit, shown, ticked)
        except NothingChosen:
            return self._ask(asked, visit, shown, ticked, nothing=True)
        return self._allow(asked, visit, decision)

    def cancel(self, visit_id: str) -> AnyResponse:
        """Go back to the app without logging in or deciding."""
        asked = self._desk.waiting(visit_id)
        visit = self._desk.flow.open(visit_id) if asked else self._desk.flow.known(visit_id)
        if not self._desk.genuine(visit_id) or visit is None:
            return self._desk.stopped(Stop.EXPIRED, None)
        if visit.outcome:
            return self._same_answer(visit)
        return self._refuse(asked, visit) if asked else self._desk.stopped(Stop.EXPIRED, None)

    def _offer(self, asked: AppRequest, visit: VisitRow) -> Offer:
        desk, user, patient = self._desk, visit.chosen_user or "", visit.chosen_patient or ""
        age = desk.people.age(patient) if user.startswith("RelatedPerson/") else None
        allowed = may_share_sensitive(user, age, desk.minors_decide_from)
        return offer(
            asked,
            visit.ial,
            desk.sensitive_minimum_ial,
            sensitive_allowed=allowed,
            minimum_ial_for=desk.minimum_ial_for,
        )

    def _too_weak(self, asked: AppRequest, visit: VisitRow) -> AnyResponse:
        """Nothing that the app asks for may be shared after a log-in like this one."""
        detail = f"IAL {visit.ial} is too low for everything that was asked for"
        event = LoginEvent(
            outcome="weak",
            provider=visit.provider or "",
            visit=visit.visit_id,
            detail=detail,
            patient=visit.chosen_patient,
            user=visit.chosen_user,
            app_id=asked.app.app_id,
        )
        self._desk.record(event)
        return self._desk.stopped(Stop.WEAK, asked)

    def _ask(
        self, asked: AppRequest, visit: VisitRow, shown: Offer, ticked: frozenset[str], *, nothing: bool = False
    ) -> Response:
        texts = self._desk.pages.texts()
        patient = visit.chosen_patient or ""
        try:
            name = self._desk.people.name(patient)
        except ClaimsError:
            return self._desk.stopped(Stop.UNAVAILABLE, asked)
        kinds = ", ".join(texts.or_else(f"consent.kind_{kind}", kind) for kind in shown.claim_kinds)
        return self._desk.pages.render(
            "consent.html",
            400 if nothing else 200,
            posts_to=asked.returns_to,
            base=f"/login/{visit.visit_id}",
            token=self._desk.token(visit.visit_id),
            app=asked.app,
            offer=shown,
            ticked=ticked,
            too_weak=", ".join(texts(f"consent.{category}") for category in shown.too_weak),
            nothing=nothing,
            name=name or patient,
            represents=(visit.chosen_user or "").startswith("RelatedPerson/"),
            kinds=texts("consent.claims_some", kinds=kinds) if kinds else "",
            once=asked.once,
            ends=texts.date(asked.ends.date()) if asked.ends else "",
        )

    def _allow(self, asked: AppRequest, visit: VisitRow, decision: Decision) -> AnyResponse:
        event = LoginEvent(
            outcome="allowed",
            provider=visit.provider or "",
            visit=visit.visit_id,
            patient=decision.patient,
            user=decision.user,
            app_id=asked.app.app_id,
            facts={"scopes": str(decision.scopes), "withheld": " ".join(sorted(decision.withheld))},
        )
        return self._decide(visit, event, lambda: self._desk.requests.allow(asked, decision))

    def _refuse(self, asked: AppRequest, visit: VisitRow) -> AnyResponse:
        event = LoginEvent(
            outcome="refused",
            provider=visit.provider or "",
            visit=visit.visit_id,
            patient=visit.chosen_patient,
            user=visit.chosen_user,
            app_id=asked.app.app_id,
        )
        return self._decide(visit, event, lambda: self._desk.requests.refuse(asked))

    def _decide(self, visit: VisitRow, event: LoginEvent, act: Callable[[], str]) -> AnyResponse:
        """Do what was decided, once: of several submits at the same time one acts, the others get its answer."""
        if not self._desk.logins.decide(visit.visit_id, self._desk.flow.now()):
            decided = self._desk.flow.known(visit.visit_id)
            return self._same_answer(decided or visit)
        try:
            self._desk.record(event)
            url = act()
        except LoginRejected:
            return self._desk.stopped(Stop.EXPIRED, None)
        except BaseException:
            self._desk.logins.reopen(visit.visit_id)
            raise
        self._desk.logins.identify(visit.visit_id, outcome=self._desk.keys.seal(url, f"outcome {visit.visit_id}"))
        return redirect(url, 303)

    def _same_answer(self, visit: VisitRow) -> AnyResponse:
        """The answer of the first submit again; a page while that one is still being written down."""
        url = self._desk.keys.unseal(visit.outcome, f"outcome {visit.visit_id}") if visit.outcome else None
        if url:
            return redirect(url, 303)
        texts = self._desk.pages.texts()
        return self._desk.pages.render(
            "stopped.html", 409, title=texts("decided.title"), text=texts("decided.text"), again="", base="", token=""
        )


def consent_blueprint(desk: LoginDesk) -> Blueprint:
    """The consent page and the way back to the app."""
    blueprint, pages = Blueprint("consent", __name__), ConsentPages(desk)
    blueprint.add_url_rule("/login/<visit_id>/consent", "consent", pages.consent, methods=["GET", "POST"])
    blueprint.add_url_rule("/login/<visit_id>/cancel", "cancel", pages.cancel, methods=["POST"])
    return blueprint
