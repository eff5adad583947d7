"""What every page for developers and staff shares: who is there, forms that no other site can send, one layout."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

from flask import Blueprint, Response, g, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.login.keys import LoginKeys, fresh_token
from fhir_facade.registry.faults import Fault, NotNow
from fhir_facade.registry.parts import Registry
from fhir_facade.registry.people import Signed
from fhir_facade.store import StoreUnavailable
from fhir_facade.web.language import Texts
from fhir_facade.web.pages import Pages

COOKIE_S = 8 * 3600
STATUS = {"form_over": 400, "not_found": 404, "forbidden": 403, "closed": 403, "ticket_over": 400, "unavailable": 503}
"""Status of each page that says why something cannot be shown or done; anything else is a conflict."""

SignedView = Callable[..., AnyResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeveloperDesk:
    """What the pages work with.

    Args:
        pages: renders templates.
        registry: accounts, sessions, requests.
        keys: proves that a form is ours.
        sign_up: whether developers may make accounts.
        environment: ``sandbox`` or ``production``: where the facade runs.
        outbox: the folder in which letters lie where there is no mail server.
    """

    pages: Pages
    registry: Registry
    keys: LoginKeys
    sign_up: bool
    environment: str
    outbox: str = ""

    @property
    def cookie(self) -> str:
        """Name of the cookie that holds the session, or binds forms to a browser without one."""
        return "__Host-facade-developer" if self.pages.secure else "facade-developer"

    def token(self) -> str:
        """The cookie's value; a fresh one for a browser that has none."""
        if "developer_token" not in g:
            g.developer_token = request.cookies.get(self.cookie) or fresh_token()
        return str(g.developer_token)

    def signed(self) -> Signed | None:
        """The session of this request."""
        if "developer_signed" not in g:
            g.developer_signed = self.registry.sessions.signed(request.cookies.get(self.cookie, ""))
        signed: Signed | None = g.developer_signed
        return signed

    def carry(self, answer: AnyResponse, token: str) -> AnyResponse:
        """The answer with the cookie set."""
        secure = self.pages.secure
        answer.set_cookie(self.cookie, token, max_age=COOKIE_S, path="/", secure=secure, httponly=True, samesite="Lax")
        return answer

    def render(self, template: str, status: int = 200, *, faults: Sequence[Fault] = (), **values: Any) -> Response:
        """A page with what its forms need; each fault stands beside its field and in the summary."""
        texts, token, signed = self.pages.texts(), self.token(), self.signed()
        response = self.pages.render(
            template,
            status,
            csrf=self.keys.derive("developer form", token),
            once=fresh_token(),
            faults=shown(faults, texts),
            account=signed.account if signed and signed.complete else None,
            **values,
        )
        if self.cookie not in request.cookies:
            self.carry(response, token)
        return response

    def stopped(self, reason: str) -> Response:
        """A page that says why not, and what to do."""
        response = self.render("developer_stopped.html", STATUS.get(reason, 409), reason=reason)
        if STATUS.get(reason) == 503:
            response.headers["Retry-After"] = "30"
        return response

    def genuine(self) -> bool:
        """Whether the form that was sent is one of ours, sent by this browser."""
        return self.keys.proves(request.form.get("csrf", ""), "developer form", self.token())

    def first_sending(self) -> bool:
        """True for the first of several sendings of this form."""
        return self.registry.sessions.spend_form(request.form.get("once", ""))

    def with_account(self, view: SignedView) -> Callable[..., AnyResponse]:
        """The view for those who are logged in; others are sent where they log in or prove more."""

        @wraps(view)
        def wrapped(**arguments: Any) -> AnyResponse:
            signed = self.signed()
            if signed is None:
                return redirect("/developers/log-in", 303)
            if not signed.complete:
                return redirect(proof_page(signed), 303)
            return view(signed, **arguments)

        return wrapped

    def guard(self, blueprint: Blueprint) -> None:
        """Refuse forms of other sites, and answer what cannot be done now with a page."""

        def refuse_foreign() -> Response | None:
            return self.stopped("form_over") if request.method == "POST" and not self.genuine() else None

        def not_now(error: Exception) -> Response:
            return self.stopped(error.reason if isinstance(error, NotNow) else "unavailable")

        blueprint.before_request(refuse_foreign)
        blueprint.register_error_handler(NotNow, not_now)
        blueprint.register_error_handler(StoreUnavailable, not_now)

    def leave_secret(self, signed: Signed, app_id: str, secret: str) -> None:
        """Keep a new secret for the app's page, which shows it once."""
        self.registry.sessions.leave_note(signed, json.dumps([app_id, secret]))

    def take_secret(self, signed: Signed, app_ids: Sequence[str]) -> Mapping[str, str]:
        """The secret that waits to be shown, if it is of one of these apps: client id → secret."""
        note = self.registry.sessions.take_note(signed)
        if note is None:
            return {}
        app_id, secret = json.loads(note)
        if app_id not in app_ids:
            self.registry.sessions.leave_note(signed, note)
            return {}
        return {app_id: secret}


def proof_page(signed: Signed) -> str:
    """Where a session that is not complete goes on."""
    return "/developers/code" if signed.account.second_factor else "/developers/second-factor"


def shown(faults: Sequence[Fault], texts: Texts) -> dict[str, list[str]]:
    """Field → what is wrong with it, in words; a value that is itself a message is put into words too."""
    found: dict[str, list[str]] = {}
    for fault in faults:
        values = {name: texts.or_plain(value) for name, value in fault.values.items()}
        found.setdefault(fault.field, []).append(texts(fault.message, **values))
    return found
