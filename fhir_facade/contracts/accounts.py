"""Accounts that the facade keeps for a log-in plugin: credentials, locks, invitations. Plugins see no database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from fhir_facade.contracts.identity import Account, AccountStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """One WebAuthn credential. Id and public key are base64url; ``uses`` is its signature counter."""

    credential_id: str
    public_key: str
    uses: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAccount:
    """One account of the ``local`` log-in.

    ``account`` holds user name, argon2id hash, subject and evidence; ``totp`` is the base32 secret of an authenticator
    app, absent without one; ``proofing`` says how and by whom the identity was proofed, ``ial`` how sure that is;
    ``locked_until`` is in seconds since 1970, 0 for not locked.
    """

    account: Account
    totp: str | None = None
    passkeys: tuple[Passkey, ...] = ()
    proofing: str = ""
    ial: int = 0
    locked_until: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation to make an account, given out by the agency once it has proofed the person.

    ``subject`` is filled where it replaces the credentials of an account that exists (recovery).
    """

    evidence: Mapping[str, str] = field(default_factory=dict)
    proofing: str = ""
    ial: int = 0
    subject: str | None = None


@runtime_checkable
class KeptAccounts(AccountStore, Protocol):
    """Accounts of the ``local`` log-in; user names compare without regard to case.

    Every method is one transaction. Instants are seconds since 1970.
    """

    def details(self, username: str) -> KeptAccount | None:
        """The account of that user name with its second factors."""
        ...

    def by_subject(self, subject: str) -> KeptAccount | None:
        """The account of that subject."""
        ...

    def failed(self, subject: str, now: int, limit: int, lock_s: int) -> None:
        """Count a wrong credential; the ``limit``-th in a row locks the account for ``lock_s`` seconds.

        Call it with an empty ``subject`` where nobody has that name, so that the time tells nothing.
        """
        ...

    def succeeded(self, subject: str) -> None:
        """Forget the wrong credentials before this good one."""
        ...

    def use_code(self, subject: str, step: int) -> bool:
        """Spend a one-time code of that time step; false when this or a later one was spent before."""
        ...

    def use_passkey(self, credential_id: str, uses: int) -> bool:
        """Raise a passkey's signature counter; false when it does not grow (a copied authenticator)."""
        ...

    def invitation(self, code: str, now: int) -> Invitation | None:
        """The invitation of that code, while it may be accepted."""
        ...

    def accept(self, code: str, username: str, password_hash: str, now: int) -> KeptAccount | None:
        """Spend an invitation and make its account, or give an account that exists its new credentials.

        None when the code is spent or over, or the user name is taken.
        """
        ...

    def set_totp(self, subject: str, secret: str) -> None:
        """Give an account an authenticator app."""
        ...

    def add_passkey(self, subject: str, passkey: Passkey) -> None:
        """Give an account a passkey."""
        ...

    def names(self) -> Sequence[str]:
        """Every user name."""
        ...
