"""What members granted to apps, and the tokens that stand for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from fhir_facade.access.scopes import Scopes
from fhir_facade.store.tables import grants, tokens

TokenKind = Literal["access", "refresh"]

# what every refresh asks, built once: to build a statement costs more than to run it
_GRANT = select(grants).where(grants.c.grant_id == bindparam("wanted"))
_TOKEN = select(tokens).where(tokens.c.token_hash == bindparam("wanted"))
_SPEND = (
    update(tokens)
    .where(tokens.c.token_hash == bindparam("wanted"), tokens.c.used_at.is_(None), tokens.c.revoked_at.is_(None))
    .values(used_at=bindparam("now"))
    .returning(tokens.c.token_hash)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGrant:
    """One decision of a member (or the standing of a backend service, which has no member).

    ``patient`` is the member's ``Patient.id``, ``user`` the relative reference of who logged in. ``until`` is absent
    for a grant without an end (a study). ``used_at`` is when its code was redeemed: before, no app holds anything.
    """

    grant_id: str
    app_id: str
    patient: str | None
    user: str | None
    scopes: Scopes
    withheld: frozenset[str]
    length: str
    authenticated_at: int | None
    created_at: int
    until: int | None
    used_at: int | None = None
    ended_at: int | None = None
    ended_because: str | None = None

    def is_good(self, now: int) -> bool:
        """Whether it has neither been ended nor run out."""
        return self.ended_at is None and (self.until is None or self.until > now)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredToken:
    """One token, by its hash. ``until`` of a refresh token is absent where the grant has no end."""

    token_hash: str
    kind: TokenKind
    family: str
    grant_id: str
    scope: str
    created_at: int
    until: int | None
    used_at: int | None = None
    revoked_at: int | None = None


class Grants:
    """Grants on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, grant: StoredGrant) -> None:
        """Keep a new grant."""
        self._connection.execute(insert(grants).values(_values(grant)))

    def find(self, grant_id: str) -> StoredGrant | None:
        """The grant of that id, good or not."""
        row = self._connection.execute(_GRANT, {"wanted": grant_id}).one_or_none()
        return _grant(row) if row else None

    def good(self, now: int, *, patient: str | None = None, app_id: str | None = None) -> Sequence[StoredGrant]:
        """The good grants of a member, of an app, or of both together, newest first."""
        g = grants.c
        query = select(grants).where(g.ended_at.is_(None), g.until.is_(None) | (g.until > now))
        query = query.where(g.patient == patient) if patient is not None else query
        query = query.where(g.app_id == app_id) if app_id is not None else query
        return [_grant(row) for row in self._connection.execute(query.order_by(g.created_at.desc(), g.grant_id))]

    def use(self, grant_id: str, now: int) -> None:
        """Note that the app got its first token."""
        self._connection.execute(update(grants).where(grants.c.grant_id == grant_id).values(used_at=now))

    def narrow(self, grant_id: str, scopes: Scopes, withheld: frozenset[str]) -> None:
        """Keep of a grant, and of every token of it that is not over, what ``scopes`` allow; withhold these labels."""
        values = {"scope": str(scopes), "withheld": " ".join(sorted(withheld))}
        self._connection.execute(update(grants).where(grants.c.grant_id == grant_id).values(values))
        alive = (tokens.c.grant_id == grant_id) & tokens.c.revoked_at.is_(None)
        wider = alive & (tokens.c.scope != str(scopes))
        for row in self._connection.execute(select(tokens.c.token_hash, tokens.c.scope).where(wider)).all():
            kept = str(Scopes.parse(row.scope).within(scopes))
            self._connection.execute(update(tokens).where(tokens.c.token_hash == row.token_hash).values(scope=kept))

    def end(self, grant_ids: Sequence[str], now: int, because: str) -> int:
        """End grants and every token of theirs, at once; gives how many had not ended before."""
        open_ones = grants.c.grant_id.in_(grant_ids) & grants.c.ended_at.is_(None)
        ended = self._connection.execute(
            update(grants).where(open_ones).values(ended_at=now, ended_because=because)
        ).rowcount
        alive = tokens.c.grant_id.in_(grant_ids) & tokens.c.revoked_at.is_(None)
        self._connection.execute(update(tokens).where(alive).values(revoked_at=now))
        return ended


class Tokens:
    """Tokens on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, *new: StoredToken) -> None:
        """Keep new tokens."""
        names = StoredToken.__dataclass_fields__
        self._connection.execute(insert(tokens), [{name: getattr(token, name) for name in names} for token in new])

    def find(self, token_hash: str) -> StoredToken | None:
        """The token of that hash, good or not."""
        row = self._connection.execute(_TOKEN, {"wanted": token_hash}).one_or_none()
        return StoredToken(**row._mapping) if row else None

    def spend(self, token_hash: str, now: int) -> bool:
        """Spend a refresh token; True for the one caller that spends it."""
        return self._connection.execute(_SPEND, {"wanted": token_hash, "now": now}).one_or_none() is not None

    def revoke(self, token_hash: str, now: int) -> None:
        """Revoke one token."""
        self._revoke(tokens.c.token_hash == token_hash, now)

    def revoke_family(self, family: str, now: int) -> None:
        """Revoke everything that came of one code."""
        self._revoke(tokens.c.family == family, now)

    def remove_older(self, before: int) -> int:
        """Remove tokens that ended before that instant; gives how many."""
        return self._connection.execute(delete(tokens).where(tokens.c.until < before)).rowcount

    def _revoke(self, which: Any, now: int) -> None:
        self._connection.execute(update(tokens).where(which, tokens.c.revoked_at.is_(None)).values(revoked_at=now))


def _values(grant: StoredGrant) -> dict[str, Any]:
    values = {name: getattr(grant, name) for name in StoredGrant.__dataclass_fields__ if name != "scopes"}
    return values | {"scope": str(grant.scopes), "withheld": " ".join(sorted(grant.withheld))}


def _grant(row: Row[Any]) -> StoredGrant:
    values = dict(row._mapping)
    scopes, withheld = Scopes.parse(values.pop("scope")), frozenset(values.pop("withheld").split())
    return StoredGrant(scopes=scopes, withheld=withheld, **values)
