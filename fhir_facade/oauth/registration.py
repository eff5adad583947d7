"""Dynamic registration of apps for the sandbox: a client id at once. Production apps are approved by people.

Source: RFC 7591 sections 2 and 3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import OAuth2Error
from authlib.oauth2.rfc7591 import InvalidClientMetadataError, InvalidRedirectURIError

from fhir_facade.oauth import redirects
from fhir_facade.oauth.messages import NO_STORE, Reply, refused
from fhir_facade.oauth.registry import BACKEND_SCOPES, DEFAULT_SCOPES, AppFault, Registered, register_app
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App, AppKind
from fhir_facade.store.audit import AuditEvent

_KINDS: Mapping[str, AppKind] = {
    "none": "public",
    "client_secret_basic": "confidential",
    "client_secret_post": "confidential",
    "private_key_jwt": "asymmetric",
}
_DETAILS = {"client_uri": "website", "policy_uri": "privacy_url", "tos_uri": "terms_url", "logo_uri": "logo"}
_GRANTS = frozenset({"authorization_code", "refresh_token", "client_credentials"})
PRIVILEGED = frozenset({"token_introspect"})
"""Scopes that concern other apps' tokens, and that nobody can therefore give to himself."""

_MOST_URIS = 20


def register(server: AuthorizationServer, body: bytes) -> Reply:
    """The answer to a registration request: 201 with what was registered, or what is wrong with it."""
    try:
        metadata = _metadata(body)
        made = _registered(server, metadata)
    except OAuth2Error as error:
        return refused(error)
    server.record(AuditEvent(what="app", outcome="registered", app_id=made.app.app_id, detail="sandbox, dynamic"))
    return Reply(status=201, body=_told(made, metadata), headers=NO_STORE)


def _metadata(body: bytes) -> Mapping[str, Any]:
    try:
        metadata = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise InvalidClientMetadataError("the body must be a JSON object") from error
    if not isinstance(metadata, dict):
        raise InvalidClientMetadataError("the body must be a JSON object")
    return metadata


def _registered(server: AuthorizationServer, metadata: Mapping[str, Any]) -> Registered:
    uris = _texts(metadata, "redirect_uris")
    if len(uris) > _MOST_URIS or any(redirects.fault(uri) for uri in uris):
        raise InvalidRedirectURIError("each redirect URI must use https, a loopback address or a private scheme")
    method = _text(metadata, "token_endpoint_auth_method", "client_secret_basic")
    if method not in _KINDS:
        raise InvalidClientMetadataError("token_endpoint_auth_method is not supported")
    if PRIVILEGED & set(_text(metadata, "scope", "").split()):
        raise InvalidClientMetadataError("an operator alone can register an app for that scope")
    grants = _texts(metadata, "grant_types") or ["authorization_code"]
    if not set(grants) <= _GRANTS or set(_texts(metadata, "response_types")) - {"code"}:
        raise InvalidClientMetadataError("grant_types or response_types are not supported")
    try:
        return register_app(
            server.store,
            name=_text(metadata, "client_name", "Unnamed app"),
            environment="sandbox",
            redirect_uris=uris,
            kind=_KINDS[method],
            scopes=_text(metadata, "scope", BACKEND_SCOPES if grants == ["client_credentials"] else DEFAULT_SCOPES),
            backend="client_credentials" in grants,
            jwks=_jwks(metadata),
            jwks_uri=_text(metadata, "jwks_uri", "") or None,
            details={ours: _url(metadata, theirs) for theirs, ours in _DETAILS.items() if theirs in metadata},
        )
    except AppFault as fault:
        text = "".join(c if " " <= c <= "~" and c not in '"\\' else "?" for c in str(fault))
        raise InvalidClientMetadataError(text[:500]) from fault


def _text(metadata: Mapping[str, Any], name: str, default: str) -> str:
    value = metadata.get(name, default)
    if not isinstance(value, str) or len(value) > 4000 or not _encodable(value):
        raise InvalidClientMetadataError(f"{name} must be a short text")
    return value


def _encodable(text: str) -> bool:
    return not any("\ud800" <= c <= "\udfff" or c == "\0" for c in text)


def _texts(metadata: Mapping[str, Any], name: str) -> list[str]:
    values = metadata.get(name, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise InvalidClientMetadataError(f"{name} must be a list of texts")
    return values


def _url(metadata: Mapping[str, Any], name: str) -> str:
    url = _text(metadata, name, "")
    if redirects.fault(url) or not url.startswith(("https://", "http://")):
        raise InvalidClientMetadataError(f"{name} must be an https URL")
    return url


def _jwks(metadata: Mapping[str, Any]) -> Mapping[str, Any] | None:
    jwks = metadata.get("jwks")
    if jwks is not None and not isinstance(jwks, dict):
        raise InvalidClientMetadataError("jwks must be a JWK set")
    return jwks


def _grants_of(app: App) -> list[str]:
    """The grant types that are open to the app: without a redirect URI, no code can reach it."""
    by_member = ["authorization_code", "refresh_token"] if app.redirect_uris else []
    return by_member + (["client_credentials"] if app.backend else [])


def _told(made: Registered, metadata: Mapping[str, Any]) -> dict[str, Any]:
    app = made.app
    told: dict[str, Any] = {
        "client_id": app.app_id,
        "client_id_issued_at": app.created_at,
        "client_name": app.name,
        "redirect_uris": list(app.redirect_uris),
        "token_endpoint_auth_method": metadata.get("token_endpoint_auth_method", "client_secret_basic"),
        "grant_types": _grants_of(app),
        "response_types": ["code"],
        "scope": str(app.scopes),
    }
    told |= {name: metadata[name] for name in (*_DETAILS, "jwks", "jwks_uri") if name in metadata}
    return told | ({"client_secret": made.secret, "client_secret_expires_at": 0} if made.secret else {})
