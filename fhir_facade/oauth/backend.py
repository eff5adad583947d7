"""Tokens for backend services, which act without a member and see the directory alone.

Source: SMART App Launch 2.2, "Backend Services".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidScopeError, UnauthorizedClientError

from fhir_facade.access.scopes import Scopes, of_backend
from fhir_facade.oauth import issuing
from fhir_facade.oauth.mounts import Mount
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App
from fhir_facade.store.grants import Grants, StoredGrant
from fhir_facade.store.secrets import new_id

TOKEN_LIFE_S = 300


def issue(server: AuthorizationServer, mount: Mount, app: App, form: Mapping[str, str]) -> dict[str, Any]:
    """A short access token with ``system/`` scopes and no refresh token.

    Raises:
        UnauthorizedClientError: the app is no backend service.
        InvalidScopeError: nothing that it is registered for was asked for.
    """
    if not app.backend or app.kind != "asymmetric":
        raise UnauthorizedClientError("the app is not registered for client_credentials")
    scopes = of_backend(Scopes.parse(form.get("scope", "")).within(app.scopes))
    if not scopes:
        raise InvalidScopeError("no system scope that this app is registered for was asked for")
    grant = _grant(server, app, scopes)
    pair = issuing.fresh_pair(renewable=False)
    with server.store.write() as connection:
        Grants(connection).add(grant)
        issuing.recorded(server, grant, "token", "client credentials")
        access = issuing.keep(connection, server, grant, pair, grant.grant_id, scopes)
    return issuing.answer(server, mount, grant, pair, access)


def _grant(server: AuthorizationServer, app: App, scopes: Scopes) -> StoredGrant:
    now = server.clock()
    return StoredGrant(
        grant_id=new_id(),
        app_id=app.app_id,
        patient=None,
        user=None,
        scopes=scopes,
        withheld=frozenset(),
        length="backend",
        authenticated_at=None,
        created_at=now,
        used_at=now,
        until=now + TOKEN_LIFE_S,
    )
