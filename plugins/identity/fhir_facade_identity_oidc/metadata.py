"""What the provider publishes about itself: its discovery document and its keys, kept for a while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from fhir_facade.contracts.errors import LoginRejected
from fhir_facade_identity_oidc.http import ProviderHttp
from fhir_facade_identity_oidc.settings import is_safe

KEEP_S = 3600
KEYS_AGAIN_AFTER_S = 60
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class Metadata:
    """The discovery document, checked."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str
    end_session_endpoint: str
    says_iss: bool
    algorithms: tuple[str, ...]


class Discovery:
    """The provider's metadata and keys, fetched when first needed and again when they are old or a key is missing.

    Args:
        issuer: the configured issuer.
        http: the door to the provider.
        clock: seconds that only grow.
    """

    def __init__(self, issuer: str, http: ProviderHttp, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._http = http
        self._clock = clock
        self._lock = threading.Lock()
        self._metadata: tuple[float, Metadata] | None = None
        self._keys: tuple[float, KeySet] | None = None

    def metadata(self) -> Metadata:
        """The provider's metadata.

        Raises:
            IdentityUnavailable: the provider does not answer and none is kept.
            LoginRejected: the document is not this issuer's.
        """
        with self._lock:
            if self._metadata is None or self._clock() - self._metadata[0] > KEEP_S:
                document = self._http.get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
                self._metadata = self._clock(), self._checked(document)
            return self._metadata[1]

    def keys(self, key_id: str | None) -> KeySet:
        """The provider's signing keys; fetched again, once a minute at most, when ``key_id`` is not among them."""
        uri = self.metadata().jwks_uri
        with self._lock:
            if self._keys is None or self._is_stale(self._keys, key_id):
                self._keys = self._clock(), self._fetched(uri)
            return self._keys[1]

    def _is_stale(self, kept: tuple[float, KeySet], key_id: str | None) -> bool:
        age = self._clock() - kept[0]
        known = {key.kid for key in kept[1].keys}
        return age > KEEP_S or (key_id is not None and key_id not in known and age > KEYS_AGAIN_AFTER_S)

    def _fetched(self, uri: str) -> KeySet:
        document = self._http.get(uri)
        try:
            return KeySet.import_key_set({"keys": [key for key in document["keys"] if key.get("use", "sig") == "sig"]})
        except (JoseError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise LoginRejected("the provider's key set cannot be read") from error

    def _checked(self, document: dict[str, Any]) -> Metadata:
        if document.get("issuer") != self._issuer:
            raise LoginRejected(f"the discovery document names another issuer than {self._issuer}")
        endpoints = [document.get(name) for name in ENDPOINTS]
        if not all(isinstance(url, str) and is_safe(url) for url in endpoints):
            raise LoginRejected("the discovery document lacks an endpoint, or names one without https")
        algorithms = document.get("id_token_signing_alg_values_supported")
        return Metadata(
            authorization_endpoint=str(endpoints[0]),
            token_endpoint=str(endpoints[1]),
            jwks_uri=str(endpoints[2]),
            userinfo_endpoint=_optional(document, "userinfo_endpoint"),
            end_session_endpoint=_optional(document, "end_session_endpoint"),
            says_iss=document.get("authorization_response_iss_parameter_supported") is True,
            algorithms=tuple(map(str, algorithms)) if isinstance(algorithms, list) else ("RS256",),
        )


def _optional(document: dict[str, Any], name: str) -> str:
    """An endpoint that a provider may leave out; empty without it, and where it is not safe."""
    url = document.get(name)
    return url if isinstance(url, str) and is_safe(url) else ""
