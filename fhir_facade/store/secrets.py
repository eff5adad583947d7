"""Random secrets, and the only form in which they are kept.

A secret of 256 random bits needs no salt and no slow hash: there is nothing to guess. Passwords are another matter and
never come here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string

_NAME = re.compile(r"[A-Za-z0-9._~-]{1,200}")
_ALPHANUMERIC = string.ascii_letters + string.digits


def new_secret() -> str:
    """256 random bits, 43 URL-safe characters."""
    return secrets.token_urlsafe(32)


def new_id(length: int = 22) -> str:
    """A random name of letters and digits; not a secret."""
    return "".join(secrets.choice(_ALPHANUMERIC) for _ in range(length))


def is_name(text: str) -> bool:
    """Whether a text that somebody sent can be one of our names at all; others are never looked up."""
    return _NAME.fullmatch(text) is not None


def hash_of(secret: str) -> str:
    """SHA-256 of a secret as 64 hex digits; any text, also one with characters that no secret of ours has."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def same(one: str, other: str) -> bool:
    """Whether two texts are equal, in a time that tells nothing about where they differ."""
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode("utf-8", "surrogatepass"))
