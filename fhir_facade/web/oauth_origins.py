"""Which web pages of other origins may call: any for public documents, those of registered apps for everything else.

Source: SMART App Launch 2.2, "Considerations for Cross-Origin Resource Sharing (CORS) support".
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from flask import Response, request

from fhir_facade.oauth.redirects import origin_of
from fhir_facade.store import Store, StoreUnavailable
from fhir_facade.store.apps import Apps

LOOK_AGAIN_S = 10.0
UNKNOWN_AGAIN_S = 1.0
_HEADERS = "Authorization, Content-Type, Accept, Prefer, If-None-Match, X-Request-Id"
_EXPOSED = (
    "ETag, Location, Last-Modified, Retry-After, WWW-Authenticate, X-Request-Id, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
)


class Origins:
    """The origins of registered apps' redirect URIs, and those the operator allows besides.

    Args:
        store: where apps live; looked at again every ten seconds, and sooner for an origin not seen before.
        environment: whose apps count.
        always: origins from the config.
    """

    def __init__(self, store: Store, environment: str, always: Sequence[str] = ()) -> None:
        self._store = store
        self._environment = environment
        self._always = frozenset(always)
        self._looked = -LOOK_AGAIN_S
        self._known = self._always

    def registered(self, origin: str) -> bool:
        """Whether an app of that origin may call."""
        age = time.monotonic() - self._looked
        if age >= LOOK_AGAIN_S or (origin not in self._known and age >= UNKNOWN_AGAIN_S):
            self._look()
        return origin in self._known

    def _look(self) -> None:
        self._looked = time.monotonic()
        try:
            with self._store.read() as connection:
                uris = Apps(connection).redirect_uris(self._environment)
        except StoreUnavailable:
            return  # what was known stays; whoever asks for data is told that the store is down
        self._known = frozenset(found for uri in uris if (found := origin_of(uri))) | self._always

    def allow(self, response: Response, *, registered_only: bool) -> Response:
        """Let the calling page read the answer, if it may."""
        origin = request.headers.get("Origin")
        if not registered_only:
            response.headers["Access-Control-Allow-Origin"] = "*"
        elif origin:
            response.headers.add("Vary", "Origin")
            if self.registered(origin):
                response.headers["Access-Control-Allow-Origin"] = origin
        if "Access-Control-Allow-Origin" in response.headers:
            response.headers["Access-Control-Expose-Headers"] = _EXPOSED
        return response

    def preflight(self, *, registered_only: bool) -> Response:
        """The answer to a browser that asks before it calls."""
        response = self.allow(Response(status=204), registered_only=registered_only)
        if "Access-Control-Allow-Origin" in response.headers:
            response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
            response.headers["Access-Control-Allow-Headers"] = _HEADERS
            response.headers["Access-Control-Max-Age"] = "600"
        return response
