"""The registry's parts, opened together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fhir_facade.login.keys import LoginKeys
from fhir_facade.oauth.server import Record
from fhir_facade.registry.accounts import Accounts
from fhir_facade.registry.mail import Carrier, Compose, Mailroom
from fhir_facade.registry.passwords import Passwords
from fhir_facade.registry.reviews import ReviewDesk
from fhir_facade.registry.sessions import Sessions
from fhir_facade.store import Store
from fhir_facade.store.developers import Developers
from fhir_facade.store.engine import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What the pages and commands about apps work with."""

    store: Store
    accounts: Accounts
    sessions: Sessions
    reviews: ReviewDesk
    mailroom: Mailroom
    keys: LoginKeys
    record: Record
    clock: Clock


def registry_of(
    *,
    store: Store,
    keys: LoginKeys,
    record: Record,
    clock: Clock,
    base: str,
    compose: Compose,
    carrier: Carrier,
    reasons: Sequence[str],
    passwords: Passwords | None = None,
    staff_elsewhere: bool = False,
    letters_at_once: bool = False,
) -> Registry:
    """The registry on a store.

    Args:
        store: the facade's own database.
        keys: hashes addresses and seals texts.
        record: writes the audit trail.
        clock: seconds since 1970.
        base: public base URL without a final slash.
        compose: words letters.
        carrier: brings letters away.
        reasons: for which a request for production may be denied.
        passwords: hashes passwords.
        staff_elsewhere: whether staff have a log-in system of their own.
        letters_at_once: whether a step returns only when its letters are carried.
    """
    developers = Developers(store)
    mailroom = Mailroom(store, keys, compose, carrier, clock, at_once=letters_at_once)
    accounts = Accounts(developers, keys, mailroom, record, clock, base, passwords, staff_elsewhere=staff_elsewhere)
    return Registry(
        store=store,
        accounts=accounts,
        sessions=Sessions(developers, accounts, keys, clock),
        reviews=ReviewDesk(store, accounts, mailroom, record, clock, reasons),
        mailroom=mailroom,
        keys=keys,
        record=record,
        clock=clock,
    )
