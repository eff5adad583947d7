"""The sandbox log-in: asks for user name and password, verifies the password against the account's argon2id hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from fhir_facade.contracts.errors import ConfigError, LoginDenied, LoginRejected
from fhir_facade.contracts.identity import (
    Account,
    AccountStore,
    Answer,
    AskFor,
    Assurance,
    Attempt,
    Field,
    VerifiedIdentity,
)
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.contracts.settings import setting

WRONG = "The user name or password is wrong"
"""One answer for an unknown user and a wrong password."""

LONGEST_PASSWORD = 1024
"""Longer passwords are wrong without hashing them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxSettings:
    """``[identity.sandbox]``: the assurance that the sandbox pretends to, so that stricter rules can be tried."""

    ial: int = setting("Identity assurance level that every test log-in claims, 0–3", default=2)
    aal: int = setting("Authenticator assurance level that every test log-in claims, 0–3", default=2)


def open_provider(settings: SandboxSettings, context: IdentityContext) -> SandboxProvider:
    """The provider.

    Raises:
        ConfigError: in production, without accounts, or with a level out of range; every fault at once.
    """
    faults = [
        f"identity.sandbox.{name}: must be 0–3, not {level}"
        for name, level in (("ial", settings.ial), ("aal", settings.aal))
        if not 0 <= level <= 3
    ]
    if context.production:
        faults.append(
            "identity.provider: the sandbox log-in is refused in production; name another provider,"
            ' or set server.environment = "sandbox" where only invented members are served'
        )
    if context.accounts is None:
        faults.append("identity.provider: the sandbox log-in needs the facade's account store")
    if faults or context.accounts is None:
        raise ConfigError(faults)
    return SandboxProvider(settings, context.accounts, issuer=f"{context.public_base}/sandbox")


class SandboxProvider:
    """Log-in with a test member's user name and password.

    Args:
        settings: the assurance to claim.
        accounts: the accounts of the test members.
        issuer: what names this log-in in links and audit lines.
    """

    def __init__(self, settings: SandboxSettings, accounts: AccountStore, issuer: str) -> None:
        self._assurance = Assurance(ial=settings.ial, aal=settings.aal, acr="sandbox")
        self._accounts = accounts
        self._issuer = issuer
        self._hasher = PasswordHasher()
        self._decoy = self._hasher.hash(secrets.token_hex(16))

    def begin(self, attempt: Attempt) -> AskFor:
        """Ask for user name and password."""
        return AskFor(
            fields=(
                Field(name="username", label="User name", autocomplete="username"),
                Field(name="password", label="Password", secret=True, autocomplete="current-password"),
            ),
            hint="This is a test log-in for invented members.",
        )

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        """The test member whose password this is.

        Raises:
            LoginDenied: unknown user name or wrong password.
            LoginRejected: the account's stored hash is damaged.
        """
        account = self._accounts.find(answer.parameters.get("username", "").strip())
        if not self._is_password_of(account, answer.parameters.get("password", "")) or account is None:
            raise LoginDenied(WRONG)
        return VerifiedIdentity(
            issuer=self._issuer,
            subject=account.subject,
            nonce=attempt.nonce,
            authenticated_at=datetime.now(UTC),
            assurance=self._assurance,
            evidence=dict(account.evidence),
            proofing="invented person of the sandbox",
        )

    def check(self) -> Sequence[str]:
        """Nothing can be wrong once the provider is open."""
        return ()

    def close(self) -> None:
        """Nothing to give back."""

    def _is_password_of(self, account: Account | None, password: str) -> bool:
        try:
            stored = self._hash_of(account)
            attempted = password if len(password) <= LONGEST_PASSWORD else ""
            return self._hasher.verify(stored, attempted) and account is not None
        except InvalidHashError as error:
            raise LoginRejected("the stored password hash of an account is damaged") from error
        except VerificationError:
            return False

    def _hash_of(self, account: Account | None) -> str:
        """The account's hash; without an account one that nobody knows the password of and that costs as much."""
        if account is None:
            return self._decoy
        usual = extract_parameters(account.password_hash)
        if usual != extract_parameters(self._decoy):
            self._decoy = PasswordHasher.from_parameters(usual).hash(secrets.token_hex(16))
        return account.password_hash
