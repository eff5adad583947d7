"""Access token → grant, on every request: one indexed look-up on a statement compiled once.

Nothing is remembered between requests, so a revocation holds at once, in every process.

Source: RFC 6750.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

from fhir_facade.access.grant import Grant
from fhir_facade.access.scopes import Scopes
from fhir_facade.contracts.errors import FacadeError
from fhir_facade.oauth.server import system_clock
from fhir_facade.store import Store
from fhir_facade.store.access import ACCESS, AccessRow
from fhir_facade.store.engine import Clock
from fhir_facade.store.lookup import Lookup
from fhir_facade.store.secrets import hash_of

_TOKEN = re.compile(r"[Bb][Ee][Aa][Rr][Ee][Rr] +([A-Za-z0-9._~+/=-]{1,500})")


class BearerError(FacadeError):
    """The request may not go on: 401 with ``challenge`` as its ``WWW-Authenticate``.

    ``public`` is one sentence for the app.
    """

    def __init__(self, public: str, challenge: str) -> None:
        self.public, self.challenge = public, challenge
        super().__init__(public)

    def challenge_for(self, realm: str) -> str:
        """The challenge with its realm, so that even a bare one has the parameter it must have (RFC 6750 section 3)."""
        scheme, _, detail = self.challenge.partition(" ")
        return f'{scheme} realm="{realm}"' + (f", {detail}" if detail else "")


class BearerMissing(BearerError):
    """No bearer token came: a bare challenge (RFC 6750 section 3.1)."""

    def __init__(self) -> None:
        super().__init__("An access token is required.", "Bearer")


class BearerInvalid(BearerError):
    """The token is unknown, expired or revoked, or its grant or app was ended; ``app_id`` where it was an app's."""

    def __init__(self, public: str, app_id: str = "") -> None:
        self.app_id = app_id
        super().__init__(public, f'Bearer error="invalid_token", error_description="{public}"')


class BearerExpired(BearerInvalid):
    """The token was good once; a refresh token may bring a new one."""

    def __init__(self, app_id: str = "") -> None:
        super().__init__("The access token expired.", app_id)


class Bearer:
    """Looks up access tokens.

    Args:
        store: where tokens live.
        environment: ``sandbox`` or ``production``; tokens of apps of the other one are unknown here.
    """

    def __init__(self, store: Store, environment: str, clock: Clock = system_clock) -> None:
        self._look_up = Lookup(store, ACCESS)
        self._environment = environment
        self._clock = clock

    def authenticate(self, header: str | None) -> Grant:
        """The grant behind an ``Authorization`` header.

        Raises:
            BearerMissing: there is no bearer token.
            BearerInvalid: there is one that opens nothing.
            StoreUnavailable: the database does not answer.
        """
        if not header or header[:7].lower() != "bearer ":
            raise BearerMissing
        match = _TOKEN.fullmatch(header.rstrip())
        if match is None:
            raise BearerInvalid("The access token is malformed.")
        found = self._look_up.one({"token_hash": hash_of(match[1]), "kind": "access"})
        row = AccessRow(*found) if found else None
        if row is None or row.environment != self._environment:
            raise BearerInvalid("The access token is unknown.")
        return _grant(row, self._clock())


def _grant(row: AccessRow, now: int) -> Grant:
    if row.until <= now:
        raise BearerExpired(row.app_id)
    grant_over = row.ended_at is not None or (row.grant_until is not None and row.grant_until <= now)
    if row.revoked_at is not None or grant_over or row.state != "active":
        raise BearerInvalid("The access token was revoked.", row.app_id)
    return Grant(
        grant_id=row.grant_id,
        token_id=row.token_hash[:16],
        app_id=row.app_id,
        app_name=row.app_name,
        patient=row.patient,
        user=row.user,
        scopes=_scopes(row),
        withheld=frozenset(row.withheld.split()),
        until=datetime.fromtimestamp(row.until, UTC),
    )


def _scopes(row: AccessRow) -> Scopes:
    """The token's, within the grant's: a token made in the instant in which the grant was narrowed opens no more."""
    scopes = Scopes.parse(row.scope)
    return scopes if row.scope == row.grant_scope else scopes.within(Scopes.parse(row.grant_scope))
