"""Registered apps, their redirect URIs and their secrets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Connection, Row, bindparam, delete, insert, or_, select, update

from fhir_facade.access.scopes import Scopes
from fhir_facade.store.secrets import is_name
from fhir_facade.store.tables import app_redirects, app_secrets, apps

AppKind = Literal["public", "confidential", "asymmetric"]
GrantLength = Literal["once", "13-months", "study"]

# what every request for a token asks, built once
_APP = select(apps).where(apps.c.app_id == bindparam("wanted"))
_REDIRECTS = (
    select(app_redirects.c.uri).where(app_redirects.c.app_id == bindparam("wanted")).order_by(app_redirects.c.uri)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One registered app.

    ``kind`` says how it authenticates: not at all, with a secret, or with a signed JWT. ``environment`` is where it
    may be used (``sandbox``, ``production``), ``state`` whether (``active``, ``suspended``, ``retired``).
    ``backend`` allows client credentials. ``details`` is what the consent page and the directory show:
    ``website``, ``privacy_url``, ``terms_url``, ``support``, ``description``, ``attestations``.
    """

    app_id: str
    name: str
    kind: AppKind
    environment: str
    scopes: Scopes
    created_at: int
    state: str = "active"
    redirect_uris: tuple[str, ...] = ()
    grant_length: GrantLength = "13-months"
    backend: bool = False
    jwks: Mapping[str, Any] | None = None
    jwks_uri: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    owner: str | None = None


class Apps:
    """Reads and writes apps on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, app_id: str) -> App | None:
        """The app of that client id, whatever its state."""
        if not is_name(app_id):
            return None
        row = self._connection.execute(_APP, {"wanted": app_id}).one_or_none()
        return _app(row, self._redirects(app_id)) if row else None

    def all(self, environment: str | None = None) -> Sequence[App]:
        """Every app, oldest first."""
        query = select(apps).order_by(apps.c.created_at, apps.c.app_id)
        if environment:
            query = query.where(apps.c.environment == environment)
        return [_app(row, self._redirects(row.app_id)) for row in self._connection.execute(query).all()]

    def add(self, app: App) -> None:
        """Keep a new app."""
        self._connection.execute(insert(apps).values(_values(app)))
        self._write_redirects(app)

    def change(self, app: App) -> None:
        """Keep every property of a known app."""
        self._connection.execute(update(apps).where(apps.c.app_id == app.app_id).values(_values(app)))
        self._connection.execute(delete(app_redirects).where(app_redirects.c.app_id == app.app_id))
        self._write_redirects(app)

    def add_secret(self, app_id: str, secret_hash: str, now: int) -> None:
        """One more secret; those before stay good until they are given an end."""
        self._connection.execute(insert(app_secrets).values(app_id=app_id, secret_hash=secret_hash, created_at=now))

    def end_secrets(self, app_id: str, until: int, keep: str) -> None:
        """Every secret but the one of hash ``keep`` ends at ``until``, or earlier where it already did."""
        later = or_(app_secrets.c.until.is_(None), app_secrets.c.until > until)
        others = (app_secrets.c.app_id == app_id) & (app_secrets.c.secret_hash != keep)
        self._connection.execute(update(app_secrets).where(others & later).values(until=until))

    def secret_hashes(self, app_id: str, now: int) -> Sequence[str]:
        """The hashes of the secrets that are good now."""
        if not is_name(app_id):
            return []
        good = or_(app_secrets.c.until.is_(None), app_secrets.c.until > now)
        query = select(app_secrets.c.secret_hash).where(app_secrets.c.app_id == app_id, good)
        return self._connection.execute(query).scalars().all()

    def redirect_uris(self, environment: str) -> Sequence[str]:
        """The redirect URIs of all active apps."""
        query = select(app_redirects.c.uri).join(apps).where(apps.c.state == "active")
        return self._connection.execute(query.where(apps.c.environment == environment)).scalars().all()

    def _redirects(self, app_id: str) -> tuple[str, ...]:
        return tuple(self._connection.execute(_REDIRECTS, {"wanted": app_id}).scalars())

    def _write_redirects(self, app: App) -> None:
        if app.redirect_uris:
            rows = [{"app_id": app.app_id, "uri": uri} for uri in dict.fromkeys(app.redirect_uris)]
            self._connection.execute(insert(app_redirects), rows)


def _values(app: App) -> dict[str, Any]:
    return {
        "app_id": app.app_id,
        "name": app.name,
        "kind": app.kind,
        "environment": app.environment,
        "state": app.state,
        "scopes": str(app.scopes),
        "grant_length": app.grant_length,
        "backend": app.backend,
        "jwks": json.dumps(app.jwks) if app.jwks is not None else None,
        "jwks_uri": app.jwks_uri,
        "details": json.dumps(dict(app.details)),
        "owner": app.owner,
        "created_at": app.created_at,
    }


def _app(row: Row[Any], redirect_uris: tuple[str, ...]) -> App:
    return App(
        app_id=row.app_id,
        name=row.name,
        kind=row.kind,
        environment=row.environment,
        state=row.state,
        scopes=Scopes.parse(row.scopes),
        grant_length=row.grant_length,
        backend=row.backend,
        jwks=json.loads(row.jwks) if row.jwks else None,
        jwks_uri=row.jwks_uri,
        details=json.loads(row.details),
        owner=row.owner,
        created_at=row.created_at,
        redirect_uris=redirect_uris,
    )
