"""*My apps*: register for the sandbox, edit, make secrets, ask for production and follow the review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.access.scopes import Scopes
from fhir_facade.login.keys import hashed
from fhir_facade.oauth.registry import AppFault, change_app, register_app, rotate_secret
from fhir_facade.registry import attestations
from fhir_facade.registry.faults import Fault, NotNow
from fhir_facade.registry.forms import (
    KINDS,
    LENGTHS,
    SCOPES,
    AppForm,
    faults_of,
    form_about,
    form_of,
    is_web_link,
    redirect_faults,
)
from fhir_facade.registry.people import Account, Signed
from fhir_facade.store.apps import App, Apps
from fhir_facade.store.audit import AuditEvent
from fhir_facade.store.reviews import Review, Step
from fhir_facade.web.app_use import use_of
from fhir_facade.web.developers import DeveloperDesk
from fhir_facade.web.language import Texts


class AppPages:
    """The views; each method is one address."""

    def __init__(self, desk: DeveloperDesk) -> None:
        self._desk = desk
        self._registry = desk.registry

    def all(self, signed: Signed) -> AnyResponse:
        """The developer's apps."""
        mine = self._mine(signed.account)
        states = {app.app_id: self._newest(app.app_id) for app in mine}
        return self._desk.render("apps.html", apps=[app for app in mine if app.environment == "sandbox"], states=states)

    def new(self, signed: Signed) -> AnyResponse:
        """Register an app for the sandbox; its key is there at once."""
        if request.method == "GET":
            return self._form("new", AppForm(), {})
        form, answers = form_of(request.form.to_dict(flat=False)), attestations.answers_of(request.form)
        if faults := faults_of(form):
            return self._form("new", form, answers, faults)
        app_id = hashed(f"app {request.form.get('once', '')}")[:40]
        if self._desk.first_sending():
            try:
                self._record(signed, app_id, "registered")
                made = register_app(
                    self._registry.store,
                    environment="sandbox",
                    owner=signed.account.account_id,
                    app_id=app_id,
                    **form.registration(answers),
                )
            except AppFault as fault:
                return self._form("new", form, answers, _plain(fault))
            if made.secret:
                self._desk.leave_secret(signed, app_id, made.secret)
        return redirect(f"/developers/apps/{app_id}", 303)

    def show(self, signed: Signed, app_id: str) -> AnyResponse:
        """One app: its keys, its registration, and how the request for production stands."""
        app = self._app(signed, app_id)
        reviews = self._registry.reviews.of_app(app_id)
        review = reviews[0] if reviews else None
        twin_id = next((one.production_app_id for one in reviews if one.production_app_id), None)
        twin = self._find(twin_id) if twin_id else None
        secrets = self._desk.take_secret(signed, [one.app_id for one in (app, twin) if one])
        return self._desk.render(
            "app.html",
            app=app,
            twin=twin,
            secrets=secrets,
            bare=self._bare([one for one in (app, twin) if one]),
            review=review,
            may_ask=review is None or review.state not in {"submitted", "in-review", "suspended"},
            history=self._history(review),
            use=self._use(app, twin),
            second_factor=signed.account.second_factor,
        )

    def edit(self, signed: Signed, app_id: str) -> AnyResponse:
        """Change a sandbox app's registration."""
        app = self._app(signed, app_id)
        if request.method == "GET":
            return self._form("edit", form_about(app), app.details.get("answers", {}), app=app)
        form, answers = form_of(request.form.to_dict(flat=False)), attestations.answers_of(request.form)
        form = replace(form, kind=app.kind)
        if faults := faults_of(form):
            return self._form("edit", form, answers, faults, app=app)
        made = form.registration(answers)
        changed = replace(app, **made | {"scopes": Scopes.parse(made["scopes"])})
        try:
            self._record(signed, app_id, "changed")
            change_app(self._registry.store, changed)
        except AppFault as fault:
            return self._form("edit", form, answers, _plain(fault), app=app)
        return redirect(f"/developers/apps/{app_id}", 303)

    def secret(self, signed: Signed, app_id: str) -> AnyResponse:
        """A new secret for a sandbox app or its production twin; the one before stays good for a while."""
        app, wanted = self._app(signed, app_id), request.form.get("client_id", "")
        reviews = self._registry.reviews.of_app(app_id)
        if wanted not in {app.app_id, *(one.production_app_id for one in reviews)}:
            return self._desk.stopped("not_found")
        if wanted != app.app_id and not signed.proven:
            raise NotNow("needs_second_factor")
        if self._desk.first_sending():
            self._record(signed, wanted, "new secret")
            try:
                self._desk.leave_secret(signed, wanted, rotate_secret(self._registry.store, wanted))
            except AppFault as fault:
                raise NotNow("no_secret") from fault
        return redirect(f"/developers/apps/{app_id}", 303)

    def production(self, signed: Signed, app_id: str) -> AnyResponse:
        """Ask for production."""
        app = self._app(signed, app_id)
        if not signed.account.second_factor:
            raise NotNow("needs_second_factor")
        if request.method == "GET":
            shown = [uri for uri in app.redirect_uris if not redirect_faults([uri], production=True)]
            return self._production(app, "\n".join(shown), app.details.get("answers", {}))
        typed = request.form.get("redirects", "")[:40_000]
        answers = attestations.answers_of(request.form)
        uris = AppForm(redirects=typed).redirect_uris
        faults = redirect_faults(uris, production=True) + _needed(app, answers)
        if faults:
            return self._production(app, typed, answers, faults)
        if self._desk.first_sending():
            self._registry.reviews.submit(signed.account, app, uris, answers)
        return redirect(f"/developers/apps/{app_id}", 303)

    def _form(
        self,
        what: str,
        form: AppForm,
        answers: Mapping[str, bool],
        faults: Sequence[Fault] = (),
        app: App | None = None,
    ) -> Response:
        return self._desk.render(
            "app_form.html",
            422 if faults else 200,
            faults=faults,
            what=what,
            form=form,
            answers=answers,
            app=app,
            kinds=KINDS,
            lengths=LENGTHS,
            scopes=SCOPES,
            questions=attestations.QUESTIONS,
        )

    def _production(self, app: App, typed: str, answers: Mapping[str, bool], faults: Sequence[Fault] = ()) -> Response:
        status = 422 if faults else 200
        values = {"app": app, "redirects": typed, "answers": answers, "questions": attestations.QUESTIONS}
        return self._desk.render("app_production.html", status, faults=faults, **values)

    def _app(self, signed: Signed, app_id: str) -> App:
        """The developer's own sandbox app.

        Raises:
            NotNow: there is none of that id; another's app looks the same as none.
        """
        app = self._find(app_id)
        if app is None or app.owner != signed.account.account_id or app.environment != "sandbox":
            raise NotNow("not_found")
        return app

    def _find(self, app_id: str) -> App | None:
        with self._registry.store.read() as connection:
            return Apps(connection).find(app_id)

    def _bare(self, apps: Sequence[App]) -> Sequence[str]:
        """Those that have no secret: a production key begins without one, so that only its owner ever reads it."""
        now = self._registry.clock()
        with self._registry.store.read() as connection:
            return [app.app_id for app in apps if not Apps(connection).secret_hashes(app.app_id, now)]

    def _mine(self, account: Account) -> Sequence[App]:
        with self._registry.store.read() as connection:
            return [app for app in Apps(connection).all() if app.owner == account.account_id]

    def _newest(self, app_id: str) -> str:
        reviews = self._registry.reviews.of_app(app_id)
        return reviews[0].state if reviews else ""

    def _history(self, review: Review | None) -> Sequence[Mapping[str, Any]]:
        found = self._registry.reviews.find(review.review_id) if review else None
        return history(found[1], self._desk.pages.texts()) if found else []

    def _use(self, app: App, twin: App | None) -> Mapping[str, Any]:
        store, now, texts = self._registry.store, self._registry.clock(), self._desk.pages.texts()
        both = (("sandbox", app), ("production", twin))
        return {name: use_of(store, one.app_id, now, texts) for name, one in both if one}

    def _record(self, signed: Signed, app_id: str, what: str) -> None:
        actor = f"Account/{signed.account.account_id}"
        self._registry.record(AuditEvent(what="app", outcome=what, app_id=app_id, actor=actor))


