"""The authorization endpoint: check the app's request step by step, keep it, send the browser to the log-in.

Until app and redirect URI are proven, a fault is shown on a page; after that it goes to the app.

Source: RFC 6749 section 4.1.1, SMART App Launch 2.2, RFC 9207 (``iss``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from authlib.oauth2.rfc6749 import (
    InvalidRequestError,
    InvalidScopeError,
    OAuth2Error,
    UnauthorizedClientError,
)

from fhir_facade.access.scopes import Scopes
from fhir_facade.oauth import pkce, redirects
from fhir_facade.oauth.messages import NO_STORE, Reply, Request, given
from fhir_facade.oauth.mounts import Mount, Tolerance
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App, Apps
from fhir_facade.store.authorizations import Authorization, Authorizations
from fhir_facade.store.secrets import hash_of, new_id, new_secret

LANGUAGES = ("en", "es")
"""Languages of the pages, as ``ui_locales_supported`` says."""

DECIDE_WITHIN_S = 1800
"""Seconds a person has to log in and decide."""

_MAX_TEXT = 2000


class _ShownOnPage(Exception):
    """A fault that cannot be sent to any app; the key of the text that says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request whose app and redirect URI are proven.

    ``repeated`` says that some parameter came twice, ``unreadable`` that some is no percent-encoded UTF-8.
    """

    parameters: Mapping[str, str]
    repeated: bool
    unreadable: bool
    mount: Mount
    app: App
    redirect_uri: str


def authorize(server: AuthorizationServer, mount: Mount, request: Request) -> Reply:
    """The answer to an authorization request: on to the log-in, back to the app, or a page."""
    try:
        asked = _identify(server, mount, request)
    except _ShownOnPage as fault:
        return Reply(status=400, page=str(fault), headers=NO_STORE)
    try:
        for check in CHECKS:
            check(server, asked)
    except OAuth2Error as error:
        return Reply(status=302, location=error_url(server, asked, error), headers=NO_STORE)
    browser = request.browser or new_secret()
    language = _language_of(asked.parameters)
    authorization = _keep(server, asked, browser, language or request.language)
    location = f"{server.base}/login/{authorization.authorization_id}"
    return Reply(status=302, location=location, headers=NO_STORE, browser=browser, language=language)


def _language_of(parameters: Mapping[str, str]) -> str | None:
    """What of ``ui_locales`` there is (OpenID Connect Core section 3.1.2.1), best first; ``lang`` means the same."""
    wished = [*parameters.get("ui_locales", "").split(), parameters.get("lang", "")]
    plain = [tag.partition("-")[0].lower() for tag in wished]
    return next((language for language in plain if language in LANGUAGES), None)


def error_url(server: AuthorizationServer, asked: Asked, error: OAuth2Error) -> str:
    """The app's redirect URI with the error, its state and our ``iss``."""
    answer = {
        "error": error.error,
        "error_description": error.get_error_description() or None,
        "state": asked.parameters.get("state"),
        "iss": server.base,
    }
    return redirects.answer_url(asked.redirect_uri, answer)


def _identify(server: AuthorizationServer, mount: Mount, request: Request) -> Asked:
    pairs = request.query + request.form
    parameters = given(pairs)
    names = [name for name, _ in pairs]
    needed = {"client_id", "redirect_uri"}
    if any(names.count(name) != 1 or name not in parameters for name in needed) or needed & request.unreadable:
        raise _ShownOnPage("authorize.incomplete")
    with server.store.read() as connection:
        app = Apps(connection).find(parameters["client_id"])
    if app is None or app.environment != server.environment or app.state != "active":
        raise _ShownOnPage("authorize.unknown_app")
    redirect_uri = parameters["redirect_uri"]
    if not redirects.is_registered(redirect_uri, app.redirect_uris):
        raise _ShownOnPage("authorize.wrong_address")
    repeated = len(set(names)) != len(names) and not mount.tolerates(Tolerance.LAST_WINS)
    return Asked(
        parameters=parameters,
        repeated=repeated,
        unreadable=bool(request.unreadable),
        mount=mount,
        app=app,
        redirect_uri=redirect_uri,
    )


