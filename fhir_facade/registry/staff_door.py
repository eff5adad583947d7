"""Staff who come from a log-in system of their own: which account is theirs, and which role it has.

A person is known by issuer and subject; an address only introduces them the first time. Where groups give roles, every
log-in sets the role anew, and whoever is in no such group has none.
"""

from __future__ import annotations

from collections.abc import Mapping

from fhir_facade.contracts.identity import VerifiedIdentity
from fhir_facade.login.keys import LoginKeys, fresh_token, hashed
from fhir_facade.login.linking import Linker, LinkOutcome, LinkResult, Person
from fhir_facade.oauth.server import Record
from fhir_facade.registry.accounts import SESSION_S, Accounts
from fhir_facade.registry.people import STAFF, Role, faults_of_person
from fhir_facade.store.audit import AuditEvent
from fhir_facade.store.developers import AccountRow, Developers
from fhir_facade.store.engine import Clock


class StaffDoor(Linker):
    """Finds the staff account of a verified identity, in place of a member.

    Args:
        developers: the tables.
        accounts: makes accounts.
        keys: hashes subjects.
        record: writes the audit trail; where it raises, nothing happens.
        clock: seconds since 1970.
        groups: group at the log-in system → role, the first that fits; empty where `fhir-facade staff` gives roles.
    """

    def __init__(
        self,
        developers: Developers,
        accounts: Accounts,
        keys: LoginKeys,
        record: Record,
        clock: Clock,
        groups: Mapping[str, Role],
    ) -> None:
        self._table = developers
        self._accounts_of = accounts
        self._keys = keys
        self._record = record
        self._clock = clock
        self._groups = groups

    def link(self, identity: VerifiedIdentity, provider: str, now: int) -> LinkResult:
        """One account with a role, or why there is none."""
        del provider
        subject = self._keys.derive("staff subject", f"{identity.issuer}\x1f{identity.subject}")
        email = identity.evidence.get("email", "").strip()
        row = self._table.by_subject(subject)
        if row is None and email:
            row = self._table.by_email(self._accounts_of.hash_of(email))
            if row is not None and (row.subject_hash is not None or row.role not in STAFF):
                return LinkResult(LinkOutcome.BLOCKED, "", detail="the address belongs to somebody else's account")
        role = self._role(identity, row)
        if role is None:
            return self._no_role(row)
        return self._admitted(identity, row, role, subject, email, now)

    def enter(self, account_id: str) -> str:
        """Open a session that needs no further proof; its token."""
        token = fresh_token()
        self._table.open_session(hashed(token), account_id, self._clock() + SESSION_S, second_factor=True)
        return token

    def _role(self, identity: VerifiedIdentity, row: AccountRow | None) -> Role | None:
        if self._groups:
            return next((role for group, role in self._groups.items() if group in identity.groups), None)
        return next((role for role in STAFF if row is not None and row.role == role), None)

    def _no_role(self, row: AccountRow | None) -> LinkResult:
        if row is not None and row.role in STAFF:
            self._change(row.account_id, "removed", role="developer", password_hash=None, totp=None)
            self._table.end_sessions(row.account_id)
        why = "no group with a role" if self._groups else "no role was given; run fhir-facade staff add"
        return LinkResult(LinkOutcome.NONE, "", detail=why)

    def _admitted(
        self, identity: VerifiedIdentity, row: AccountRow | None, role: Role, subject: str, email: str, now: int
    ) -> LinkResult:
        if row is None:
            name = identity.evidence.get("name", "").strip() or email
            if faults_of_person(email, name, "agency"):
                return LinkResult(LinkOutcome.NONE, "", detail="the log-in brought no usable e-mail address")
            made = self._accounts_of.add(email, name, "", role, "en", None)
            row = self._table.by_id(made) if made else self._table.by_email(self._accounts_of.hash_of(email))
        if row is None:
            return LinkResult(LinkOutcome.NONE, "", detail="the account was removed meanwhile")
        if (row.subject_hash, row.role) != (subject, role):
            self._change(row.account_id, f"role {role}", subject_hash=subject, role=role, verified_at=now)
        return LinkResult(LinkOutcome.ONE, row.account_id, (Person(f"Account/{row.account_id}", ""),))

    def _change(self, account_id: str, outcome: str, **values: str | int | None) -> None:
        actor = f"Account/{account_id}"
        self._record(AuditEvent(what="account", outcome=outcome, actor=actor, detail="staff, by their log-in system"))
        self._table.change(account_id, **values)
