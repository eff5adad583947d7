"""Accounts of invented members: those a source names with a story, and one for every other member of the sandbox.

A member without a name of their own logs in with their ``Patient.id`` and a password that is derived from the sandbox's
key: the same in every process and after every restart, and worthless anywhere else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence

from argon2 import PasswordHasher

from fhir_facade.contracts.claims import NamedMember
from fhir_facade.contracts.identity import Account

PATIENT = "facade-patient"
"""Kind of evidence that names a ``Patient.id`` outright; only a sandbox believes it."""

PASSWORD_LENGTH = 12

_HASHER = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1)


def generated_password(key: bytes, patient: str) -> str:
    """The test password of a member without a story.

    Args:
        key: the sandbox's own secret.
        patient: ``Patient.id``, which is also the user name.
    """
    digest = hmac.new(key, f"sandbox password {patient}".encode(), hashlib.sha256).digest()
    return base64.b32encode(digest).decode().lower()[:PASSWORD_LENGTH]


class SandboxAccounts:
    """The ``AccountStore`` of a sandbox.

    Args:
        named: members with a story, from every source that has them.
        key: the sandbox's own secret.
        is_member: whether a ``Patient.id`` is served here.
    """

    def __init__(self, named: Sequence[NamedMember], key: bytes, is_member: Callable[[str], bool]) -> None:
        self.named = tuple(named)
        self._by_name = {member.username.casefold(): member for member in named}
        self._key = key
        self._is_member = is_member
        self._hashes: dict[str, str] = {}

    def find(self, username: str) -> Account | None:
        """The account of that user name; None when there is none."""
        member = self._by_name.get(username.casefold())
        if member is None:
            member = self._generated(username)
        if member is None:
            return None
        return Account(
            username=member.username,
            password_hash=self._hash(member),
            subject=member.username,
            evidence=member.evidence,
            story=member.story,
        )

    def _generated(self, patient: str) -> NamedMember | None:
        if not patient or not self._is_member(patient):
            return None
        password = generated_password(self._key, patient)
        return NamedMember(username=patient, password=password, story="", evidence={PATIENT: patient})

    def _hash(self, member: NamedMember) -> str:
        """Hashed once per process: the passwords stand on the front page, only the form of the check matters."""
        if member.username not in self._hashes:
            self._hashes[member.username] = _HASHER.hash(member.password)
        return self._hashes[member.username]
