"""Where the authorization server is mounted, and what each mount tolerates.

The one at ``/oauth`` is strict. Those at ``/v1``, ``/v2`` and ``/v3`` exist so that CMS's published Blue Button client
libraries work unmodified; what those do differently from the standard is listed here and nowhere else. No tolerance
touches whose data is served.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Tolerance(StrEnum):
    """What the compatibility mounts put up with, in words."""

    PADDED_PKCE = "challenge and verifier may end in ="
    NO_SCOPE = "without scope, the app's registered scopes are asked for"
    NO_AUDIENCE = "without aud, our own FHIR base is meant"
    ANY_SECRET_PLACE = "the client id may stand in the body beside Basic credentials"  # noqa: S105 - a sentence
    STALE_BEARER = "a leftover bearer token on the token endpoint is not looked at"
    MULTIPART = "token requests may be multipart/form-data"
    LAST_WINS = "of a repeated parameter the last value counts"
    REFRESH_BY_REGISTRATION = "a refresh token comes without offline_access"


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount: its path prefix (empty for the strict one) and its tolerances."""

    prefix: str
    tolerances: frozenset[Tolerance] = frozenset()

    def tolerates(self, tolerance: Tolerance) -> bool:
        """Whether it puts up with that."""
        return tolerance in self.tolerances

    @property
    def is_strict(self) -> bool:
        """Whether it is the one that follows SMART alone."""
        return not self.tolerances

    @property
    def paths(self) -> dict[str, tuple[str, ...]]:
        """The paths of each endpoint; the first one is the one that is told."""
        if self.is_strict:
            return {name: (f"/oauth/{name}",) for name in ("authorize", "token", "revoke", "introspect", "userinfo")}
        return {
            name: tuple(self.prefix + path for path in (told, told.rstrip("/"), f"{told.rstrip('/')}/"))
            for name, told in _BLUE_BUTTON_PATHS.items()
        }

    @property
    def token_path(self) -> str:
        """Path of its token endpoint."""
        return self.paths["token"][0]


_BLUE_BUTTON_PATHS = {
    "authorize": "/o/authorize/",
    "token": "/o/token/",
    "revoke": "/o/revoke_token/",
    "end": "/o/revoke/",
    "introspect": "/o/introspect/",
    "userinfo": "/connect/userinfo",
}

STRICT = Mount("")
COMPATIBLE = tuple(Mount(prefix, frozenset(Tolerance)) for prefix in ("/v1", "/v2", "/v3"))