def history(steps: Sequence[Step], texts: Texts) -> Sequence[Mapping[str, Any]]:
    """Steps as a page shows them: day, state, role and reason; the newest first."""
    return [
        {
            "when": when(step.at, texts),
            "state": step.state,
            "role": step.role,
            "actor": step.actor,
            "why": texts.or_plain(step.why) if step.state == "denied" else step.why,
        }
        for step in reversed(steps)
    ]


def when(at: int, texts: Texts) -> str:
    """An instant as a page shows it."""
    moment = datetime.fromtimestamp(at, UTC)
    return f"{texts.date(moment)}, {moment:%H:%M} UTC"


def _needed(app: App, answers: Mapping[str, bool]) -> list[Fault]:
    """What production needs beyond the sandbox: a privacy policy, a website, and every answer."""
    faults = [Fault(f"attest-{name}", "fault.answer") for name in attestations.unanswered(answers)]
    links = ("website", "privacy_url")
    return faults + [
        Fault("app", f"fault.needs_{name}") for name in links if not is_web_link(app.details.get(name, ""))
    ]


def _plain(fault: AppFault) -> list[Fault]:
    return [Fault("app", "fault.plain", {"text": text}) for text in fault.faults]


def apps_blueprint(desk: DeveloperDesk) -> Blueprint:
    """*My apps*, below ``/developers/apps``."""
    blueprint, pages = Blueprint("apps", __name__, url_prefix="/developers/apps"), AppPages(desk)
    desk.guard(blueprint)
    both = ["GET", "POST"]
    blueprint.add_url_rule("", "all", desk.with_account(pages.all))
    blueprint.add_url_rule("/new", "new", desk.with_account(pages.new), methods=both)
    blueprint.add_url_rule("/<app_id>", "show", desk.with_account(pages.show))
    blueprint.add_url_rule("/<app_id>/edit", "edit", desk.with_account(pages.edit), methods=both)
    blueprint.add_url_rule("/<app_id>/secret", "secret", desk.with_account(pages.secret), methods=["POST"])
    blueprint.add_url_rule("/<app_id>/production", "production", desk.with_account(pages.production), methods=both)
    return blueprint
