"""The demo app of the sandbox: a small app like any other, so that everybody can see the whole way work.

It knows nothing that a stranger's app would not know: it sends the browser to the authorization endpoint, exchanges the
code with PKCE, and reads claims with the access token. It calls the facade by its public interface, inside the process.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as AnyResponse

from fhir_facade.access.scopes import Scopes
from fhir_facade.login.keys import LoginKeys, fresh_token
from fhir_facade.store.apps import App
from fhir_facade.web.demo_talk import DemoFailed, Exchange, Talk
from fhir_facade.web.pages import Pages

APP_ID = "demo"
SCOPE = (
    "openid fhirUser launch/patient patient/Patient.rs patient/Coverage.rs patient/ExplanationOfBenefit.rs "
    "patient/Organization.rs patient/Practitioner.rs"
)
COOKIE = "facade_demo"
COOKIE_S = 1800
NUMBER_OF_CLAIMS = "20"


def demo_app(base: str, environment: str, now: int) -> App:
    """The demo app's registration, for the sandbox's store.

    Args:
        base: public base URL without a final slash.
        environment: the environment the facade runs in.
        now: seconds since 1970.
    """
    return App(
        app_id=APP_ID,
        name="Demo app",
        kind="public",
        environment=environment,
        scopes=Scopes.parse(SCOPE),
        created_at=now,
        redirect_uris=(f"{base}/demo/callback",),
        grant_length="once",
        details={"website": f"{base}/demo", "privacy_url": f"{base}/demo"},
    )


@dataclass(frozen=True, slots=True)
class Line:
    """One claim in plain words."""

    date: str
    kind: str
    provider: str
    amount: str


class DemoPages:
    """The views of the demo app.

    Args:
        pages: renders them.
        keys: seals the demo app's own cookie.
        base: public base URL without a final slash.
    """

    def __init__(self, pages: Pages, keys: LoginKeys, base: str) -> None:
        self._pages = pages
        self._keys = keys
        self._base = base

    def front(self) -> AnyResponse:
        """What the demo app is, and its button."""
        return self._render()

    def start(self) -> AnyResponse:
        """Send the browser to the authorization endpoint."""
        state, verifier = fresh_token(), fresh_token()
        answer = redirect(f"{self._base}/oauth/authorize?{urlencode(self._question(state, verifier))}", 303)
        sealed = self._keys.seal(json.dumps([state, verifier]), "demo app")
        answer.set_cookie(
            COOKIE, sealed, max_age=COOKIE_S, path="/demo", secure=self._pages.secure, httponly=True, samesite="Lax"
        )
        return answer

    def callback(self) -> AnyResponse:
        """Exchange the code and show the claims, or say why not."""
        remembered = self._keys.unseal(request.cookies.get(COOKIE, ""), "demo app")
        state, verifier = json.loads(remembered) if remembered else ("", "")
        if not state or not hmac.compare_digest(request.args.get("state", "").encode(), state.encode()):
            return self._render(400, failed="state")
        if request.args.get("error") == "access_denied":
            return self._render(refused=True)
        if request.args.get("iss") != self._base or "code" not in request.args:
            return self._render(400, failed=request.args.get("error", "iss"))
        talk = Talk(self._base)
        query = self._question(state, verifier)
        talk.browser("try.step_authorize", "/oauth/authorize", query, f"{request.base_url}?code=…")
        talk.browser("try.step_callback", "/demo/callback", request.args.to_dict(), "")
        try:
            token = self._token(talk, request.args["code"], verifier)
            name, claims = self._claims(talk, token)
            shared = _granted(token).allows("ExplanationOfBenefit", "s")
        except DemoFailed as fault:
            return self._render(502, failed=str(fault), exchanges=talk.exchanges)
        access = str(token["access_token"])
        return self._render(name=name, claims=claims, exchanges=talk.exchanges, token=access, shared=shared)

    def _question(self, state: str, verifier: str) -> Mapping[str, str]:
        """The authorization request."""
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        return {
            "response_type": "code",
            "client_id": APP_ID,
            "redirect_uri": f"{self._base}/demo/callback",
            "scope": SCOPE,
            "state": state,
            "aud": f"{self._base}/fhir",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }

    def _token(self, talk: Talk, code: str, verifier: str) -> Mapping[str, Any]:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": f"{self._base}/demo/callback",
            "client_id": APP_ID,
            "code_verifier": verifier,
        }
        return talk.call("try.step_token", "POST", "/oauth/token", form=form)

    def _claims(self, talk: Talk, token: Mapping[str, Any]) -> tuple[str, list[Line]]:
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        patient = str(token.get("patient", ""))
        granted = _granted(token)
        name = patient
        if granted.allows("Patient", "r"):
            name = _name(talk.call("try.step_patient", "GET", f"/fhir/Patient/{patient}", headers)) or patient
        if not granted.allows("ExplanationOfBenefit", "s"):
            return name, []
        query = {
            "patient": patient,
            "_count": NUMBER_OF_CLAIMS,
            "_sort": "-service-date",
            "_include": "ExplanationOfBenefit:provider",
        }
        path = f"/fhir/ExplanationOfBenefit?{urlencode(query)}"
        return name, _lines(talk.call("try.step_claims", "GET", path, headers))

    def _render(
        self,
        status: int = 200,
        *,
        name: str = "",
        claims: Sequence[Line] | None = None,
        refused: bool = False,
        failed: str = "",
        exchanges: Sequence[Exchange] = (),
        token: str = "",
        shared: bool = True,
    ) -> Response:
        values: dict[str, Any] = {
            "name": name,
            "claims": claims,
            "refused": refused,
            "failed": failed,
            "shared": shared,
        }
        return self._pages.render(
            "demo.html", status, exchanges=exchanges, token=token, fhir_base=f"{self._base}/fhir", **values
        )


def _granted(token: Mapping[str, Any]) -> Scopes:
    return Scopes.parse(str(token.get("scope", "")))


def _name(patient: Mapping[str, Any]) -> str:
    names = patient.get("name") or [{}]
    return " ".join([*names[0].get("given", []), names[0].get("family", "")]).strip()


def _lines(bundle: Mapping[str, Any]) -> list[Line]:
    found = [entry["resource"] for entry in bundle.get("entry", []) if entry["search"]["mode"] != "outcome"]
    named = {f"{one['resourceType']}/{one.get('id')}": one for one in found}
    claims = [one for one in found if one["resourceType"] == "ExplanationOfBenefit" and one.get("status") == "active"]
    return [_line(claim, named) for claim in claims]


def _line(claim: Mapping[str, Any], named: Mapping[str, Any]) -> Line:
    provider = named.get(claim.get("provider", {}).get("reference", ""), {})
    name = provider.get("name", "")
    kinds = [coding.get("code", "") for coding in claim.get("type", {}).get("coding", [])]
    return Line(
        date=str(claim.get("billablePeriod", {}).get("start", ""))[:10],
        kind=next((kind for kind in kinds if kind), ""),
        provider=name if isinstance(name, str) else _name(provider),
        amount=_amount(claim),
    )


def _amount(claim: Mapping[str, Any]) -> str:
    for total in claim.get("total", []):
        if any(coding.get("code") == "submitted" for coding in total["category"]["coding"]):
            return f"${Decimal(str(total['amount']['value'])):,.2f}"
    return ""


def demo_blueprint(pages: Pages, keys: LoginKeys, base: str) -> Blueprint:
    """The demo app; served in the sandbox alone."""
    blueprint, views = Blueprint("demo", __name__), DemoPages(pages, keys, base)
    blueprint.add_url_rule("/demo", "front", views.front)
    blueprint.add_url_rule("/demo/start", "start", views.start)
    blueprint.add_url_rule("/demo/callback", "callback", views.callback)
    return blueprint
