"""Which app is calling: public by its id, with a secret by Basic or body, with a signed JWT.

An unknown app and a wrong secret give the same answer after the same work.

Source: RFC 6749 section 2.3, RFC 7521.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749 import InvalidClientError, InvalidGrantError, InvalidRequestError

from fhir_facade.oauth import assertions
from fhir_facade.oauth.messages import Request
from fhir_facade.oauth.mounts import Mount, Tolerance
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App, Apps
from fhir_facade.store.grants import Grants, Tokens
from fhir_facade.store.secrets import hash_of, same

METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")

_NOBODY = hash_of("")


def authenticate(
    server: AuthorizationServer, mount: Mount, request: Request, form: Mapping[str, str], *, renews: bool = False
) -> App:
    """The app that sent the request. ``renews`` says that its refresh token may say which app it is.

    Raises:
        InvalidClientError: it is unknown, or did not prove who it is.
        InvalidGrantError: it names itself by a refresh token alone, and that is unknown.
        InvalidRequestError: it used two ways at once.
    """
    basic = _basic(mount, request)
    _one_way_only(mount, basic, form)
    if "client_assertion" in form or "client_assertion_type" in form:
        app = _by_assertion(server, mount, form)
    elif basic:
        app = _by_secret(server, *basic, status=401)
    elif "client_secret" in form:
        app = _by_secret(server, form.get("client_id", ""), form["client_secret"], status=400)
    else:
        named = form.get("client_id") or (_owner(server, form) if renews else "")
        app = _public(server, named)
    if form.get("client_id", app.app_id) != app.app_id:
        raise InvalidClientError("client_id names another client")
    return app


def _basic(mount: Mount, request: Request) -> tuple[str, str] | None:
    scheme, _, value = (request.authorization or "").partition(" ")
    if not scheme or (scheme.lower() == "bearer" and mount.tolerates(Tolerance.STALE_BEARER)):
        return None
    if scheme.lower() != "basic":
        raise InvalidClientError("only Basic credentials are taken here", status_code=401)
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise InvalidClientError("the Basic credentials cannot be read", status_code=401) from error
    name, colon, secret = text.partition(":")
    if not colon:
        raise InvalidClientError("the Basic credentials cannot be read", status_code=401)
    return unquote_plus(name), unquote_plus(secret)


def _one_way_only(mount: Mount, basic: tuple[str, str] | None, form: Mapping[str, str]) -> None:
    ways = [bool(basic), "client_secret" in form, "client_assertion" in form]
    if sum(ways) > 1 and not (mount.tolerates(Tolerance.ANY_SECRET_PLACE) and not ways[2]):
        raise InvalidRequestError("the client authenticates in more than one way")


def _by_assertion(server: AuthorizationServer, mount: Mount, form: Mapping[str, str]) -> App:
    if form.get("client_assertion_type") != assertions.TYPE or "client_assertion" not in form:
        raise InvalidClientError(f"client_assertion_type must be {assertions.TYPE}")
    return assertions.authenticate(server, form["client_assertion"], server.token_url(mount))


def _by_secret(server: AuthorizationServer, app_id: str, secret: str, *, status: int) -> App:
    with server.store.read() as connection:
        apps = Apps(connection)
        offered = hash_of(secret)
        good = [same(offered, known) for known in apps.secret_hashes(app_id, server.clock()) or [_NOBODY]]
        app = apps.find(app_id) if any(good) else None
    if not secret or app is None or not _may_use(server, app) or app.kind != "confidential":
        raise InvalidClientError("unknown client, or a wrong secret", status_code=status)
    return app


def _public(server: AuthorizationServer, app_id: str) -> App:
    with server.store.read() as connection:
        app = Apps(connection).find(app_id)
    if app is None or app.kind != "public" or not _may_use(server, app):
        raise InvalidClientError("unknown client, or client authentication is required")
    return app


def _owner(server: AuthorizationServer, form: Mapping[str, str]) -> str:
    """The app of a refresh token: a public app need not name itself there (RFC 6749 section 6)."""
    token = form.get("refresh_token") if form.get("grant_type") == "refresh_token" else None
    if not token:
        return ""
    with server.store.read() as connection:
        found = Tokens(connection).find(hash_of(token))
        grant = Grants(connection).find(found.grant_id) if found else None
    if grant is None:
        raise InvalidGrantError("the refresh token is unknown or was revoked")
    return grant.app_id


def _may_use(server: AuthorizationServer, app: App) -> bool:
    return app.state == "active" and app.environment == server.environment