def _all_readable(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if asked.unreadable:
        raise InvalidRequestError("parameters must be percent-encoded UTF-8")


def _no_parameter_twice(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if asked.repeated:
        raise InvalidRequestError("a parameter is given more than once")


def _state_present(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if "state" not in asked.parameters:
        raise InvalidRequestError("state is required")
    if len(asked.parameters["state"]) > _MAX_TEXT:
        raise InvalidRequestError(f"state is longer than {_MAX_TEXT} characters")


def _texts_sound(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if len(asked.parameters.get("nonce", "")) > _MAX_TEXT or len(asked.parameters.get("scope", "")) > 2 * _MAX_TEXT:
        raise InvalidRequestError("nonce or scope is too long")
    if any(not asked.parameters.get(name, "").isprintable() for name in ("state", "nonce")):
        raise InvalidRequestError("state and nonce must be printable")


def _response_type_code(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if "response_type" not in asked.parameters:
        raise InvalidRequestError("response_type=code is required")
    if asked.parameters["response_type"] != "code":
        raise OAuth2Error(error="unsupported_response_type", description="response_type must be code")
    if asked.parameters.get("response_mode", "query") != "query":
        raise InvalidRequestError("response_mode must be query")


def _no_request_object(server: AuthorizationServer, asked: Asked) -> None:
    del server
    for name in ("request", "request_uri", "registration"):
        if name in asked.parameters:
            raise OAuth2Error(error=f"{name}_not_supported", description=f"{name} is not supported")


def _no_secret_in_url(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if "client_secret" in asked.parameters:
        raise InvalidRequestError("client_secret must never be sent to the authorization endpoint")


def _login_allowed(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if "none" in asked.parameters.get("prompt", "").split():
        raise OAuth2Error(error="login_required", description="the person must log in")


def _pkce_s256(server: AuthorizationServer, asked: Asked) -> None:
    del server
    pkce.challenge_of(asked.parameters, asked.mount)


def _audience_ours(server: AuthorizationServer, asked: Asked) -> None:
    named = [asked.parameters[name] for name in ("aud", "resource") if name in asked.parameters]
    if not named and not asked.mount.tolerates(Tolerance.NO_AUDIENCE):
        raise InvalidRequestError(f"aud is required and must be {server.fhir_base}")
    if not set(named) <= server.audiences(asked.mount):
        raise OAuth2Error(
            error="invalid_target" if "resource" in asked.parameters else "invalid_request",
            description=f"aud must be {server.fhir_base}",
        )


def _member_grants(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if not any(scope.context != "system" for scope in asked.app.scopes.smart) and "openid" not in asked.app.scopes:
        raise UnauthorizedClientError("the app is registered for client_credentials only")


def _scope_sound(server: AuthorizationServer, asked: Asked) -> None:
    del server
    if not scopes_asked(asked):
        raise InvalidScopeError("no scope that this app is registered for was asked for")


CHECKS: tuple[Callable[[AuthorizationServer, Asked], None], ...] = (
    _all_readable,
    _no_parameter_twice,
    _state_present,
    _texts_sound,
    _response_type_code,
    _no_request_object,
    _no_secret_in_url,
    _login_allowed,
    _pkce_s256,
    _audience_ours,
    _member_grants,
    _scope_sound,
)
"""The checks of a request whose app is known, in their order; the first fault is the answer."""


def scopes_asked(asked: Asked) -> Scopes:
    """What the app asks for within what it is registered for; scopes that no member can grant are left out."""
    text = asked.parameters.get("scope", "")
    if not text.strip() and asked.mount.tolerates(Tolerance.NO_SCOPE):
        text = str(asked.app.scopes)
    granted = Scopes.parse(text).within(asked.app.scopes)
    return Scopes(tuple(s for s in granted.items if isinstance(s, str) or s.context != "system"))


def _keep(server: AuthorizationServer, asked: Asked, browser: str, language: str) -> Authorization:
    now = server.clock()
    authorization = Authorization(
        authorization_id=new_id(32),
        app_id=asked.app.app_id,
        redirect_uri=asked.redirect_uri,
        scope=str(scopes_asked(asked)),
        state=asked.parameters["state"],
        challenge=pkce.challenge_of(asked.parameters, asked.mount),
        nonce=asked.parameters.get("nonce"),
        language=language,
        mount=asked.mount.prefix,
        browser_hash=hash_of(browser),
        created_at=now,
        until=now + DECIDE_WITHIN_S,
    )
    with server.store.write() as connection:
        Authorizations(connection).add(authorization)
    return authorization
