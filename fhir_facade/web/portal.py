"""The member's own log-in, without an app: a visit that leads to *Who can see my information* instead of to consent."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from fhir_facade.access.scopes import Scopes
from fhir_facade.contracts.errors import LoginRejected
from fhir_facade.login.keys import LoginKeys
from fhir_facade.login.ports import AppCard, AppRequest, AppRequests, Decision

PREFIX = "me-"
BEGIN_WITHIN_S = 1800


def is_portal(visit_id: str) -> bool:
    """Whether a visit is the member's own."""
    return visit_id.startswith(PREFIX)


class PortalRequests:
    """The apps' requests, and beside them the member's own visits, which are bound to the browser by their name.

    Args:
        apps: requests of apps.
        keys: secrets of the log-in.
        home: absolute URL of the front page.
        name: what the log-in pages call the portal (the agency's name).
        clock: seconds since 1970.
    """

    def __init__(self, apps: AppRequests, keys: LoginKeys, home: str, name: str, clock: Callable[[], int]) -> None:
        self._apps = apps
        self._keys = keys
        self.home = home
        self._name = name
        self._clock = clock

    def new_visit(self, browser: str) -> str:
        """The name of a fresh visit of this browser."""
        started = f"{self._clock():x}-{secrets.token_hex(16)}"
        return f"{PREFIX}{started}-{self._keys.derive('member visit', f'{started} {browser}')}"

    def waiting(self, authorization_id: str, browser: str | None) -> AppRequest | None:
        """The request of that name, if this browser started it."""
        if not is_portal(authorization_id):
            return self._apps.waiting(authorization_id, browser)
        if not browser or not self._is_genuine(authorization_id, browser):
            return None
        return AppRequest(
            authorization_id=authorization_id,
            app=AppCard(app_id="", name=self._name),
            scopes=Scopes(),
            once=True,
            ends=None,
            returns_to=self.home,
        )

    def allow(self, request: AppRequest, decision: Decision) -> str:
        """As the apps' requests; the member's own visit grants nothing to anybody.

        Raises:
            LoginRejected: there is no app to allow.
        """
        if is_portal(request.authorization_id):
            raise LoginRejected("a member's own visit cannot be granted to an app")
        return self._apps.allow(request, decision)

    def refuse(self, request: AppRequest) -> str:
        """Back to the app, or to the front page."""
        return self.home if is_portal(request.authorization_id) else self._apps.refuse(request)

    def _is_genuine(self, visit_id: str, browser: str) -> bool:
        when, _, rest = visit_id.removeprefix(PREFIX).partition("-")
        chance, _, proof = rest.partition("-")
        if not self._keys.proves(proof, "member visit", f"{when}-{chance} {browser}"):
            return False
        return self._clock() - int(when, 16) < BEGIN_WITHIN_S
