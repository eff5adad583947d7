"""Accounts of the ``local`` log-in. Names are keyed hashes, evidence and secrets are sealed: a dump names nobody."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Table, Text, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from fhir_facade.contracts.accounts import Invitation, KeptAccount, Passkey
from fhir_facade.contracts.identity import Account
from fhir_facade.store.engine import Store
from fhir_facade.store.secrets import hash_of
from fhir_facade.store.tables import metadata

local_accounts = Table(
    "local_accounts",
    metadata,
    Column("subject", Text, primary_key=True),
    Column("name_hash", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("totp", Text),
    Column("failures", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Index("uq_local_accounts_name_hash", "name_hash", unique=True),
)

local_passkeys = Table(
    "local_passkeys",
    metadata,
    Column("credential_id", Text, primary_key=True),
    Column("subject", Text, nullable=False),
    Column("public_key", Text, nullable=False),
    Column("uses", BigInteger, nullable=False),
    Index("ix_local_passkeys_subject", "subject"),
)

local_invitations = Table(
    "local_invitations",
    metadata,
    Column("code_hash", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)


@dataclass(frozen=True, slots=True)
class Sealing:
    """How names and texts are protected: keyed hashes, and encryption that also shows tampering.

    ``hashes`` gives a name's hash under every key in use, the current one first.
    """

    hashes: Callable[[str], Sequence[str]]
    seal: Callable[[str], str]
    unseal: Callable[[str], str | None]


class NameTaken(Exception):
    """Another account has the user name."""


class LocalAccounts:
    """``KeptAccounts`` in the facade's own database.

    Args:
        store: the database.
        sealing: protects names and texts.
    """

    def __init__(self, store: Store, sealing: Sealing) -> None:
        self._store = store
        self._sealing = sealing

    def find(self, username: str) -> Account | None:
        """The account of that user name."""
        kept = self.details(username)
        return kept.account if kept else None

    def details(self, username: str) -> KeptAccount | None:
        """The account of that user name with its second factors."""
        return self._one(local_accounts.c.name_hash.in_(self._names_of(username)))

    def by_subject(self, subject: str) -> KeptAccount | None:
        """The account of that subject."""
        return self._one(local_accounts.c.subject == subject)

    def names(self) -> Sequence[str]:
        """Every user name."""
        with self._store.read() as connection:
            rows = connection.execute(select(local_accounts.c.sealed)).scalars().all()
        return sorted(self._open(row)["username"] for row in rows)

    def failed(self, subject: str, now: int, limit: int, lock_s: int) -> None:
        """Count a wrong credential; the ``limit``-th in a row locks the account.

        A subject of nobody costs the same: some account is written as it is, so that time tells nothing.
        """
        c = local_accounts.c
        mine, full = c.subject == subject, c.failures + 1 >= limit
        values = {
            "failures": case((~mine, c.failures), (full, 0), else_=c.failures + 1),
            "locked_until": case((mine & full, now + lock_s), else_=c.locked_until),
        }
        own = select(c.subject).where(mine).scalar_subquery()
        some = select(func.min(c.subject)).scalar_subquery()
        with self._store.write() as connection:
            connection.execute(update(local_accounts).where(c.subject == func.coalesce(own, some)).values(values))

    def succeeded(self, subject: str) -> None:
        """Forget the wrong credentials before this good one, and a lock."""
        self._set(subject, failures=0, locked_until=0)

    def use_code(self, subject: str, step: int) -> bool:
        """Spend a one-time code of that time step."""
        c = local_accounts.c
        spend = update(local_accounts).where(c.subject == subject, c.last_step < step).values(last_step=step)
        with self._store.write() as connection:
            return connection.execute(spend).rowcount == 1

    def use_passkey(self, credential_id: str, uses: int) -> bool:
        """Raise a passkey's signature counter; authenticators without one always say 0."""
        c = local_passkeys.c
        grows = (c.uses < uses) | ((c.uses == 0) & (uses == 0))
        spend = update(local_passkeys).where(c.credential_id == credential_id, grows).values(uses=uses)
        with self._store.write() as connection:
            return connection.execute(spend).rowcount == 1

    def invite(self, invitation: Invitation, until: int) -> str:
        """A new invitation; its code is shown here and never again."""
        code = secrets.token_hex(10)
        sealed = self._sealing.seal(json.dumps(asdict(invitation)))
        with self._store.write() as connection:
            connection.execute(insert(local_invitations).values(code_hash=hash_of(code), sealed=sealed, until=until))
        return code

    def invitation(self, code: str, now: int) -> Invitation | None:
        """The invitation of that code, while it may be accepted."""
        c = local_invitations.c
        open_one = select(c.sealed).where(c.code_hash == hash_of(code), c.until > now, c.used_at.is_(None))
        with self._store.read() as connection:
            sealed = connection.execute(open_one).scalar_one_or_none()
        return Invitation(**self._open(sealed)) if sealed else None

    def accept(self, code: str, username: str, password_hash: str, now: int) -> KeptAccount | None:
        """Spend an invitation: a new account, or new credentials for one that exists."""
        c = local_invitations.c
        spend = update(local_invitations).where(c.code_hash == hash_of(code), c.until > now, c.used_at.is_(None))
        try:
            with self._store.write() as connection:
                sealed = connection.execute(spend.values(used_at=now).returning(c.sealed)).scalar_one_or_none()
                if sealed is None:
                    return None
                subject = self._admit(connection, Invitation(**self._open(sealed)), username, password_hash)
        except (IntegrityError, NameTaken):
            return None
        return self.by_subject(subject)

    def set_totp(self, subject: str, secret: str) -> None:
        """Give an account an authenticator app."""
        self._set(subject, totp=self._sealing.seal(secret), last_step=0)

    def add_passkey(self, subject: str, passkey: Passkey) -> None:
        """Give an account a passkey."""
        with self._store.write() as connection:
            connection.execute(insert(local_passkeys).values(subject=subject, **asdict(passkey)))

    def rekey(self) -> int:
        """Hash and seal every account under the current key; how many there are."""
        c = local_accounts.c
        with self._store.read() as connection:
            subjects = connection.execute(select(c.subject)).scalars().all()
        for subject in subjects:
            with self._store.write() as connection:
                row = connection.execute(select(local_accounts).where(c.subject == subject)).mappings().one_or_none()
                if row is not None:
                    connection.execute(update(local_accounts).where(c.subject == subject).values(self._rekeyed(row)))
        return len(subjects)

    def _rekeyed(self, row: Mapping[Any, Any]) -> dict[str, Any]:
        told = self._open(row["sealed"])
        secret = self._sealing.unseal(row["totp"]) if row["totp"] else None
        return {
            "name_hash": self._names_of(told["username"])[0],
            "sealed": self._sealing.seal(json.dumps(told)),
            "totp": self._sealing.seal(secret) if secret else None,
        }

    def _admit(self, connection: Connection, invitation: Invitation, username: str, password_hash: str) -> str:
        """Write the account; what it had before (factors, lock) goes."""
        subject = invitation.subject or secrets.token_hex(16)
        c = local_accounts.c
        taken = select(c.subject).where(c.name_hash.in_(self._names_of(username)), c.subject != subject)
        if connection.execute(taken).first() is not None:
            raise NameTaken
        kept = {"username": username, "evidence": dict(invitation.evidence), "proofing": invitation.proofing}
        connection.execute(delete(local_accounts).where(local_accounts.c.subject == subject))
        connection.execute(delete(local_passkeys).where(local_passkeys.c.subject == subject))
        row = {
            "subject": subject,
            "name_hash": self._names_of(username)[0],
            "sealed": self._sealing.seal(json.dumps(kept | {"ial": invitation.ial})),
            "password_hash": password_hash,
            "failures": 0,
            "locked_until": 0,
            "last_step": 0,
        }
        connection.execute(insert(local_accounts).values(row))
        return subject

    def _one(self, where: Any) -> KeptAccount | None:
        with self._store.read() as connection:
            row = connection.execute(select(local_accounts).where(where)).mappings().one_or_none()
            mine = local_passkeys.c.subject == (row["subject"] if row else "")  # nobody's are looked for all the same
            keys = connection.execute(select(local_passkeys).where(mine)).mappings().all()
        if row is None:
            return None
        return self._kept(row, [Passkey(**{name: key[name] for name in Passkey.__slots__}) for key in keys])

    def _kept(self, row: Mapping[Any, Any], passkeys: Sequence[Passkey]) -> KeptAccount:
        told = self._open(row["sealed"])
        return KeptAccount(
            account=Account(
                username=told["username"],
                password_hash=row["password_hash"],
                subject=row["subject"],
                evidence=told["evidence"],
            ),
            totp=self._sealing.unseal(row["totp"]) if row["totp"] else None,
            passkeys=tuple(passkeys),
            proofing=told["proofing"],
            ial=told["ial"],
            locked_until=row["locked_until"],
        )

    def _set(self, subject: str, **values: Any) -> None:
        with self._store.write() as connection:
            connection.execute(update(local_accounts).where(local_accounts.c.subject == subject).values(values))

    def _names_of(self, username: str) -> Sequence[str]:
        return self._sealing.hashes(username.strip().casefold())

    def _open(self, sealed: str) -> dict[str, Any]:
        text = self._sealing.unseal(sealed)
        if text is None:
            message = "an account was sealed under another key; restore keys.identifiers"
            raise ValueError(message)
        opened: dict[str, Any] = json.loads(text)
        return opened
