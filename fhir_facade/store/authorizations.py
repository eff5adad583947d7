"""Authorization requests on their way through log-in and consent, and the codes that come of them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select, update

from fhir_facade.store.tables import authorizations, codes


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """One checked authorization request, bound to the browser that brought it.

    ``scope`` is what the app asked for within what it is registered for; ``browser_hash`` the hash of the value in the
    browser's cookie; ``mount`` where it came in (empty, ``/v1``, ``/v2``, ``/v3``); ``decided_at`` is set once, by the
    member's yes or no.
    """

    authorization_id: str
    app_id: str
    redirect_uri: str
    scope: str
    state: str
    challenge: str
    nonce: str | None
    language: str
    mount: str
    browser_hash: str
    created_at: int
    until: int
    decided_at: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One authorization code, by its hash, bound to app, redirect URI and PKCE challenge."""

    code_hash: str
    app_id: str
    grant_id: str
    redirect_uri: str
    challenge: str
    nonce: str | None
    mount: str
    until: int
    used_at: int | None = None


class Authorizations:
    """Pending authorization requests on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, authorization: Authorization) -> None:
        """Keep a new request."""
        self._connection.execute(insert(authorizations).values(asdict(authorization)))

    def pending(self, authorization_id: str, browser_hash: str, now: int) -> Authorization | None:
        """The request, when it is this browser's, not decided and not too old."""
        a = authorizations.c
        query = select(authorizations).where(
            a.authorization_id == authorization_id,
            a.browser_hash == browser_hash,
            a.decided_at.is_(None),
            a.until > now,
        )
        row = self._connection.execute(query).one_or_none()
        return Authorization(**row._mapping) if row else None

    def decide(self, authorization_id: str, now: int) -> bool:
        """Mark the request decided; False when it already was or is too old. Only one caller ever gets True."""
        a = authorizations.c
        undecided = (a.authorization_id == authorization_id) & a.decided_at.is_(None) & (a.until > now)
        statement = update(authorizations).where(undecided).values(decided_at=now).returning(a.authorization_id)
        return self._connection.execute(statement).one_or_none() is not None

    def remove_older(self, before: int) -> int:
        """Remove requests that ended before that instant; gives how many."""
        return self._connection.execute(delete(authorizations).where(authorizations.c.until < before)).rowcount


class Codes:
    """Authorization codes on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, code: Code) -> None:
        """Keep a new code."""
        self._connection.execute(insert(codes).values(asdict(code)))

    def take(self, code_hash: str, app_id: str, now: int) -> Code | None:
        """The code, for the one caller that gets it; None when it is unknown, another app's, or was taken before."""
        unused = (codes.c.code_hash == code_hash) & (codes.c.app_id == app_id) & codes.c.used_at.is_(None)
        statement = update(codes).where(unused).values(used_at=now).returning(*codes.c)
        row = self._connection.execute(statement).one_or_none()
        return Code(**row._mapping) if row else None

    def find(self, code_hash: str) -> Code | None:
        """The code, used or not."""
        row = self._connection.execute(select(codes).where(codes.c.code_hash == code_hash)).one_or_none()
        return Code(**row._mapping) if row else None

    def remove_older(self, before: int) -> int:
        """Remove codes that ended before that instant; gives how many."""
        return self._connection.execute(delete(codes).where(codes.c.until < before)).rowcount
