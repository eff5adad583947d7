"""Client authentication by signed JWT (``private_key_jwt``), RS384 and ES384.

Source: SMART App Launch 2.2 "Client Authentication: Asymmetric", RFC 7523 section 3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey
from joserfc.util import urlsafe_b64decode

from fhir_facade.oauth.jwks import KeysUnavailable, read_keys
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App, Apps
from fhir_facade.store.assertions import Assertions
from fhir_facade.store.secrets import hash_of

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ALGORITHMS = ("RS384", "ES384")
MAX_LIFE_S = 300
SKEW_S = 10
"""Seconds by which a client's clock may be off."""

_MAX_CHARACTERS = 8192
_KEY_TYPES = {"RS384": "RSA", "ES384": "EC"}


def authenticate(server: AuthorizationServer, assertion: str, token_url: str) -> App:
    """The app that signed the assertion; each assertion counts once.

    Raises:
        InvalidClientError: anything about it is wrong.
    """
    header, claims = _unverified(assertion)
    app = _app(server, claims.get("iss"))
    keys = _keys_for(server, app, header)
    verified = _verified(assertion, keys, str(header["alg"]))
    until = _check_claims(verified, app, token_url, server.clock())
    jti = verified.get("jti")
    if not isinstance(jti, str) or not 0 < len(jti) <= 500:
        raise InvalidClientError("the assertion needs a jti")
    with server.store.write() as connection:
        if not Assertions(connection).use(app.app_id, hash_of(jti), until):
            raise InvalidClientError("the assertion was used before")
    return app


def _unverified(assertion: str) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Header and claims, of which nothing is believed but which app and key to look up."""
    if len(assertion) > _MAX_CHARACTERS or assertion.count(".") != 2 or not assertion.isascii():
        raise InvalidClientError("the assertion is not a signed JWT")
    try:
        header, claims = (json.loads(urlsafe_b64decode(part.encode())) for part in assertion.split(".")[:2])
    except (ValueError, RecursionError) as error:
        raise InvalidClientError("the assertion is not a signed JWT") from error
    if not isinstance(header, dict) or not isinstance(claims, dict):
        raise InvalidClientError("the assertion is not a signed JWT")
    if header.get("alg") not in ALGORITHMS or not isinstance(header.get("kid"), str) or "crit" in header:
        raise InvalidClientError("the assertion needs alg RS384 or ES384 and a kid")
    return header, claims


def _app(server: AuthorizationServer, name: object) -> App:
    with server.store.read() as connection:
        app = Apps(connection).find(name) if isinstance(name, str) else None
    if app is None or app.kind != "asymmetric" or app.state != "active" or app.environment != server.environment:
        raise InvalidClientError("unknown client, or a wrong signature")
    return app


def _keys_for(server: AuthorizationServer, app: App, header: Mapping[str, Any]) -> list[RSAKey | ECKey]:
    if "jku" in header and header["jku"] != app.jwks_uri:
        raise InvalidClientError("jku is not the registered JWKS URL")
    try:
        keys = read_keys(app.jwks) if app.jwks is not None else server.key_sets.keys(str(app.jwks_uri), header["kid"])
    except KeysUnavailable as error:
        raise InvalidClientError("the client keys cannot be had") from error
    fit = [k for k in keys if k.kid == header["kid"] and k.key_type == _KEY_TYPES[header["alg"]]]
    if not fit:
        raise InvalidClientError("unknown client, or a wrong signature")
    return fit


def _verified(assertion: str, keys: list[RSAKey | ECKey], algorithm: str) -> Mapping[str, Any]:
    for key in keys:
        try:
            return jwt.decode(assertion, key, algorithms=[algorithm]).claims
        except (JoseError, ValueError, TypeError):
            continue
    raise InvalidClientError("unknown client, or a wrong signature")


def _check_claims(claims: Mapping[str, Any], app: App, token_url: str, now: int) -> int:
    audience = claims.get("aud")
    if claims.get("iss") != app.app_id or claims.get("sub") != app.app_id:
        raise InvalidClientError("iss and sub must be the client id")
    if token_url not in (audience if isinstance(audience, list) else [audience]):
        raise InvalidClientError("aud must be the token URL")
    expires = _instant(claims, "exp")
    if expires is None:
        raise InvalidClientError("exp is required, in seconds since 1970")
    if expires <= now - SKEW_S:
        raise InvalidClientError("the assertion has expired")
    if expires > now + MAX_LIFE_S + SKEW_S:
        raise InvalidClientError("exp must be at most five minutes ahead")
    for name in ("nbf", "iat"):
        if name in claims and ((since := _instant(claims, name)) is None or since > now + SKEW_S):
            raise InvalidClientError(f"{name} lies ahead")
    return expires + SKEW_S + 1


def _instant(claims: Mapping[str, Any], name: str) -> int | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return int(value) if 0 < value < 2**40 else None
