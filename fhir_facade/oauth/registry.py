"""Registering apps, rotating their secrets, suspending them: what the command line, sign-up and review pages call.

Secrets are given back once, at the moment they are made; only their hashes are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from fhir_facade.access.scopes import DIRECTORY, Scopes, of_backend
from fhir_facade.contracts.errors import FacadeError
from fhir_facade.oauth import issuing, redirects
from fhir_facade.oauth.jwks import KeysUnavailable, read_keys
from fhir_facade.oauth.server import AuthorizationServer, system_clock
from fhir_facade.store import Connection, Store
from fhir_facade.store.apps import App, AppKind, Apps, GrantLength
from fhir_facade.store.grants import Grants, StoredGrant
from fhir_facade.store.secrets import hash_of, new_id, new_secret

OVERLAP_S = 7 * 24 * 3600
"""Seconds an app's former secret stays good after a new one was made."""

DEFAULT_SCOPES = "openid fhirUser profile launch/patient offline_access patient/*.rs"
BACKEND_SCOPES = " ".join(f"system/{name}.rs" for name in DIRECTORY)


class AppFault(FacadeError):
    """An app cannot be registered or changed that way; every fault is a sentence.

    ``faults`` names each of them.
    """

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("; ".join(faults))


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A new app, and its secret where it has one: the only time it is seen."""

    app: App
    secret: str | None


def register_app(
    store: Store,
    *,
    name: str,
    environment: str,
    redirect_uris: Sequence[str] = (),
    kind: AppKind = "public",
    scopes: str = DEFAULT_SCOPES,
    grant_length: GrantLength = "13-months",
    backend: bool = False,
    jwks: Mapping[str, Any] | None = None,
    jwks_uri: str | None = None,
    details: Mapping[str, Any] | None = None,
    owner: str | None = None,
    app_id: str | None = None,
) -> Registered:
    """Register an app.

    Args:
        store: where it is kept.
        name: as members read it.
        environment: ``sandbox`` or ``production``.
        redirect_uris: where its users are sent back; none for a backend service alone.
        kind: ``public``, ``confidential`` (gets a secret) or ``asymmetric`` (needs ``jwks`` or ``jwks_uri``).
        scopes: the most it may ask for.
        grant_length: ``once``, ``13-months`` or ``study``.
        backend: whether it may use client credentials.
        jwks: its public keys, inline.
        jwks_uri: where its public keys are.
        details: website, privacy_url, terms_url, support, description, attestations.
        owner: the developer's account.
        app_id: a fixed client id, for the sandbox's demo app; random without it.

    Raises:
        AppFault: something about it cannot be accepted.
    """
    app = App(
        app_id=app_id or new_id(40), name=name.strip(), kind=kind, environment=environment, owner=owner,
        scopes=_as_given(Scopes.parse(scopes)), redirect_uris=tuple(dict.fromkeys(redirect_uris)),
        grant_length=grant_length, backend=backend, jwks=jwks, jwks_uri=jwks_uri, details=details or {},
        created_at=system_clock(),
    )  # fmt: skip
    _refuse_faulty(app, scopes)
    return _added(store, app)


def _added(store: Store, app: App) -> Registered:
    """The app in the store, with a secret where its kind has one."""
    secret = new_secret() if app.kind == "confidential" else None
    with store.write() as connection:
        apps = Apps(connection)
        if apps.find(app.app_id):
            raise AppFault([f"an app with the client id {app.app_id} is registered already"])
        apps.add(app)
        if secret:
            apps.add_secret(app.app_id, hash_of(secret), app.created_at)
    return Registered(app=app, secret=secret)


def list_apps(store: Store, environment: str | None = None) -> Sequence[App]:
    """Every app, oldest first."""
    with store.read() as connection:
        return Apps(connection).all(environment)


def find_app(store: Store, name_or_id: str) -> App | None:
    """The app of that client id, or the only one of that name."""
    with store.read() as connection:
        found = Apps(connection).find(name_or_id)
        named = [app for app in Apps(connection).all() if app.name == name_or_id] if found is None else []
    return found or (named[0] if len(named) == 1 else None)


def rotate_secret(store: Store, app_id: str, *, overlap_s: int = OVERLAP_S) -> str:
    """A new secret for a confidential app; those before end after the overlap.

    Raises:
        AppFault: there is no such app, or it has no secrets.
    """
    now, secret = system_clock(), new_secret()
    with store.write() as connection:
        app = Apps(connection).find(app_id)
        if app is None or app.kind != "confidential":
            raise AppFault([f"{app_id} is no app with a secret"])
        Apps(connection).end_secrets(app_id, now + overlap_s, keep=hash_of(secret))
        Apps(connection).add_secret(app_id, hash_of(secret), now)
    return secret


def set_state(store: Store, app_id: str, state: str) -> App:
    """Make an app ``active``, ``suspended`` (its tokens stop at once, its grants stay) or ``retired`` (they end).

    Raises:
        AppFault: there is no such app or state.
    """
    with store.write() as connection:
        return put_state(connection, app_id, state)


def put_state(connection: Connection, app_id: str, state: str) -> App:
    """``set_state`` as a part of a larger transaction.

    Raises:
        AppFault: there is no such app or state.
    """
    if state not in {"active", "suspended", "retired"}:
        raise AppFault(["the state must be active, suspended or retired"])
    app = Apps(connection).find(app_id)
    if app is None or (app.state == "retired" and state != "retired"):
        raise AppFault([f"there is no app {app_id}, or it was retired for good"])
    changed = replace(app, state=state)
    Apps(connection).change(changed)
    if state == "retired":
        now = system_clock()
        open_ones = [g.grant_id for g in Grants(connection).good(now, app_id=app_id)]
        Grants(connection).end(open_ones, now, "operator")
    return changed


def change_app(store: Store, app: App) -> App:
    """Keep a changed registration of a known app: its name, addresses, keys, scopes and details.

    Raises:
        AppFault: there is no such app, or something about it cannot be accepted.
    """
    _refuse_faulty(app, str(app.scopes))
    with store.write() as connection:
        if Apps(connection).find(app.app_id) is None:
            raise AppFault([f"there is no app {app.app_id}"])
        Apps(connection).change(app)
    return app


def mint_token(server: AuthorizationServer, app: App, *, patient: str, scopes: str = "patient/*.rs") -> str:
    """An access token without log-in and consent, to try the sandbox with.

    Raises:
        AppFault: this is not the sandbox, or the app may not have those scopes.
    """
    granted = Scopes.parse(scopes).within(app.scopes)
    if server.environment != "sandbox" or app.environment != "sandbox":
        raise AppFault(["tokens without a log-in exist in the sandbox only"])
    if not granted:
        raise AppFault([f"{app.name} is not registered for any of these scopes: {scopes}"])
    now, pair = server.clock(), issuing.fresh_pair(renewable=False)
    grant = StoredGrant(
        grant_id=new_id(),
        app_id=app.app_id,
        patient=patient,
        user=f"Patient/{patient}",
        scopes=granted,
        withheld=frozenset(),
        length="once",
        authenticated_at=now,
        created_at=now,
        used_at=now,
        until=now + server.settings.access_token_s,
    )
    with server.store.write() as connection:
        Grants(connection).add(grant)
        issuing.recorded(server, grant, "token", "minted by operator")
        issuing.keep(connection, server, grant, pair, grant.grant_id, granted)
    return pair.access


def _as_given(scopes: Scopes) -> Scopes:
    """The scopes with ``system/*`` spelled out, so that a registration says what a backend service can be given."""
    members = Scopes(tuple(one for one in scopes.items if isinstance(one, str) or one.context != "system"))
    return Scopes(members.items + of_backend(scopes).items)


def _refuse_faulty(app: App, scopes: str) -> None:
    faults = [f"redirect URI {uri}: {fault}" for uri in app.redirect_uris if (fault := redirects.fault(uri))]
    faults += [f"scope {word} is not known" for word in scopes.split() if not Scopes.parse(word)]
    faults += [
        f"scope {word} opens nothing: a backend service can read and search {' and '.join(DIRECTORY)}, no member's data"
        for word in scopes.split()
        if Scopes.parse(word).has_context("system") and not of_backend(Scopes.parse(word))
    ]
    if not app.name or len(app.name) > 200 or not app.name.isprintable():
        faults.append("the name must be 1 to 200 printable characters")
    if app.environment not in {"sandbox", "production"}:
        faults.append("the environment must be sandbox or production")
    if not app.redirect_uris and not app.backend:
        faults.append("at least one redirect URI is needed")
    faults += _key_faults(app)
    if faults:
        raise AppFault(faults)


def _key_faults(app: App) -> list[str]:
    if app.kind != "asymmetric":
        wants_keys = app.jwks is not None or app.jwks_uri is not None or app.backend
        return ["keys and client credentials are for apps of kind asymmetric"] if wants_keys else []
    if (app.jwks is None) == (app.jwks_uri is None):
        return ["an asymmetric app needs either jwks or jwks_uri"]
    if app.jwks_uri is not None:
        return [f"jwks_uri {fault}"] if (fault := redirects.fault(app.jwks_uri)) else []
    try:
        keys = read_keys(app.jwks)
    except KeysUnavailable as error:
        return [str(error)]
    return [] if keys and all(key.kid for key in keys) else ["the JWK set needs an RSA or EC key, each with a kid"]
