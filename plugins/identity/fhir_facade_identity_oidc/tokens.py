"""Proving to the provider who we are, and checking what it signed."""

from __future__ import annotations

import secrets
import time
from typing import Any, TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import import_key
from joserfc.jws import extract_compact

from fhir_facade.contracts.errors import ConfigError, LoginRejected
from fhir_facade_identity_oidc.metadata import Discovery
from fhir_facade_identity_oidc.settings import OidcSettings

SIGNED_WITH = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
"""Signatures that are believed: asymmetric ones; never ``none``, never a shared secret."""

SKEW_S = 120
ASSERTION_S = 120
LAST_INSTANT = 2**37
"""Seconds since 1970, some four thousand years on."""


class ClientAssertion:
    """Signs ``private_key_jwt`` assertions (RFC 7523).

    Args:
        settings: with a ``private_key``.

    Raises:
        ConfigError: the key cannot be read.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        try:
            pem = settings.private_key.reveal() if settings.private_key else ""
            kind = "EC" if "EC PRIVATE KEY" in pem else "RSA"
            self._key = _any_key(pem, kind)
        except (JoseError, ValueError, TypeError) as error:
            raise ConfigError(["identity.oidc.private_key: is no private RSA or EC key in PEM"]) from error
        self._algorithm = {"RSA": "RS256", "P-256": "ES256", "P-384": "ES384"}[_family(self._key)]

    def sign(self, audience: str) -> str:
        """A fresh assertion for that audience."""
        now = int(time.time())
        header = {"alg": self._algorithm}
        if self._settings.private_key_id:
            header["kid"] = self._settings.private_key_id
        claims = {
            "iss": self._settings.client_id,
            "sub": self._settings.client_id,
            "aud": audience,
            "jti": secrets.token_urlsafe(24),
            "iat": now,
            "exp": now + ASSERTION_S,
        }
        return jwt.encode(header, claims, self._key, algorithms=[self._algorithm])


def _any_key(pem: str, kind: str) -> Any:
    try:
        return import_key(pem, kind)  # type: ignore[call-overload]
    except (JoseError, ValueError, TypeError):
        return import_key(pem, "EC" if kind == "RSA" else "RSA")


def _family(key: Any) -> str:
    return "RSA" if key.key_type == "RSA" else str(key.curve_name)


def verified_claims(token: str, discovery: Discovery, settings: OidcSettings, nonce: str) -> dict[str, Any]:
    """The claims of an id_token that is this provider's, for us, for this attempt, and fresh.

    Raises:
        LoginRejected: it is not.
        IdentityUnavailable: the provider's keys cannot be fetched.

    Source: OpenID Connect Core 1.0 section 3.1.3.7.
    """
    allowed = sorted(SIGNED_WITH & set(discovery.metadata().algorithms)) or ["RS256"]
    try:
        header = extract_compact(token.encode()).headers()
        claims = jwt.decode(token, discovery.keys(header.get("kid")), algorithms=allowed).claims
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise LoginRejected(f"the id_token cannot be verified ({type(error).__name__})") from error
    fault = _fault(claims, settings, nonce, time.time())
    if fault:
        raise LoginRejected(fault)
    return dict(claims)


def _fault(claims: dict[str, Any], settings: OidcSettings, nonce: str, now: float) -> str | None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != settings.issuer:
        return "the id_token is another issuer's"
    if settings.client_id not in audiences:
        return "the id_token is for another client"
    if (len(audiences) > 1 or "azp" in claims) and claims.get("azp") != settings.client_id:
        return "the id_token was made for another party"
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        return "the id_token belongs to another attempt"
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        return "the id_token has no subject"
    return _time_fault(claims, now)


def is_instant(value: Any) -> TypeGuard[float]:
    """Whether a claim is a time: JSON also has numbers that are none, and ones no calendar reaches."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LAST_INSTANT


def _time_fault(claims: dict[str, Any], now: float) -> str | None:
    expires, issued = claims.get("exp"), claims.get("iat")
    if not is_instant(expires) or not is_instant(issued):
        return "the id_token has no times"
    if now > expires + SKEW_S:
        return "the id_token has expired; compare the clocks"
    if issued > now + SKEW_S:
        return "the id_token comes from the future; compare the clocks"
    return None
