"""The token endpoint: one table of grant types.

Source: RFC 6749 sections 4.1.3, 4.4, 6; SMART App Launch 2.2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error

from fhir_facade.oauth import backend, clients, redeem, refresh
from fhir_facade.oauth.messages import FORM, Reply, Request, answering, given, once
from fhir_facade.oauth.mounts import Mount, Tolerance
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App

Body = dict[str, Any]
Flow = Callable[[AuthorizationServer, Mount, App, Mapping[str, str]], Body]

FLOWS: Mapping[str, Flow] = {
    "authorization_code": redeem.redeem,
    "refresh_token": refresh.refresh,
    "client_credentials": backend.issue,
}


def token(server: AuthorizationServer, mount: Mount, request: Request) -> Reply:
    """The answer to a token request."""
    return answering(lambda: _answer(server, mount, request))


def _answer(server: AuthorizationServer, mount: Mount, request: Request) -> Body:
    form = form_of(mount, request)
    if "grant_type" not in form:
        raise InvalidRequestError("grant_type is required")
    flow = FLOWS.get(form["grant_type"])
    if flow is None:
        known = ", ".join(FLOWS)
        raise OAuth2Error(error="unsupported_grant_type", description=f"grant_type must be one of {known}")
    app = clients.authenticate(server, mount, request, form, renews=True)
    return flow(server, mount, app, form)


def form_of(mount: Mount, request: Request) -> Mapping[str, str]:
    """The body's parameters.

    Raises:
        InvalidRequestError: parameters stand in the URL, come twice, or the body is no form.
    """
    if request.query:
        raise InvalidRequestError("parameters belong in the body, never in the URL")
    allowed = {FORM} | ({"multipart/form-data"} if mount.tolerates(Tolerance.MULTIPART) else set())
    if request.content_type not in allowed:
        raise InvalidRequestError(f"the body must be {FORM}")
    return given(request.form) if mount.tolerates(Tolerance.LAST_WINS) else once(request.form)
