"""Passwords: argon2id, one cost for known and unknown user names, and rules for new ones."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from fhir_facade.contracts.errors import LoginRejected

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
        """Whether this is the password; without an account the same work is done for nothing.

        Raises:
            LoginRejected: the stored hash is damaged.
        """
        try:
            right = self._hasher.verify(password_hash or self._decoy, typed if len(typed) <= LONGEST else "")
        except InvalidHashError as error:
            raise LoginRejected("the stored password hash of an account is damaged") from error
        except VerificationError:
            return False
        return right and password_hash is not None


def fault_of(username: str, password: str, shortest: int) -> str | None:
    """Why a user name and password cannot make an account; None when they can."""
    if not 3 <= len(username) <= 100 or not username.isprintable():
        return "The user name must have 3 to 100 characters."
    if not shortest <= len(password) <= LONGEST:
        return "The password must have {shortest} to {longest} characters."
    if username.casefold() in password.casefold():
        return "The password must not contain the user name."
    return None
