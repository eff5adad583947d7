"""Passwords of accounts: argon2id, one cost for known and unknown addresses, rules for new ones.

Source: NIST 800-63B section 3.1.1: length decides, no composition rules, no password that names its owner.
"""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST = 12
LONGEST = 256


class Passwords:
    """Hashes and checks passwords.

    Args:
        hasher: argon2id with its cost; the library's recommended one if absent.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._decoy = self._hasher.hash(secrets.token_hex(16))

    def hash(self, password: str) -> str:
        """An argon2id string."""
        return self._hasher.hash(password)

    def fits(self, password_hash: str | None, typed: str) -> bool:
        """Whether this is the password; without an account the same work is done for nothing."""
        try:
            right = self._hasher.verify(password_hash or self._decoy, typed if len(typed) <= LONGEST else "")
        except (InvalidHashError, VerificationError):
            return False
        return right and password_hash is not None


def fault_of(email: str, password: str) -> str | None:
    """The message of what is wrong with a new password; None when it is good."""
    if not SHORTEST <= len(password) <= LONGEST:
        return "fault.password_length"
    name = email.partition("@")[0].casefold()
    if len(name) > 2 and name in password.casefold():
        return "fault.password_contains"
    return "fault.password_plain" if len(set(password)) < 5 else None
