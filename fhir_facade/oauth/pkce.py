"""Proof Key for Code Exchange, S256 only.

Source: RFC 7636; SMART App Launch 2.2 requires S256 and forbids ``plain``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from fhir_facade.oauth.mounts import Mount, Tolerance
from fhir_facade.store.secrets import same

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(parameters: Mapping[str, str], mount: Mount) -> str:
    """The challenge of an authorization request.

    Raises:
        InvalidRequestError: it is missing, malformed, or its method is not S256.
    """
    challenge = parameters.get("code_challenge", "")
    if mount.tolerates(Tolerance.PADDED_PKCE):
        challenge = challenge.rstrip("=")
    if parameters.get("code_challenge_method") != "S256" or _CHALLENGE.fullmatch(challenge) is None:
        raise InvalidRequestError("code_challenge of 43 characters and code_challenge_method=S256 are required")
    return challenge


def prove(verifier: str, challenge: str, mount: Mount) -> None:
    """Check the verifier of a token request against the challenge.

    Raises:
        InvalidGrantError: it does not fit.
    """
    shape = verifier.rstrip("=") if mount.tolerates(Tolerance.PADDED_PKCE) else verifier
    if _VERIFIER.fullmatch(shape) is None or len(verifier) > 128:
        raise InvalidGrantError("code_verifier is missing or malformed")
    computed = str(create_s256_code_challenge(verifier))  # type: ignore[no-untyped-call]
    if not same(computed, challenge):
        raise InvalidGrantError("code_verifier does not fit the challenge")
