"""Claims of a member who is left out: nobody can be shown them, so each is listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy.engine import Connection

from fhir_facade.contracts.claims import ClaimQuery, Rejected
from fhir_facade.contracts.people import SourcePosition
from fhir_facade_claims_sql.fetch import Fetcher

CLAIMS_AT_ONCE = 500
"""Claims of one member that are read together."""

_REASON = "the claim is left out: its member is left out"


def left_out(fetcher: Fetcher, connection: Connection, member_id: str) -> Iterator[Rejected]:
    """A reject for each of the member's claims."""
    query, more = ClaimQuery(member_id=member_id, count=CLAIMS_AT_ONCE), True
    while more:
        page = fetcher.page(connection, query, ())
        yield from page.faults
        for claim in page.claims:
            position = claim.position or SourcePosition(file="claims", line=claim.claim_id)
            yield Rejected(position=position, reason=_REASON)
            query = replace(query, after=(claim.service_start, claim.claim_id))
        more = page.more and bool(page.claims)
