"""A refresh token for its successor.

It rotates. Sent twice within the grace it gives the same successor again; sent later it ends the whole family, because
one of the two senders is a thief.

A refresh asks nobody but the store: a claims source that is down never costs an app its grant. Where the member's link
is in doubt, or was not verified for as long as the agency allows, the grant rests until they log in again.

Source: RFC 6749 section 6, RFC 9700 section 4.14.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError, InvalidScopeError

from fhir_facade.access.scopes import Scopes
from fhir_facade.oauth import issuing
from fhir_facade.oauth.mounts import Mount
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App
from fhir_facade.store.engine import Connection
from fhir_facade.store.grants import Grants, StoredGrant, StoredToken, Tokens
from fhir_facade.store.logins import IN_DOUBT, last_verified
from fhir_facade.store.secrets import hash_of

DAY_S = 24 * 3600


def refresh(server: AuthorizationServer, mount: Mount, app: App, form: Mapping[str, str]) -> dict[str, Any]:
    """The next access and refresh token.

    Raises:
        InvalidRequestError: the refresh token is missing.
        InvalidGrantError: it is unknown, spent, revoked, another app's, or its grant is over.
        InvalidScopeError: more is asked for than was granted.
    """
    if not form.get("refresh_token"):
        raise InvalidRequestError("refresh_token is required")
    parent = form["refresh_token"]
    with server.store.write() as connection:
        token, grant = _good(connection, server, app, parent)
        scopes = _narrowed(form.get("scope", ""), grant.scopes)
        access = _successor(connection, server, token, grant, parent, scopes)
    if access is None:  # the family's end is committed by now
        raise InvalidGrantError("the refresh token was used before; the member must grant access again")
    return issuing.answer(server, mount, grant, issuing.successor_of(server, parent), access)


def _successor(
    connection: Connection,
    server: AuthorizationServer,
    token: StoredToken,
    grant: StoredGrant,
    parent: str,
    scopes: Scopes,
) -> StoredToken | None:
    now, tokens = server.clock(), Tokens(connection)
    pair = issuing.successor_of(server, parent)
    if tokens.spend(token.token_hash, now):
        issuing.recorded(server, grant, "token", "refreshed")
        return issuing.keep(connection, server, grant, pair, token.family, scopes)
    spent = tokens.find(token.token_hash)  # read again: somebody may have spent it a moment ago
    if spent and spent.used_at is not None and now - spent.used_at <= server.settings.refresh_grace_s:
        access = tokens.find(hash_of(pair.access))
        return access if access and access.revoked_at is None else None
    tokens.revoke_family(token.family, now)
    issuing.recorded(server, grant, "token", "family revoked: refresh token used again")
    return None


def _good(
    connection: Connection, server: AuthorizationServer, app: App, parent: str
) -> tuple[StoredToken, StoredGrant]:
    token = Tokens(connection).find(hash_of(parent))
    grant = Grants(connection).find(token.grant_id) if token and token.kind == "refresh" else None
    if token is None or grant is None or grant.app_id != app.app_id or token.revoked_at is not None:
        raise InvalidGrantError("the refresh token is unknown or was revoked")
    if not grant.is_good(server.clock()):
        raise InvalidGrantError("the grant is over; the member must grant access again")
    if grant.user and not _is_verified(connection, server, grant, grant.user):
        raise InvalidGrantError("who gave access must log in again; until then the grant rests")
    return token, grant


def _is_verified(connection: Connection, server: AuthorizationServer, grant: StoredGrant, user: str) -> bool:
    """Whether a log-in proved lately enough that it belongs to who gave access. Nothing is spent where it did not."""
    proved = last_verified(connection, user)
    if proved == IN_DOUBT:
        return False
    latest = max(proved or 0, grant.authenticated_at or 0)
    return not server.reverify_days or latest > server.clock() - server.reverify_days * DAY_S


def _narrowed(text: str, granted: Scopes) -> Scopes:
    """What is asked for, each part of which must have been granted; everything granted when nothing is said."""
    if not text.strip():
        return granted
    asked = Scopes.parse(text)
    within = asked.within(granted)
    if not asked or set(asked.items) != set(within.items) or len(text.split()) != len(asked.items):
        raise InvalidScopeError("more is asked for than was granted")
    return within
