"""The bearer token: one that stands in the settings, or one asked for and kept until it runs out.

Source: SMART App Launch 2.2, Backend Services; RFC 7523 §2.2 (client assertion).
"""

from __future__ import annotations

import json
import secrets
import threading
import time
from typing import Any, Protocol

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade_claims_fhir.settings import BackendServices, FhirSettings

_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_LIVES_S = 240
_EARLY_S = 30
_SHORTEST_S = 60


class Tokens(Protocol):
    """Where the bearer token comes from."""

    def current(self) -> str:
        """A token that should be good now."""
        ...

    def forget(self, token: str) -> bool:
        """The upstream refused ``token``; whether another can be had."""
        ...


class StaticToken:
    """One token for ever.

    Args:
        token: as the upstream gave it.
    """

    def __init__(self, token: str) -> None:
        self._token = token

    def current(self) -> str:
        """The token."""
        return self._token

    def forget(self, token: str) -> bool:
        """There is no other."""
        del token
        return False


class BackendToken:
    """Tokens by SMART backend services.

    Args:
        settings: client and key.
        timeouts: seconds to connect and to wait.

    Raises:
        ConfigError: the key cannot be read, or does not fit the algorithm.
    """

    def __init__(self, settings: BackendServices, timeouts: tuple[int, int]) -> None:
        self._settings = settings
        self._timeouts = timeouts
        self._key = _key(settings)
        self._lock = threading.Lock()
        self._token: str | None = None
        self._until = 0.0

    def current(self) -> str:
        """The token, a new one where the old runs out."""
        with self._lock:
            if self._token is None or time.monotonic() >= self._until:
                self._token, lives = self._ask()
                self._until = time.monotonic() + lives
            return self._token

    def forget(self, token: str) -> bool:
        """Ask for another next time."""
        with self._lock:
            if self._token == token:
                self._token = None
        return True

    def _ask(self) -> tuple[str, float]:
        form = {
            "grant_type": "client_credentials",
            "scope": self._settings.scope,
            "client_assertion_type": _ASSERTION,
            "client_assertion": self._assertion(),
        }
        try:
            response = requests.post(
                self._settings.token_url,
                data=form,
                headers={"Accept": "application/json"},
                timeout=self._timeouts,
                allow_redirects=False,
            )
            answer = json.loads(response.content) if response.status_code == 200 else {}
        except (requests.RequestException, ValueError) as error:
            raise ClaimsUnavailable(f"no token from the upstream: {type(error).__name__}") from error
        return _granted(answer, response.status_code)

    def _assertion(self) -> str:
        now = int(time.time())
        who, algorithm = self._settings.client_id, self._settings.algorithm
        claims = {
            "iss": who,
            "sub": who,
            "aud": self._settings.token_url,
            "exp": now + _ASSERTION_LIVES_S,
            "iat": now,
            "jti": secrets.token_urlsafe(24),
        }
        header = {"alg": algorithm, "typ": "JWT"} | ({"kid": self._settings.key_id} if self._settings.key_id else {})
        return jwt.encode(header, claims, self._key, algorithms=[algorithm])


def _granted(answer: Any, status: int) -> tuple[str, float]:
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token.isascii() or not token.isprintable() or not token:
        raise ClaimsUnavailable(f"no token from the upstream: its token endpoint answered {status}")
    lives = answer.get("expires_in", _SHORTEST_S)
    return token, max(1.0, float(lives) - _EARLY_S) if isinstance(lives, (int, float)) else 1.0


def _key(settings: BackendServices) -> RSAKey | ECKey:
    kind = RSAKey if settings.algorithm == "RS384" else ECKey
    try:
        key = kind.import_key(settings.private_key.reveal())
    except (ValueError, TypeError, JoseError) as error:
        fault = f"claims.fhir.backend.private_key: is no private key (PEM) for {settings.algorithm}"
        raise ConfigError([fault]) from error
    if not key.is_private:
        raise ConfigError(["claims.fhir.backend.private_key: is a public key; the private one is needed"])
    return key


def tokens_of(settings: FhirSettings) -> Tokens:
    """Where tokens come from, as the settings say.

    Raises:
        ConfigError: see ``BackendToken``.
    """
    if settings.backend is not None:
        return BackendToken(settings.backend, (settings.connect_timeout_s, settings.timeout_s))
    return StaticToken(settings.token.reveal() if settings.token is not None else "")
