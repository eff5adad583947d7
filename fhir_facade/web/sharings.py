"""What the member's pages ask about grants, and the answer of the authorization server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from fhir_facade.access.scopes import Scopes
from fhir_facade.oauth import codes
from fhir_facade.oauth.server import AuthorizationServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Sharing:
    """One app that may see a member's data now. ``since`` is in seconds since 1970, ``until`` too where it ends.

    ``withheld`` are the security labels that the app must not see.
    """

    grant_id: str
    app_id: str
    app: str
    scopes: Scopes
    withheld: frozenset[str]
    since: int
    until: int | None
    once: bool


class Sharings(Protocol):
    """What the page asks about grants."""

    def of(self, patient: str) -> Sequence[Sharing]:
        """The apps that may see the member's data now, newest first."""
        ...

    def stop(self, grant_id: str) -> None:
        """End the grant and all its tokens at once."""
        ...

    def narrow(self, grant_id: str, scopes: Scopes, withheld: frozenset[str]) -> None:
        """Leave the grant and all its tokens no more than this, at once; never more than they have."""
        ...


class ServerSharings:
    """``Sharings`` on the authorization server."""

    def __init__(self, server: AuthorizationServer) -> None:
        self._server = server

    def of(self, patient: str) -> Sequence[Sharing]:
        """The apps that may see the member's data now, newest first."""
        return [
            Sharing(
                grant_id=grant.grant_id,
                app_id=app.app_id,
                app=app.name,
                scopes=grant.scopes,
                withheld=grant.withheld,
                since=grant.created_at,
                until=grant.until,
                once=grant.length == "once",
            )
            for grant, app in codes.grants_of(self._server, patient)
        ]

    def stop(self, grant_id: str) -> None:
        """End the grant and all its tokens at once."""
        codes.end_grants(self._server, [grant_id], "member")

    def narrow(self, grant_id: str, scopes: Scopes, withheld: frozenset[str]) -> None:
        """Leave the grant and all its tokens no more than this, at once; never more than they have."""
        codes.narrow_grant(self._server, grant_id, scopes, withheld)
