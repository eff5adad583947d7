"""Accounts of app developers and of staff, their sessions, and the tickets that letters carry.

E-mail addresses are keyed hashes, names are sealed, tickets and sessions are kept as hashes: a dump opens no door.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, case, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from fhir_facade.store.engine import Store
from fhir_facade.store.tables import metadata

developers = Table(
    "developers",
    metadata,
    Column("account_id", Text, primary_key=True),
    Column("email_hash", Text, nullable=False),
    Column("sealed", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("password_hash", Text),
    Column("totp", Text),
    Column("verified_at", BigInteger),
    Column("failures", BigInteger, nullable=False),
    Column("locked_until", BigInteger, nullable=False),
    Column("last_step", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("subject_hash", Text),
    Index("uq_developers_email_hash", "email_hash", unique=True),
    Index("uq_developers_subject_hash", "subject_hash", unique=True),
)

developer_sessions = Table(
    "developer_sessions",
    metadata,
    Column("session_hash", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("second_factor", Boolean, nullable=False),
    Column("note", Text),
    Column("until", BigInteger, nullable=False),
    Index("ix_developer_sessions_account_id", "account_id"),
)

developer_tickets = Table(
    "developer_tickets",
    metadata,
    Column("ticket_hash", Text, primary_key=True),
    Column("account_id", Text, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
    Column("used_at", BigInteger),
)

developer_forms = Table(
    "developer_forms",
    metadata,
    Column("form_hash", Text, primary_key=True),
    Column("at", BigInteger, nullable=False),
)

_NEW = {"failures": 0, "locked_until": 0, "last_step": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account as stored; ``sealed`` holds e-mail address, name and organization, ``totp`` is sealed too.

    ``role`` is ``developer``, ``reviewer``, ``operator`` or ``auditor``; ``subject_hash`` says who it is at the log-in
    system of the staff. Instants are seconds since 1970.
    """

    account_id: str
    email_hash: str
    sealed: str
    role: str
    language: str
    password_hash: str | None
    totp: str | None
    verified_at: int | None
    locked_until: int
    last_step: int
    created_at: int
    subject_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One session; ``second_factor`` says that a one-time code was given, ``note`` is shown once, sealed."""

    session_hash: str
    account_id: str
    second_factor: bool
    note: str | None
    until: int


class Developers:
    """Reads and writes these tables; each method is one transaction.

    Args:
        store: the facade's own database.

    Raises (all methods):
        StoreUnavailable: the database does not answer.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, row: Mapping[str, Any]) -> bool:
        """Keep a new account; false where one of that e-mail address exists."""
        try:
            with self._store.write() as connection:
                connection.execute(insert(developers).values({**_NEW, **row}))
        except IntegrityError:
            return False
        return True

    def by_email(self, email_hash: str) -> AccountRow | None:
        """The account of that e-mail address."""
        return self._one(developers.c.email_hash == email_hash)

    def by_subject(self, subject_hash: str) -> AccountRow | None:
        """The account of that person of the staff's log-in system."""
        return self._one(developers.c.subject_hash == subject_hash)

    def by_id(self, account_id: str) -> AccountRow | None:
        """The account of that id."""
        return self._one(developers.c.account_id == account_id)

    def staff(self) -> Sequence[AccountRow]:
        """Every account that is no developer's, oldest first."""
        query = select(developers).where(developers.c.role != "developer").order_by(developers.c.created_at)
        with self._store.read() as connection:
            return [_account(row) for row in connection.execute(query).mappings()]

    def change(self, account_id: str, **values: Any) -> None:
        """Write columns of an account."""
        with self._store.write() as connection:
            connection.execute(update(developers).where(developers.c.account_id == account_id).values(values))

    def failed(self, account_id: str, now: int, limit: int, lock_s: int) -> None:
        """Count a wrong password or code; the ``limit``-th in a row locks the account for ``lock_s`` seconds.

        An id of nobody costs the same: some account is written as it is, so that time tells nothing.
        """
        c = developers.c
        mine, full = c.account_id == account_id, c.failures + 1 >= limit
        values = {
            "failures": case((~mine, c.failures), (full, 0), else_=c.failures + 1),
            "locked_until": case((mine & full, now + lock_s), else_=c.locked_until),
        }
        own = select(c.account_id).where(mine).scalar_subquery()
        some = select(func.min(c.account_id)).scalar_subquery()
        with self._store.write() as connection:
            connection.execute(update(developers).where(c.account_id == func.coalesce(own, some)).values(values))

    def use_code(self, account_id: str, step: int) -> bool:
        """Spend the one-time code of a time step: true once."""
        c = developers.c
        spend = update(developers).where(c.account_id == account_id, c.last_step < step).values(last_step=step)
        with self._store.write() as connection:
            return connection.execute(spend).rowcount == 1

    def open_session(self, session_hash: str, account_id: str, until: int, *, second_factor: bool) -> None:
        """Keep a new session."""
        row = {"session_hash": session_hash, "account_id": account_id, "until": until, "second_factor": second_factor}
        with self._store.write() as connection:
            connection.execute(insert(developer_sessions).values(row))

    def session(self, session_hash: str, now: int) -> SessionRow | None:
        """The session, unless it ended."""
        c = developer_sessions.c
        query = select(developer_sessions).where(c.session_hash == session_hash, c.until > now)
        with self._store.read() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return SessionRow(**row) if row else None

    def note(self, session_hash: str, sealed: str | None) -> None:
        """Leave a note for the next page of a session, or take it away."""
        c = developer_sessions.c
        with self._store.write() as connection:
            connection.execute(update(developer_sessions).where(c.session_hash == session_hash).values(note=sealed))

    def end_session(self, session_hash: str) -> None:
        """End one session."""
        with self._store.write() as connection:
            gone = developer_sessions.c.session_hash == session_hash
            connection.execute(delete(developer_sessions).where(gone))

    def end_sessions(self, account_id: str) -> None:
        """End every session of an account."""
        with self._store.write() as connection:
            gone = developer_sessions.c.account_id == account_id
            connection.execute(delete(developer_sessions).where(gone))

    def add_ticket(self, ticket_hash: str, account_id: str, purpose: str, until: int) -> None:
        """Keep the ticket of a letter; earlier ones of the same purpose end."""
        table = developer_tickets
        same = (table.c.account_id == account_id) & (table.c.purpose == purpose)
        row = {"ticket_hash": ticket_hash, "account_id": account_id, "purpose": purpose, "until": until}
        with self._store.write() as connection:
            connection.execute(delete(table).where(same))
            connection.execute(insert(table).values(row))

    def ticket(self, ticket_hash: str, purpose: str, now: int) -> str | None:
        """The account of a ticket that may still be used."""
        with self._store.read() as connection:
            query = select(developer_tickets.c.account_id).where(_good(ticket_hash, purpose, now))
            return connection.execute(query).scalar_one_or_none()

    def take_ticket(self, ticket_hash: str, purpose: str, now: int) -> str | None:
        """The account of a ticket, to exactly one caller."""
        take = update(developer_tickets).where(_good(ticket_hash, purpose, now)).values(used_at=now)
        with self._store.write() as connection:
            return connection.execute(take.returning(developer_tickets.c.account_id)).scalar_one_or_none()

    def spend_form(self, form_hash: str, now: int) -> bool:
        """True for the first of several sendings of one form."""
        try:
            with self._store.write() as connection:
                connection.execute(insert(developer_forms).values(form_hash=form_hash, at=now))
        except IntegrityError:
            return False
        return True

    def sweep(self, now: int, forms_before: int) -> None:
        """Delete what ended."""
        with self._store.write() as connection:
            connection.execute(delete(developer_sessions).where(developer_sessions.c.until <= now))
            connection.execute(delete(developer_tickets).where(developer_tickets.c.until <= now))
            connection.execute(delete(developer_forms).where(developer_forms.c.at < forms_before))

    def _one(self, where: Any) -> AccountRow | None:
        with self._store.read() as connection:
            row = connection.execute(select(developers).where(where)).mappings().one_or_none()
        return _account(row) if row else None


def _account(row: Mapping[Any, Any]) -> AccountRow:
    return AccountRow(**{name: row[name] for name in AccountRow.__slots__})


def _good(ticket_hash: str, purpose: str, now: int) -> Any:
    c = developer_tickets.c
    return (c.ticket_hash == ticket_hash) & (c.purpose == purpose) & (c.until > now) & c.used_at.is_(None)
