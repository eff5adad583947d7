"""The app's request and the member's decision, handed to and fro between the log-in and the authorization server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from fhir_facade.access.scopes import Scopes
from fhir_facade.login.ports import AppCard, AppRequest, Decision
from fhir_facade.oauth import codes
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App
from fhir_facade.store.authorizations import Authorization


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest(AppRequest):
    """An ``AppRequest`` that remembers the authorization it shows."""

    authorization: Authorization


class ServerRequests:
    """The log-in's ``AppRequests``, on the authorization server.

    Args:
        server: keeps the requests and issues the codes.
    """

    def __init__(self, server: AuthorizationServer) -> None:
        self._server = server

    def waiting(self, authorization_id: str, browser: str | None) -> AppRequest | None:
        """The request, if it waits and this browser started it.

        Raises:
            LoginRejected: the app's access was ended meanwhile.
        """
        pending = codes.pending(self._server, authorization_id, browser)
        if pending is None:
            return None
        app = codes.app_of(self._server, pending)
        ends = codes.ends(self._server, app, self._server.clock())
        return PendingRequest(
            authorization_id=authorization_id,
            app=_card(app),
            scopes=Scopes.parse(pending.scope),
            once=app.grant_length == "once",
            ends=datetime.fromtimestamp(ends, UTC) if ends else None,
            returns_to=pending.redirect_uri,
            authorization=pending,
        )

    def allow(self, request: AppRequest, decision: Decision) -> str:
        """Record the yes; the app's redirect URL with its code.

        Raises:
            LoginRejected: the request is over, or the app's access was ended.
        """
        return codes.issue(
            self._server,
            _authorization(request),
            patient=decision.patient,
            user=decision.user,
            scopes=decision.scopes,
            withheld=decision.withheld,
            authenticated_at=decision.authenticated_at,
        )

    def refuse(self, request: AppRequest) -> str:
        """Record the no; the app's redirect URL with ``access_denied``.

        Raises:
            LoginRejected: the request is over.
        """
        return codes.refuse(self._server, _authorization(request))


def _authorization(request: AppRequest) -> Authorization:
    if not isinstance(request, PendingRequest):
        msg = "the request did not come from this authorization server"
        raise TypeError(msg)
    return request.authorization


def _card(app: App) -> AppCard:
    texts = {name: str(app.details.get(name) or "") for name in ("website", "privacy_url", "terms_url", "support")}
    return AppCard(app_id=app.app_id, name=app.name, attested=bool(app.details.get("attestations")), **texts)
