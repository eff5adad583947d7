"""Log-in attempts, visits on their way to a decision, and links between accounts and members.

Everything that opens a door is kept as a hash or sealed; no identifier of a person stands in any column.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, Boolean, Column, Index, Table, Text, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from fhir_facade.store.engine import Connection, Store
from fhir_facade.store.secrets import is_name
from fhir_facade.store.tables import metadata

login_visits = Table(
    "login_visits",
    metadata,
    Column("visit_id", Text, primary_key=True),
    Column("provider", Text),
    Column("account", Text),
    Column("choices", Text, nullable=False),
    Column("chosen_user", Text),
    Column("chosen_patient", Text),
    Column("authenticated_at", BigInteger),
    Column("ial", BigInteger, nullable=False),
    Column("aal", BigInteger, nullable=False),
    Column("acr", Text, nullable=False),
    Column("denials", BigInteger, nullable=False),
    Column("decided_at", BigInteger),
    Column("outcome", Text),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_login_visits_expires_at", "expires_at"),
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("state_hash", Text, primary_key=True),
    Column("attempt_id", Text, nullable=False),
    Column("visit_id", Text, nullable=False),
    Column("provider", Text, nullable=False),
    Column("form", Boolean, nullable=False),
    Column("memory", Text, nullable=False),
    Column("answer", Text),
    Column("taken_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False),
    Index("ix_login_attempts_expires_at", "expires_at"),
)

member_links = Table(
    "member_links",
    metadata,
    Column("account", Text, primary_key=True),
    Column("reference", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("verified_at", BigInteger, nullable=False),
    Column("blocked_at", BigInteger),
    Index("ix_member_links_reference", "reference"),
)

OPERATOR = "*"
"""Stands for the account where an operator blocked a member."""

_NEWEST = select(func.max(member_links.c.verified_at)).where(
    member_links.c.reference == bindparam("mine"), member_links.c.account != OPERATOR
)

IN_DOUBT = 0
"""``verified_at`` of a link that its account's last log-in did not lead to."""

