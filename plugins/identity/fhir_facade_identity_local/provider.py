"""The local log-in, step by step: password, second factor; or invitation, new password, new second factor.

Which step an answer belongs to stands in the attempt's memory, which the facade keeps and no browser sees.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from fhir_facade.contracts import totp
from fhir_facade.contracts.accounts import KeptAccount, KeptAccounts
from fhir_facade.contracts.errors import ConfigError, LoginDenied, LoginRejected
from fhir_facade.contracts.identity import (
    Answer,
    AskFor,
    AskPasskey,
    Assurance,
    Attempt,
    Field,
    VerifiedIdentity,
)
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.contracts.reach import callback_fault
from fhir_facade_identity_local.passkeys import Passkeys
from fhir_facade_identity_local.passwords import LONGEST, Passwords, fault_of
from fhir_facade_identity_local.settings import LocalSettings

ADD_KEY = "Add this key to your authenticator app: {key}. Then enter the code it shows."
ADD_KEY_AGAIN = f"That code is not right. {ADD_KEY}"
TAKEN = "This user name is taken. Choose another one."
WRONG = "the user name or the password is wrong"
CODE = Field(name="code", label="One-time code", autocomplete="one-time-code")
ALONE, BOTH = 1, 2
"""Authenticator assurance of a password alone, and of two factors (NIST 800-63B)."""

Next = VerifiedIdentity | AskFor | AskPasskey


def open_provider(settings: LocalSettings, context: IdentityContext) -> LocalProvider:
    """The provider.

    Raises:
        ConfigError: settings that cannot work, or no account store; every fault at once.
    """
    faults = settings.faults()
    if not isinstance(context.accounts, KeptAccounts):
        raise ConfigError([*faults, "identity.providers: local needs the facade's own account store"])
    if faults:
        raise ConfigError(faults)
    return LocalProvider(settings, context.accounts, context.public_base)


class LocalProvider:
    """Log-in with accounts of the facade.

    Args:
        settings: checked settings.
        accounts: where the accounts are.
        public_base: the facade's absolute URL.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        settings: LocalSettings,
        accounts: KeptAccounts,
        public_base: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._accounts = accounts
        self._public_base = public_base
        self._issuer = f"{public_base}/local"
        self._clock = clock
        self._passwords = Passwords()
        self._passkeys = Passkeys(public_base)

    def begin(self, attempt: Attempt) -> AskFor:
        """Ask for user name and password, and for an invitation where there is one."""
        return self._first("Use the account that your agency invited you to make.")

    def finish(self, attempt: Attempt, answer: Answer) -> Next:
        """Check one step; give the next one, or the person.

        Raises:
            LoginDenied: a wrong password, code, passkey or invitation, or a locked account.
            LoginRejected: the stored account is damaged.
        """
        steps = {
            "password": self._password,
            "code": self._code,
            "enrol-code": self._enrol_code,
            "passkey": self._passkey,
            "enrol-passkey": self._enrol_passkey,
        }
        step = steps.get(attempt.memory.get("step", ""))
        if step is None:
            raise LoginRejected("the answer belongs to no step of this log-in")
        return step(attempt, answer)

    def check(self) -> Sequence[str]:
        """Whether browsers will make passkeys for our address."""
        if self._settings.second_factor == "passkey" and callback_fault(self._public_base):
            return (
                f"identity.local.second_factor: browsers make passkeys for https:// alone, not {self._public_base}",
            )
        return ()

    def close(self) -> None:
        """Nothing to give back."""

    def _first(self, hint: str, values: Mapping[str, str] | None = None) -> AskFor:
        return AskFor(
            fields=(
                Field(name="username", label="User name", autocomplete="username"),
                Field(name="password", label="Password", secret=True, autocomplete="current-password"),
                Field(name="invitation", label="Invitation code", required=False),
            ),
            hint=hint,
            values=values or {},
            memory={"step": "password"},
        )

    def _password(self, attempt: Attempt, answer: Answer) -> Next:
        username, password = answer.parameters.get("username", "").strip(), answer.parameters.get("password", "")
        code = answer.parameters.get("invitation", "").strip()
        if code:
            return self._accept(attempt, code, username, password)
        found = self._accounts.details(username)
        right = self._passwords.fits(found.account.password_hash if found else None, password)
        if found is None or self._is_locked(found):
            raise self._failure(None, WRONG)
        if not right:
            raise self._failure(found, WRONG)
        return self._second(attempt, found)

    def _second(self, attempt: Attempt, found: KeptAccount) -> Next:
        """What comes after the password: the account's own second factor, whatever the settings say today."""
        memory = {"subject": found.account.subject}
        if found.passkeys:
            options = self._passkeys.request(found.passkeys, attempt.nonce.encode())
            return AskPasskey(options=options, memory={**memory, "step": "passkey", "challenge": attempt.nonce})
        if found.totp:
            hint = "Enter the six digits that your authenticator app shows now."
            return AskFor(fields=(CODE,), hint=hint, memory={**memory, "step": "code"})
        return self._identity(attempt, found, ALONE)

    def _accept(self, attempt: Attempt, code: str, username: str, password: str) -> Next:
        invitation = self._accounts.invitation(code, self._now())
        if invitation is None:
            raise LoginDenied("the invitation is unknown, spent or over")
        fault = fault_of(username, password, self._settings.shortest_password)
        if fault:
            limits = {"shortest": str(self._settings.shortest_password), "longest": str(LONGEST)}
            return self._first(fault, limits if "{" in fault else {})
        owner = self._accounts.find(username)
        if owner is not None and owner.subject != invitation.subject:
            return self._first(TAKEN)
        asked = {"invitation": code, "username": username, "password_hash": self._passwords.hash(password)}
        return self._enrol(attempt, asked, invitation.subject or secrets.token_hex(16))

    def _enrol(self, attempt: Attempt, asked: dict[str, str], handle: str) -> Next:
        """Ask for the second factor; the invitation is spent with it, so that whoever stops here can begin again."""
        if self._settings.second_factor == "none":
            made = self._made(asked)
            return self._identity(attempt, made, ALONE) if made else self._first(TAKEN)
        if self._settings.second_factor == "passkey":
            options = self._passkeys.creation(handle, asked["username"], attempt.nonce.encode())
            return AskPasskey(options=options, memory={**asked, "step": "enrol-passkey", "challenge": attempt.nonce})
        return self._show_secret(asked | {"step": "enrol-code", "secret": totp.new_secret()})

    def _made(self, asked: Mapping[str, str]) -> KeptAccount | None:
        """The account of an accepted invitation; None where another was quicker with it, or with the user name."""
        return self._accounts.accept(asked["invitation"], asked["username"], asked["password_hash"], self._now())

    def _show_secret(self, memory: dict[str, str], *, again: bool = False) -> AskFor:
        hint = ADD_KEY_AGAIN if again else ADD_KEY
        return AskFor(fields=(CODE,), hint=hint, values={"key": totp.grouped(memory["secret"])}, memory=memory)

    def _enrol_code(self, attempt: Attempt, answer: Answer) -> Next:
        secret = attempt.memory["secret"]
        step = totp.matching_step(secret, answer.parameters.get("code", ""), self._now())
        if step is None:
            return self._show_secret(dict(attempt.memory), again=True)
        made = self._made(attempt.memory)
        if made is None:
            return self._first(TAKEN)
        self._accounts.set_totp(made.account.subject, secret)
        self._accounts.use_code(made.account.subject, step)
        return self._identity(attempt, made, BOTH)

    def _code(self, attempt: Attempt, answer: Answer) -> Next:
        found = self._remembered(attempt)
        step = totp.matching_step(found.totp or totp.new_secret(), answer.parameters.get("code", ""), self._now())
        if step is None or not self._accounts.use_code(found.account.subject, step):
            raise self._failure(found, "the one-time code is wrong or was used")
        return self._identity(attempt, found, BOTH)

    def _enrol_passkey(self, attempt: Attempt, answer: Answer) -> Next:
        challenge = attempt.memory["challenge"].encode()
        passkey = self._passkeys.created(answer.parameters.get("credential", ""), challenge)
        made = self._made(attempt.memory)
        if made is None:
            return self._first(TAKEN)
        self._accounts.add_passkey(made.account.subject, passkey)
        return self._identity(attempt, made, BOTH)

    def _passkey(self, attempt: Attempt, answer: Answer) -> Next:
        found = self._remembered(attempt)
        challenge = attempt.memory["challenge"].encode()
        try:
            used, uses = self._passkeys.used(answer.parameters.get("credential", ""), found.passkeys, challenge)
        except LoginDenied as error:
            raise self._failure(found, str(error)) from error
        if not self._accounts.use_passkey(used, uses):
            raise self._failure(found, "the passkey was copied: its counter does not grow")
        return self._identity(attempt, found, BOTH)

    def _remembered(self, attempt: Attempt) -> KeptAccount:
        found = self._accounts.by_subject(attempt.memory.get("subject", ""))
        if found is None or self._is_locked(found):
            raise LoginDenied("the account is gone or locked")
        return found

    def _failure(self, found: KeptAccount | None, reason: str) -> LoginDenied:
        settings, subject = self._settings, found.account.subject if found else ""
        self._accounts.failed(subject, self._now(), settings.failures, settings.lock_s)
        return LoginDenied(reason)

    def _is_locked(self, found: KeptAccount) -> bool:
        return found.locked_until > self._now()

    def _identity(self, attempt: Attempt, found: KeptAccount, aal: int) -> VerifiedIdentity:
        self._accounts.succeeded(found.account.subject)
        return VerifiedIdentity(
            issuer=self._issuer,
            subject=found.account.subject,
            nonce=attempt.nonce,
            authenticated_at=datetime.now(UTC),
            assurance=Assurance(ial=found.ial, aal=aal),
            evidence=dict(found.account.evidence),
            proofing=found.proofing,
        )

    def _now(self) -> int:
        return int(self._clock())
