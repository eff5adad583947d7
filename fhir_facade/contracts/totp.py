"""One-time codes of authenticator apps.

Source: RFC 6238 with the parameters every app knows: SHA-1, six digits, thirty seconds.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

STEP_S = 30
DIGITS = 6
DRIFT_STEPS = 1


def new_secret() -> str:
    """160 random bits in base32."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def code_at(secret: str, step: int) -> str:
    """The code of a time step."""
    digest = hmac.digest(base64.b32decode(secret), step.to_bytes(8, "big"), hashlib.sha1)
    offset = digest[-1] & 15
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching_step(secret: str, typed: str, now: int) -> int | None:
    """The time step whose code was typed, one step early or late at most; None for a wrong code.

    Args:
        secret: as ``new_secret`` made it.
        typed: the code, blanks anywhere.
        now: seconds since 1970.
    """
    code = "".join(typed.split())
    found = None
    for step in range(now // STEP_S - DRIFT_STEPS, now // STEP_S + DRIFT_STEPS + 1):
        if hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            found = step
    return found


def grouped(secret: str) -> str:
    """The secret in groups of four, as people type it."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
