"""Revocation, introspection and userinfo: what becomes of a token, and what it stands for.

Source: RFC 7009, RFC 7662, OpenID Connect Core section 5.3, SMART App Launch 2.2 "Token Introspection".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidRequestError, OAuth2Error

from fhir_facade.access.grant import Grant
from fhir_facade.oauth import clients
from fhir_facade.oauth.issuing import fhir_user, recorded, subject_of
from fhir_facade.oauth.messages import NO_STORE, Reply, Request, answering
from fhir_facade.oauth.mounts import Mount
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.oauth.token import form_of
from fhir_facade.store.apps import App, Apps
from fhir_facade.store.grants import Grants, StoredGrant, StoredToken, Tokens
from fhir_facade.store.secrets import hash_of

Describe = Callable[[str], Mapping[str, str]]
"""Patient id → ``name``, ``given_name``, ``family_name``, as far as they are known."""


def revoke(server: AuthorizationServer, mount: Mount, request: Request, *, end_grant: bool = False) -> Reply:
    """Revoke a token of the calling app; a refresh token takes its family along. An unknown token is no error.

    ``end_grant`` also ends the grant behind it.
    """

    def answer() -> None:
        form = form_of(mount, request)
        app = clients.authenticate(server, mount, request, form)
        if not form.get("token"):
            raise InvalidRequestError("token is required")
        with server.store.write() as connection:
            token, grant = _find(Tokens(connection), Grants(connection), form["token"])
            if token is None or grant is None or grant.app_id != app.app_id:
                return
            recorded(server, grant, "token", "grant ended by app" if end_grant else f"{token.kind} revoked by app")
            if end_grant:
                Grants(connection).end([grant.grant_id], server.clock(), "app")
            elif token.kind == "refresh":
                Tokens(connection).revoke_family(token.family, server.clock())
            else:
                Tokens(connection).revoke(token.token_hash, server.clock())

    return answering(answer)


def introspect(server: AuthorizationServer, mount: Mount, request: Request) -> Reply:
    """What a token stands for, told to the app it was issued to, or to one registered for ``token_introspect``."""

    def answer() -> dict[str, Any]:
        form = form_of(mount, request)
        app = _proven(server, mount, request, form)
        if not form.get("token"):
            raise InvalidRequestError("token is required")
        with server.store.read() as connection:
            token, grant = _find(Tokens(connection), Grants(connection), form["token"])
            owner = Apps(connection).find(grant.app_id) if grant else None
        allowed = grant and (grant.app_id == app.app_id or "token_introspect" in app.scopes)
        if not (token and grant and allowed and owner and owner.state == "active"):
            return {"active": False}
        return _described(server, token, grant) if _is_active(server, token, grant) else {"active": False}

    return answering(answer)


def _proven(server: AuthorizationServer, mount: Mount, request: Request, form: Mapping[str, str]) -> App:
    """The app that asks; whoever it is not is answered 401, however it tried (RFC 7662 section 2.3)."""
    try:
        app = clients.authenticate(server, mount, request, form)
    except InvalidClientError as error:
        raise InvalidClientError(error.get_error_description(), status_code=401) from error
    if app.kind == "public":
        raise InvalidClientError("introspection needs client authentication", status_code=401)
    return app


def userinfo(server: AuthorizationServer, mount: Mount, grant: Grant, describe: Describe) -> Reply:
    """Who logged in. Names come with the ``profile`` scope alone."""
    if grant.user is None or not ("openid" in grant.scopes or "profile" in grant.scopes):
        headers = NO_STORE | {"WWW-Authenticate": 'Bearer error="insufficient_scope", scope="openid"'}
        error = OAuth2Error(error="insufficient_scope", description="userinfo needs the openid scope")
        return Reply(status=403, body=dict(error.get_body()), headers=headers)
    body: dict[str, Any] = {"sub": subject_of(grant.user), "fhirUser": f"{server.fhir_base}/{grant.user}"}
    if grant.patient:
        body["patient"] = grant.patient
    if "profile" in grant.scopes and grant.patient:
        body |= describe(grant.patient)
    if not mount.is_strict:
        body["sub"] = grant.patient or body["sub"]
    return Reply(body=body, headers=NO_STORE)


def _find(tokens: Tokens, grants: Grants, text: str) -> tuple[StoredToken | None, StoredGrant | None]:
    token = tokens.find(hash_of(text))
    return token, grants.find(token.grant_id) if token else None


def _is_active(server: AuthorizationServer, token: StoredToken, grant: StoredGrant) -> bool:
    now = server.clock()
    spent = token.kind == "refresh" and token.used_at is not None
    alive = token.revoked_at is None and not spent and (token.until is None or token.until > now)
    return alive and grant.is_good(now)


def _described(server: AuthorizationServer, token: StoredToken, grant: StoredGrant) -> dict[str, Any]:
    body: dict[str, Any] = {
        "active": True,
        "scope": token.scope,
        "client_id": grant.app_id,
        "token_type": "Bearer" if token.kind == "access" else "refresh_token",
        "iat": token.created_at,
        "iss": server.base,
    }
    body |= {"exp": token.until} if token.until is not None else {}
    body |= {"patient": grant.patient} if grant.patient else {}
    if grant.user and "openid" in grant.scopes:
        body |= {"sub": subject_of(grant.user), **fhir_user(server, grant)}
    return body
