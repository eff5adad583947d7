"""The authorization server's addresses: translates between Flask and ``oauth.messages``.

The same endpoints stand at ``/oauth`` and, where the operator wants CMS's Blue Button client libraries to work, below
``/v1``, ``/v2`` and ``/v3``; what the latter tolerate is in ``oauth.mounts``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, jsonify, request

from fhir_facade.access.grant import Grant
from fhir_facade.oauth import discovery, registration, status, token
from fhir_facade.oauth.authorize import authorize
from fhir_facade.oauth.bearer import Bearer, BearerError
from fhir_facade.oauth.messages import FORM, NO_STORE, Reply, Request, exact_pairs
from fhir_facade.oauth.mounts import COMPATIBLE, STRICT, Mount
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.oauth.status import Describe
from fhir_facade.store import StoreUnavailable
from fhir_facade.web.language import COOKIE, wanted_language
from fhir_facade.web.limits import Limits, claimed_app, too_many, too_many_page
from fhir_facade.web.oauth_origins import Origins
from fhir_facade.web.pages import Pages

_CLIENTS_CALL = frozenset({"token", "revoke", "end", "introspect"})
KEEP_BROWSER_S = 24 * 3600
DISCOVERY_AGE_S = 300


@dataclass(frozen=True, slots=True)
class OAuthDesk:
    """What the endpoints work with.

    Args:
        server: the authorization server.
        bearer: looks up access tokens.
        pages: renders error pages.
        origins: which browser apps may call from another origin.
        describe: names of a member, for userinfo.
        limits: how often an address may ask, and guess a secret.
        refused: told the client id and the error of each refused token request.
    """

    server: AuthorizationServer
    bearer: Bearer
    pages: Pages
    origins: Origins
    describe: Describe
    limits: Limits
    refused: Callable[[str, str], None] = lambda client_id, error: None


def oauth_blueprint(desk: OAuthDesk, *, compatibility: bool) -> Blueprint:
    """``/oauth/*`` and the well-known documents; with ``compatibility`` also the Blue Button paths."""
    blueprint = Blueprint("oauth", __name__)
    blueprint.register_error_handler(StoreUnavailable, lambda _: _unavailable(desk))
    desk.limits.guard(blueprint, lambda wait: _too_many(desk, wait))
    for mount in (STRICT, *COMPATIBLE) if compatibility else (STRICT,):
        _add_endpoints(blueprint, desk, mount)
        _add_documents(blueprint, desk, mount)
    if desk.server.environment == "sandbox":
        register = _view(desk, "register", lambda: registration.register(desk.server, request.get_data(cache=False)))
        _add(blueprint, "/oauth/register", register, ["POST"])
    return blueprint


def _add_endpoints(blueprint: Blueprint, desk: OAuthDesk, mount: Mount) -> None:
    server = desk.server
    posts: dict[str, Callable[[], Reply]] = {
        "token": lambda: token.token(server, mount, _request(server)),
        "revoke": lambda: status.revoke(server, mount, _request(server)),
        "end": lambda: status.revoke(server, mount, _request(server), end_grant=True),
        "introspect": lambda: status.introspect(server, mount, _request(server)),
    }
    both: dict[str, Callable[[], Reply]] = {
        "authorize": lambda: authorize(server, mount, _authorization_request(server)),
        "userinfo": lambda: _userinfo(desk, mount),
    }
    for name, paths in mount.paths.items():
        methods = ["POST"] if name in posts else ["GET", "POST"]
        view = _view(desk, name, posts.get(name) or both[name])
        for path in dict.fromkeys(paths):
            _add(blueprint, path, view, methods)


def _add(blueprint: Blueprint, path: str, view: Callable[[], Response], methods: list[str]) -> None:
    name = path.replace("/", "_").replace(".", "")
    blueprint.add_url_rule(path, name, view, methods=[*methods, "OPTIONS"], provide_automatic_options=False)


def _view(desk: OAuthDesk, name: str, handle: Callable[[], Reply]) -> Callable[[], Response]:
    def view() -> Response:
        if request.method == "OPTIONS":
            return desk.origins.preflight(registered_only=True)
        if name in _CLIENTS_CALL and (wait := desk.limits.guessing()):
            return desk.origins.allow(too_many(wait), registered_only=True)
        reply = handle()
        if reply.body and reply.body.get("error") == "invalid_client":
            desk.limits.guessed_wrong()
        if name == "token" and reply.status >= 400 and reply.body:
            desk.refused(_client_id(), str(reply.body.get("error")))
        response = _response(desk, reply)
        return response if name == "authorize" else desk.origins.allow(response, registered_only=True)

    return view


def _client_id() -> str:
    """The client id that a request names, by Basic authentication or in the form."""
    return claimed_app() or request.form.get("client_id", "")


def _request(server: AuthorizationServer) -> Request:
    return Request(
        method=request.method,
        query=tuple(request.args.items(multi=True)),
        form=tuple(request.form.items(multi=True)),
        content_type=request.mimetype,
        authorization=request.headers.get("Authorization"),
        browser=request.cookies.get(server.browser_cookie),
        language=wanted_language(request),
    )


def _authorization_request(server: AuthorizationServer) -> Request:
    """The request with its parameters as they were sent: the framework writes escapes where bytes are no UTF-8."""
    query, unreadable = exact_pairs(request.query_string)
    if request.mimetype != FORM:
        return replace(_request(server), query=query, unreadable=unreadable)
    form, more = exact_pairs(request.get_data())  # before the framework reads the form, which leaves nothing to read
    return replace(_request(server), query=query, form=form, unreadable=unreadable | more)


def _response(desk: OAuthDesk, reply: Reply) -> Response:
    if reply.page:
        texts = desk.pages.texts()
        return desk.pages.render(
            "stopped.html", reply.status, title=texts("authorize.title"), text=texts(reply.page), again="", base=""
        )
    response = jsonify(reply.body) if reply.body is not None else Response(status=reply.status)
    response.status_code = reply.status
    response.headers.update(reply.headers)
    response.headers["X-Content-Type-Options"] = "nosniff"
    if reply.location:
        response.headers["Location"] = reply.location
        response.headers["Referrer-Policy"] = "no-referrer"
    secure = desk.server.base.startswith("https:")
    if reply.language:
        response.set_cookie(COOKIE, reply.language, path="/", httponly=True, samesite="Lax", secure=secure)
    if reply.browser:
        name = desk.server.browser_cookie
        response.set_cookie(
            name, reply.browser, max_age=KEEP_BROWSER_S, path="/", httponly=True, samesite="Lax", secure=secure
        )
    return response


def _userinfo(desk: OAuthDesk, mount: Mount) -> Reply:
    try:
        grant: Grant = desk.bearer.authenticate(request.headers.get("Authorization"))
    except BearerError as error:
        body = {"error": "invalid_token", "error_description": error.public}
        return Reply(status=401, body=body, headers=NO_STORE | {"WWW-Authenticate": error.challenge_for("OAuth")})
    return status.userinfo(desk.server, mount, grant, desk.describe)


def _too_many(desk: OAuthDesk, wait: float) -> Response:
    if _is_for_people():
        return too_many_page(desk.pages, wait)
    return desk.origins.allow(too_many(wait), registered_only=True)


def _is_for_people() -> bool:
    return request.path.rstrip("/").endswith("/authorize")


def _unavailable(desk: OAuthDesk) -> Response:
    if _is_for_people():
        response = _response(desk, Reply(status=503, page="authorize.unavailable"))
    else:
        response = jsonify(error="temporarily_unavailable", error_description="try again in a moment")
    response.status_code = 503
    response.headers.update(NO_STORE | {"Retry-After": "5"})
    return response


def _add_documents(blueprint: Blueprint, desk: OAuthDesk, mount: Mount) -> None:
    server = desk.server
    openid = "/.well-known/openid-configuration"
    documents: dict[str, Callable[[], Mapping[str, Any]]] = {
        f"{mount.prefix}/fhir/.well-known/smart-configuration": lambda: discovery.smart_configuration(server, mount),
    }
    if mount.is_strict:
        documents |= {
            openid: lambda: discovery.openid_configuration(server),
            "/.well-known/oauth-authorization-server": lambda: discovery.authorization_server(server),
            "/.well-known/jwks.json": lambda: server.keys.published(server.clock()),
        }
    else:
        documents[f"{mount.prefix}/connect{openid}"] = lambda: discovery.openid_configuration(server, mount)
    for path, build in documents.items():
        _add(blueprint, path, _document(desk, build), ["GET"])


def _document(desk: OAuthDesk, build: Callable[[], Mapping[str, Any]]) -> Callable[[], Response]:
    def view() -> Response:
        if request.method == "OPTIONS":
            return desk.origins.preflight(registered_only=False)
        response = jsonify(build())
        response.headers["Cache-Control"] = f"public, max-age={DISCOVERY_AGE_S}"
        return desk.origins.allow(response, registered_only=False)

    return view
