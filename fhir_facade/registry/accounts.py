"""Accounts of developers and staff: sign-up with a verified e-mail address, log-in, second factor, recovery.

Nothing here tells a stranger whether an address has an account: the same answer, and the same work, either way.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from fhir_facade.contracts import totp
from fhir_facade.login.keys import LoginKeys, fresh_token, hashed
from fhir_facade.oauth.server import Record
from fhir_facade.registry.faults import Fault, NotNow
from fhir_facade.registry.mail import Mailroom
from fhir_facade.registry.passwords import Passwords, fault_of
from fhir_facade.registry.people import Account, LogIn, Role, Signed, faults_of_person
from fhir_facade.store.audit import AuditEvent
from fhir_facade.store.developers import AccountRow, Developers
from fhir_facade.store.engine import Clock
from fhir_facade.store.secrets import new_id

SESSION_S = 8 * 3600
TICKET_S = 24 * 3600
INVITATION_S = 72 * 3600
TRIES = 8
LOCK_S = 900
FORM_S = 2 * 24 * 3600
NOBODY = ""


class Accounts:
    """What the account pages and the command line do.

    Args:
        developers: the tables.
        keys: hashes addresses and seals texts.
        mailroom: sends letters.
        record: writes the audit trail; where it raises, nothing happens.
        clock: seconds since 1970.
        base: public base URL without a final slash, for the links in letters.
        passwords: hashes passwords.
        staff_elsewhere: whether staff have a log-in system of their own, so that no password opens their pages.
    """

    def __init__(
        self,
        developers: Developers,
        keys: LoginKeys,
        mailroom: Mailroom,
        record: Record,
        clock: Clock,
        base: str,
        passwords: Passwords | None = None,
        *,
        staff_elsewhere: bool = False,
    ) -> None:
        self._table = developers
        self._keys = keys
        self._mailroom = mailroom
        self._record = record
        self._clock = clock
        self._base = base
        self._passwords = passwords or Passwords()
        self._staff_elsewhere = staff_elsewhere

    def sign_up(self, email: str, name: str, organization: str, password: str, language: str) -> Sequence[Fault]:
        """Make an account that waits for its address to be verified; faults where the form is wrong.

        An address that has an account gets a letter that says so; the visitor sees no difference.
        """
        faults = faults_of_person(email, name, organization) + _password_faults(email, password)
        if faults:
            return faults
        password_hash = self._passwords.hash(password)
        self._note("sign-up", "ok", "")
        known = self._table.by_email(self.hash_of(email))
        account_id = self.add(email, name, organization, "developer", language, password_hash) if not known else None
        if account_id is None:
            self._mailroom.post(email.strip(), "known", language, {"link": f"{self._base}/developers/log-in"})
        else:
            self._send_ticket(account_id, email.strip(), "verify", language, TICKET_S)
        return ()

    def verify(self, ticket: str) -> bool:
        """Spend the ticket of a verification letter."""
        account_id = self._table.take_ticket(hashed(ticket), "verify", self._clock())
        if account_id is None:
            return False
        self._note("e-mail verified", "ok", account_id)
        self._table.change(account_id, verified_at=self._clock())
        return True

    def log_in(self, email: str, password: str) -> tuple[LogIn, str]:
        """How it ended, and the new session's token where the password was right.

        A locked account answers as a wrong password does, so that nobody learns which addresses have accounts.
        """
        row, now = self._table.by_email(self.hash_of(email)), self._clock()
        locked = row is not None and row.locked_until > now
        right = self._passwords.fits(row.password_hash if row and not locked else None, password)
        if row is None or not right:
            self._note("log-in", "refused", row.account_id if row else "")
            self._table.failed(row.account_id if row and not locked else NOBODY, now, TRIES, LOCK_S)
            return LogIn.WRONG, ""
        if row.verified_at is None:
            self._send_ticket(row.account_id, email.strip(), "verify", row.language, TICKET_S)
            return LogIn.UNVERIFIED, ""
        if self._staff_elsewhere and row.role != "developer":
            self._note("log-in", "staff elsewhere", row.account_id)
            return LogIn.ELSEWHERE, ""
        self._note("log-in", "password", row.account_id)
        if row.totp is None:
            self._table.change(row.account_id, failures=0)
        self._table.sweep(now, now - FORM_S)
        return LogIn.IN, self._open(row.account_id, second_factor=False)

    def prove(self, signed: Signed, code: str) -> tuple[LogIn, str]:
        """Spend a one-time code; a right one gives the session a new token."""
        row, now = self._table.by_id(signed.account.account_id), self._clock()
        secret = self._keys.unseal(row.totp, "totp") if row and row.totp else None
        if row is None or secret is None:
            raise NotNow("no_second_factor")
        if row.locked_until > now:
            return LogIn.LOCKED, ""
        step = totp.matching_step(secret, code, now)
        if step is None or not self._table.use_code(row.account_id, step):
            self._note("log-in", "wrong code", row.account_id)
            self._table.failed(row.account_id, now, TRIES, LOCK_S)
            return LogIn.WRONG, ""
        self._note("log-in", "ok", row.account_id)
        self._table.change(row.account_id, failures=0)
        return LogIn.IN, self._renew(signed)

    def offer_second_factor(self, signed: Signed) -> tuple[str, str]:
        """A new authenticator key: as people type it, and sealed for the form."""
        secret = totp.new_secret()
        return secret, self._keys.seal(secret, f"new totp {signed.account.account_id}")

    def offered(self, signed: Signed, sealed: str) -> str | None:
        """The key of an offer that was made to this account."""
        return self._keys.unseal(sealed, f"new totp {signed.account.account_id}")

    def add_second_factor(self, signed: Signed, sealed: str, code: str) -> str | None:
        """Keep the offered key once its first code is right; the session's new token, or None.

        Raises:
            NotNow: the account has one already.
        """
        if signed.account.second_factor:
            raise NotNow("has_second_factor")
        secret, now = self.offered(signed, sealed), self._clock()
        step = totp.matching_step(secret, code, now) if secret else None
        if secret is None or step is None:
            return None
        account_id = signed.account.account_id
        self._note("second factor", "added", account_id)
        self._table.change(account_id, totp=self._keys.seal(secret, "totp"), last_step=step, failures=0)
        return self._renew(signed)

    def forget_second_factor(self, email: str) -> bool:
        """Take the authenticator from an account whose owner lost it; its sessions end. False without an account."""
        row = self._table.by_email(self.hash_of(email))
        if row is None:
            return False
        self._note("second factor", "forgotten", row.account_id)
        self._table.change(row.account_id, totp=None)
        self._table.end_sessions(row.account_id)
        return True

    def recover(self, email: str, language: str) -> None:
        """Send the way to a new password, where the address has an account."""
        row = self._table.by_email(self.hash_of(email))
        if row is not None:
            self._note("recovery", "asked", row.account_id)
            self._send_ticket(row.account_id, email.strip(), "recover", language, TICKET_S)

    def may_reset(self, ticket: str) -> bool:
        """Whether a letter's or invitation's ticket is still good."""
        return self._table.ticket(hashed(ticket), "recover", self._clock()) is not None

    def reset(self, ticket: str, password: str) -> Sequence[Fault]:
        """Set a new password with a ticket; every session ends, the second factor stays.

        Raises:
            NotNow: the ticket was used or is too old.
        """
        now = self._clock()
        account_id = self._table.ticket(hashed(ticket), "recover", now)
        account = self.find(account_id) if account_id else None
        if account is None:
            raise NotNow("ticket_over")
        if faults := _password_faults(account.email, password):
            return faults
        password_hash = self._passwords.hash(password)
        if self._table.take_ticket(hashed(ticket), "recover", now) is None:
            raise NotNow("ticket_over")
        self._note("recovery", "ok", account.account_id)
        self._table.change(account.account_id, password_hash=password_hash, verified_at=now, failures=0, locked_until=0)
        self._table.end_sessions(account.account_id)
        return ()

    def invite(self, email: str, name: str, role: Role) -> str:
        """A staff account, and the link under which its owner sets a password; a new link for one that exists.

        Raises:
            NotNow: the address belongs to an account of another role.
        """
        row = self._table.by_email(self.hash_of(email))
        if row is not None and row.role != role:
            raise NotNow("other_role")
        account_id = row.account_id if row else self.add(email, name, "", role, "en", None)
        if account_id is None:
            raise NotNow("other_role")
        self._note("staff", f"invited as {role}", account_id)
        ticket = fresh_token()
        self._table.add_ticket(hashed(ticket), account_id, "recover", self._clock() + INVITATION_S)
        return f"{self._base}/developers/recover/{ticket}"

    def assign(self, email: str, role: Role | None) -> bool:
        """Give a staff account another role at once, or take its role away with its sessions and credentials.

        False where no staff account has this address.
        """
        row = self._table.by_email(self.hash_of(email))
        if row is None or row.role == "developer":
            return False
        self._note("staff", f"role {role}" if role else "removed", row.account_id)
        if role is None:
            self._table.change(row.account_id, role="developer", password_hash=None, totp=None)
            self._table.end_sessions(row.account_id)
        else:
            self._table.change(row.account_id, role=role)
        return True

    def staff(self) -> Sequence[Account]:
        """Every staff account."""
        return [self._account(row) for row in self._table.staff()]

    def find(self, account_id: str) -> Account | None:
        """The account of that id."""
        row = self._table.by_id(account_id)
        return self._account(row) if row else None

    def add(
        self, email: str, name: str, organization: str, role: Role, language: str, password_hash: str | None
    ) -> str | None:
        """Keep a new account; its id, or None where the address has one."""
        told = {"email": email.strip(), "name": name.strip(), "organization": organization.strip()}
        account_id = new_id()
        row = {
            "account_id": account_id,
            "email_hash": self.hash_of(email),
            "sealed": self._keys.seal(json.dumps(told), "account"),
            "role": role,
            "language": language,
            "password_hash": password_hash,
            "created_at": self._clock(),
        }
        return account_id if self._table.add(row) else None

    def _send_ticket(self, account_id: str, email: str, kind: str, language: str, seconds: int) -> None:
        ticket = fresh_token()
        self._table.add_ticket(hashed(ticket), account_id, kind, self._clock() + seconds)
        self._mailroom.post(email, kind, language, {"link": f"{self._base}/developers/{kind}/{ticket}"})

    def _open(self, account_id: str, *, second_factor: bool) -> str:
        token = fresh_token()
        until = self._clock() + SESSION_S
        self._table.open_session(hashed(token), account_id, until, second_factor=second_factor)
        return token

    def _renew(self, signed: Signed) -> str:
        self._table.end_session(signed.session)
        return self._open(signed.account.account_id, second_factor=True)

    def _account(self, row: AccountRow) -> Account:
        told = json.loads(self._keys.unseal(row.sealed, "account") or "{}")
        return Account(
            account_id=row.account_id,
            email=told.get("email", ""),
            name=told.get("name", ""),
            organization=told.get("organization", ""),
            role=row.role,
            language=row.language,
            second_factor=row.totp is not None,
        )

    def hash_of(self, email: str) -> str:
        """The keyed hash of an address."""
        return self._keys.derive("developer e-mail", email.strip().casefold())

    def _note(self, detail: str, outcome: str, account_id: str) -> None:
        actor = f"Account/{account_id}" if account_id else ""
        self._record(AuditEvent(what="account", outcome=outcome, actor=actor, detail=detail))


def _password_faults(email: str, password: str) -> list[Fault]:
    fault = fault_of(email, password)
    return [Fault("password", fault)] if fault else []
