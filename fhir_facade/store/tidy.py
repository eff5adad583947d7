"""Removes what has run out and is of no use to anybody: old requests, codes, tokens, assertions, log-ins and counts.

Grants and the audit trail stay: they are the record of who was allowed what. A spent refresh token is kept for a month,
so that its thief is noticed; after that it is unknown like any other.
"""

from __future__ import annotations

from sqlalchemy import and_, delete, or_

from fhir_facade.store.assertions import Assertions
from fhir_facade.store.authorizations import Authorizations, Codes
from fhir_facade.store.engine import Store
from fhir_facade.store.logins import Logins
from fhir_facade.store.standing import status_days
from fhir_facade.store.tables import tokens
from fhir_facade.store.tallies import daily_counts

DAY_S = 24 * 3600
SPENT_DAYS = 30
COUNTED_DAYS = 400


def tidy(store: Store, now: int) -> dict[str, int]:
    """Remove it; kind of row → how many went."""
    yesterday = now - DAY_S
    with store.write() as connection:
        removed = {
            "authorizations": Authorizations(connection).remove_older(yesterday),
            "codes": Codes(connection).remove_older(yesterday),
            "assertions": Assertions(connection).remove_older(now),
        }
    with store.write() as connection:
        t = tokens.c
        long_spent = and_(t.kind == "refresh", t.used_at < now - SPENT_DAYS * DAY_S)
        statement = delete(tokens).where(or_(t.until < yesterday, t.revoked_at < now - SPENT_DAYS * DAY_S, long_spent))
        removed["tokens"] = connection.execute(statement).rowcount
    removed["log-ins"] = Logins(store).sweep(now)
    with store.write() as connection:
        old = now // DAY_S - COUNTED_DAYS
        removed["counts"] = connection.execute(delete(daily_counts).where(daily_counts.c.day < old)).rowcount
        removed["status"] = connection.execute(delete(status_days).where(status_days.c.day < old)).rowcount
    return removed
