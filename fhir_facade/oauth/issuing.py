"""Tokens and the answer that carries them.

Access and refresh tokens are opaque: 256 random bits, or 256 bits derived from the refresh token before them, so that a
refresh sent twice gives the same successor although nothing is kept in clear.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fhir_facade.access.scopes import Scopes
from fhir_facade.oauth.mounts import Mount, Tolerance
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App
from fhir_facade.store.audit import AuditEvent
from fhir_facade.store.engine import Connection
from fhir_facade.store.grants import StoredGrant, StoredToken, TokenKind, Tokens
from fhir_facade.store.secrets import hash_of, new_secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An access token and, where the app may renew it, a refresh token; both in clear, for the answer alone."""

    access: str
    refresh: str | None


def fresh_pair(*, renewable: bool) -> Pair:
    """New random tokens."""
    return Pair(access=new_secret(), refresh=new_secret() if renewable else None)


def successor_of(server: AuthorizationServer, parent: str) -> Pair:
    """The one pair that follows a refresh token."""
    access, refresh = (_derived(server.secret, kind, parent) for kind in ("access", "refresh"))
    return Pair(access=access, refresh=refresh)


def _derived(secret: bytes, kind: TokenKind | str, parent: str) -> str:
    digest = hmac.digest(secret, f"fhir-facade {kind} token after {parent}".encode(), hashlib.sha256)
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_renewable(mount: Mount, app: App, grant: StoredGrant) -> bool:
    """Whether the app gets a refresh token: on ``offline_access``, never for one-time access."""
    asked = "offline_access" in grant.scopes or mount.tolerates(Tolerance.REFRESH_BY_REGISTRATION)
    return asked and app.grant_length != "once" and grant.length != "once"


def access_ends(server: AuthorizationServer, grant: StoredGrant, now: int) -> int:
    """When an access token issued now ends: within its life, and never after its grant."""
    life_ends = now + server.settings.access_token_s
    return life_ends if grant.until is None else min(life_ends, grant.until)


def keep(
    connection: Connection, server: AuthorizationServer, grant: StoredGrant, pair: Pair, family: str, scopes: Scopes
) -> StoredToken:
    """Keep a pair's hashes; ``scopes`` are the access token's. Gives the access token's row."""
    now = server.clock()
    common: dict[str, Any] = {"family": family, "grant_id": grant.grant_id, "created_at": now}
    access = StoredToken(
        token_hash=hash_of(pair.access),
        kind="access",
        scope=str(scopes),
        until=access_ends(server, grant, now),
        **common,
    )
    rows = [access]
    if pair.refresh:
        refresh_hash = hash_of(pair.refresh)
        rows.append(
            StoredToken(token_hash=refresh_hash, kind="refresh", scope=str(grant.scopes), until=grant.until, **common)
        )
    Tokens(connection).add(*rows)
    return access


def recorded(server: AuthorizationServer, grant: StoredGrant, what: str, outcome: str) -> None:
    """Write down what happened to a grant; inside the transaction, so that it does not happen unwritten."""
    server.record(
        AuditEvent(
            what=what,
            outcome=outcome,
            app_id=grant.app_id,
            actor=grant.user or "",
            patient=grant.patient or "",
            detail=f"grant {grant.grant_id}",
        )
    )


def answer(
    server: AuthorizationServer, mount: Mount, grant: StoredGrant, pair: Pair, access: StoredToken
) -> dict[str, Any]:
    """The body of a token response; ``scope`` says exactly what was granted."""
    body: dict[str, Any] = {
        "access_token": pair.access,
        "token_type": "Bearer",
        "expires_in": max(0, (access.until or 0) - server.clock()),
        "scope": access.scope,
    }
    if pair.refresh:
        body["refresh_token"] = pair.refresh
    if grant.patient:
        body["patient"] = grant.patient
    if not mount.is_strict:
        ends = datetime.fromtimestamp(grant.until, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if grant.until else ""
        body["access_grant_expiration"] = ends
    return body


def subject_of(user: str) -> str:
    """The OpenID subject of who logged in: the member's id, or the reference of a representative."""
    return user.removeprefix("Patient/")


def id_token(server: AuthorizationServer, app: App, grant: StoredGrant, nonce: str | None) -> str:
    """A signed statement of who logged in (OpenID Connect Core section 2, with SMART's ``fhirUser``)."""
    now = server.clock()
    claims: dict[str, Any] = {
        "iss": server.base,
        "sub": subject_of(grant.user or ""),
        "aud": app.app_id,
        "iat": now,
        "exp": now + server.settings.access_token_s,
        "auth_time": grant.authenticated_at,
    }
    claims |= {"nonce": nonce} if nonce is not None else {}
    claims |= fhir_user(server, grant) if "fhirUser" in grant.scopes or "profile" in grant.scopes else {}
    return server.keys.sign(claims, now)


def fhir_user(server: AuthorizationServer, grant: StoredGrant) -> Mapping[str, str]:
    """The ``fhirUser`` claim: the absolute URL of who logged in."""
    return {"fhirUser": f"{server.fhir_base}/{grant.user}"}