_NOBODY_YET = {"choices": "[]", "ial": 0, "aal": 0, "acr": "", "denials": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One attempt as stored; ``memory`` and ``answer`` are sealed. ``form`` says that the facade's own page asks."""

    state_hash: str
    attempt_id: str
    visit_id: str
    provider: str
    form: bool
    memory: str
    answer: str | None
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """One visit as stored. ``choices`` is JSON: pairs of user reference and patient id; ``outcome`` is sealed."""

    visit_id: str
    provider: str | None
    account: str | None
    choices: str
    chosen_user: str | None
    chosen_patient: str | None
    authenticated_at: int | None
    ial: int
    aal: int
    acr: str
    denials: int
    decided_at: int | None
    outcome: str | None
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkRow:
    """An account that was matched to a member or representative; ``account`` and ``evidence`` are keyed hashes."""

    account: str
    reference: str
    provider: str
    evidence: str
    verified_at: int
    blocked_at: int | None = None


class Logins:
    """Reads and writes the log-in tables; each method is one transaction. Instants are seconds since 1970.

    Args:
        store: the facade's own database.

    Raises (all methods):
        StoreUnavailable: the database does not answer.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def open_visit(self, visit_id: str, expires_at: int) -> None:
        """Start a visit; one that exists stays as it is."""
        try:
            with self._store.write() as connection:
                connection.execute(insert(login_visits).values(visit_id=visit_id, expires_at=expires_at, **_NOBODY_YET))
        except IntegrityError:
            return

    def visit(self, visit_id: str, now: int) -> VisitRow | None:
        """The visit, unless it expired or never was."""
        if not is_name(visit_id):
            return None
        found = select(login_visits).where(login_visits.c.visit_id == visit_id, login_visits.c.expires_at > now)
        with self._store.read() as connection:
            row = connection.execute(found).mappings().one_or_none()
        return VisitRow(**row) if row else None

    def save_attempt(self, attempt: AttemptRow) -> None:
        """Remember an attempt."""
        values = {name: getattr(attempt, name) for name in AttemptRow.__slots__}
        with self._store.write() as connection:
            connection.execute(insert(login_attempts).values(values))

    def visit_of(self, state_hash: str, now: int) -> str | None:
        """The visit of an attempt that was not taken yet."""
        table = login_attempts
        found = select(table.c.visit_id).where(
            table.c.state_hash == state_hash, table.c.taken_at.is_(None), table.c.expires_at > now
        )
        with self._store.read() as connection:
            return connection.execute(found).scalar_one_or_none()

    def take_attempt(self, state_hash: str, visit_id: str, now: int) -> AttemptRow | None:
        """The attempt of this visit, once: of many callers at the same time exactly one gets it."""
        table = login_attempts
        take = (
            update(table)
            .where(table.c.state_hash == state_hash, table.c.visit_id == visit_id)
            .where(table.c.taken_at.is_(None), table.c.expires_at > now)
            .values(taken_at=now)
            .returning(*table.c)
        )
        with self._store.write() as connection:
            row = connection.execute(take).mappings().one_or_none()
        return _attempt(row) if row else None

    def park_answer(self, state_hash: str, answer: str, now: int) -> bool:
        """Keep a sealed answer that came without the browser's cookie, until the browser asks for it itself."""
        table = login_attempts
        park = (
            update(table)
            .where(table.c.state_hash == state_hash, table.c.answer.is_(None))
            .where(table.c.taken_at.is_(None), table.c.expires_at > now)
            .values(answer=answer)
        )
        with self._store.write() as connection:
            return connection.execute(park).rowcount == 1

    def count_denial(self, visit_id: str) -> int:
        """Count one refused log-in of the visit; how many there were."""
        table = login_visits
        count = update(table).where(table.c.visit_id == visit_id).values(denials=table.c.denials + 1)
        with self._store.write() as connection:
            return int(connection.execute(count.returning(table.c.denials)).scalar_one_or_none() or 0)

    def identify(self, visit_id: str, **values: Any) -> None:
        """Write who logged in and for whom they may choose."""
        with self._store.write() as connection:
            connection.execute(update(login_visits).where(login_visits.c.visit_id == visit_id).values(values))

    def decide(self, visit_id: str, now: int) -> bool:
        """Claim the decision of a visit: true for exactly one caller."""
        table = login_visits
        claim = update(table).where(table.c.visit_id == visit_id, table.c.decided_at.is_(None)).values(decided_at=now)
        with self._store.write() as connection:
            return connection.execute(claim).rowcount == 1

    def reopen(self, visit_id: str) -> None:
        """Give a claimed decision back, because recording it failed."""
        self.identify(visit_id, decided_at=None)

    def link(self, link: LinkRow) -> None:
        """Write a link, or renew it; a block stays."""
        table = member_links
        mine = (table.c.account == link.account) & (table.c.reference == link.reference)
        fresh = {"provider": link.provider, "evidence": link.evidence, "verified_at": link.verified_at}
        with self._store.write() as connection:
            if connection.execute(update(table).where(mine).values(fresh)).rowcount == 0:
                connection.execute(insert(table).values(account=link.account, reference=link.reference, **fresh))

    def links(self, account: str) -> Sequence[LinkRow]:
        """The links of an account."""
        with self._store.read() as connection:
            rows = connection.execute(select(member_links).where(member_links.c.account == account)).mappings().all()
        return [LinkRow(**row) for row in rows]

    def verified_at(self, reference: str) -> int | None:
        """When a log-in last proved to be this member or representative; None without any link."""
        with self._store.read() as connection:
            return last_verified(connection, reference)

    def rename_account(self, former: str, account: str) -> None:
        """Carry an account's links over to its hash under a new key."""
        for link in self.links(former):
            self.link(replace(link, account=account))
            self.unlink(former, link.reference)

    def unlink(self, account: str, reference: str) -> None:
        """Forget a link that holds no longer."""
        table = member_links
        gone = delete(table).where(table.c.account == account, table.c.reference == reference)
        with self._store.write() as connection:
            connection.execute(gone)

    def unlink_all(self, reference: str) -> None:
        """Forget every account's link to a member whose Patient id is given up."""
        with self._store.write() as connection:
            connection.execute(delete(member_links).where(member_links.c.reference == reference))

    def blocked(self, references: Sequence[str]) -> bool:
        """Whether an operator blocked log-ins to one of these members or representatives."""
        table = member_links
        found = select(table.c.reference).where(table.c.reference.in_(references), table.c.blocked_at.is_not(None))
        with self._store.read() as connection:
            return connection.execute(found.limit(1)).first() is not None

    def block(self, reference: str, now: int | None) -> None:
        """Block log-ins to a member or representative (``now``), or allow them again (None)."""
        table = member_links
        mine = (table.c.account == OPERATOR) & (table.c.reference == reference)
        with self._store.write() as connection:
            connection.execute(delete(table).where(mine))
            if now is not None:
                row = {"account": OPERATOR, "reference": reference, "provider": "", "evidence": "", "verified_at": now}
                connection.execute(insert(table).values(row | {"blocked_at": now}))

    def sweep(self, now: int) -> int:
        """Delete what expired; how many visits went."""
        with self._store.write() as connection:
            connection.execute(delete(login_attempts).where(login_attempts.c.expires_at <= now))
            old = delete(login_visits).where(login_visits.c.expires_at <= now)
            return connection.execute(old).rowcount


def last_verified(connection: Connection, reference: str) -> int | None:
    """When a log-in last proved to be this member or representative; None without any link."""
    return connection.execute(_NEWEST, {"mine": reference}).scalar_one_or_none()


def _attempt(row: Any) -> AttemptRow:
    return AttemptRow(**{name: row[name] for name in AttemptRow.__slots__})
