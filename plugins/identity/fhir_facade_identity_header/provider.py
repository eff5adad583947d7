"""The signed-header log-in: the browser takes a turn through the proxy, which adds its assertion."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeGuard
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError

from fhir_facade.contracts.errors import ConfigError, LoginDenied, LoginRejected
from fhir_facade.contracts.identity import Answer, Assurance, Attempt, RedirectTo, VerifiedIdentity
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade_identity_header.keys import SIGNED_WITH, KeyFile
from fhir_facade_identity_header.settings import HeaderSettings

LONGEST = 16_384
SKEW_S = 30
LAST_INSTANT = 2**37
"""Seconds since 1970, some four thousand years on."""


def open_provider(settings: HeaderSettings, context: IdentityContext) -> HeaderProvider:
    """The provider.

    Raises:
        ConfigError: settings that cannot work, or keys that cannot be read; every fault at once.
    """
    del context
    provider = HeaderProvider(settings)
    faults = [*settings.faults(), *provider.check()]
    if faults:
        raise ConfigError(faults)
    return provider


class HeaderProvider:
    """Log-in by a proxy's signed assertion.

    Args:
        settings: checked settings.
    """

    def __init__(self, settings: HeaderSettings) -> None:
        self._settings = settings
        self._keys = KeyFile(settings.keys)

    @property
    def headers(self) -> Sequence[str]:
        """The one header this log-in reads."""
        return (self._settings.header,)

    def begin(self, attempt: Attempt) -> RedirectTo:
        """Send the browser to the callback, which the proxy guards; remember when."""
        query = urlencode({"state": attempt.state})
        return RedirectTo(url=f"{attempt.callback_url}?{query}", memory={"begun": str(int(time.time()))})

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        """Check the assertion that the proxy added.

        Raises:
            LoginDenied: the proxy let the browser pass without an assertion: nobody is logged in there.
            LoginRejected: the assertion cannot be trusted.
        """
        if answer.parameters.get("state") != attempt.state:
            raise LoginRejected("the answer belongs to another attempt")
        seen = {name.lower(): value for name, value in answer.headers.items()}
        assertion = seen.get(self._settings.header.lower(), "")
        if not assertion:
            raise LoginDenied("the proxy sent no assertion; does the request pass through it?")
        claims = self._verified(assertion)
        fault = _fault(claims, self._settings, attempt, time.time())
        if fault:
            raise LoginRejected(fault)
        return VerifiedIdentity(
            issuer=self._settings.issuer,
            subject=str(claims["sub"]),
            nonce=attempt.nonce,
            authenticated_at=datetime.fromtimestamp(claims["iat"], UTC),
            assurance=Assurance(ial=self._settings.ial, aal=self._settings.aal, acr=str(claims.get("acr", ""))),
            evidence=_evidence(claims, self._settings.claims),
            proofing=f"proxy {self._settings.issuer}",
        )

    def check(self) -> Sequence[str]:
        """Whether the key file can be used."""
        try:
            self._keys.keys()
        except LoginRejected as error:
            return (f"identity.header.keys: {error}; put the proxy's public keys into {self._settings.keys}",)
        return ()

    def close(self) -> None:
        """Nothing to give back."""

    def _verified(self, assertion: str) -> dict[str, Any]:
        if len(assertion) > LONGEST:
            raise LoginRejected("the assertion is larger than any assertion is")
        try:
            return dict(jwt.decode(assertion, self._keys.keys(), algorithms=SIGNED_WITH).claims)
        except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
            raise LoginRejected(f"the assertion cannot be verified ({type(error).__name__})") from error


def _fault(claims: Mapping[str, Any], settings: HeaderSettings, attempt: Attempt, now: float) -> str | None:
    audience = claims.get("aud")
    issued, expires = claims.get("iat"), claims.get("exp")
    if claims.get("iss") != settings.issuer:
        return "the assertion is another issuer's"
    if settings.audience not in (audience if isinstance(audience, list) else [audience]):
        return "the assertion is for another audience"
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        return "the assertion has no subject"
    if not _is_instant(issued) or not _is_instant(expires):
        return "the assertion has no times"
    if now > expires + SKEW_S or issued > now + SKEW_S or expires - issued > settings.life_s:
        return "the assertion is over, lives too long, or comes from the future; compare the clocks"
    if issued < int(attempt.memory["begun"]) - SKEW_S:
        return "the assertion is older than the log-in"
    return None


def _is_instant(value: Any) -> TypeGuard[float]:
    """Whether a claim is a time: JSON also has numbers that are none, and ones no calendar reaches."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < LAST_INSTANT


def _evidence(claims: Mapping[str, Any], kinds: Mapping[str, str]) -> dict[str, str]:
    found = {kind: claims.get(claim) for claim, kind in kinds.items()}
    return {
        kind: str(value).strip()
        for kind, value in found.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip()
    }
