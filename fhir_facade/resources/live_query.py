"""What a live source is asked: the facade's narrowing in the words of the contract. The source may give more."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from fhir_facade.contracts.claims import ClaimQuery
from fhir_facade.fhir.ids import facade_id
from fhir_facade.resources.order import UNRANKED
from fhir_facade.resources.page import Position
from fhir_facade.resources.plan import Narrowing

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def local_id(source: str, identifier: str) -> str | None:
    """The source's own id of a resource; None where it is none of the source's, or too long to be told back."""
    prefix = f"{source}-"
    local = identifier.removeprefix(prefix)
    return local if identifier.startswith(prefix) and facade_id(source, local) == identifier else None


def claim_query(source: str, member_id: str, narrowing: Narrowing, after: Position | None, count: int) -> ClaimQuery:
    """The claims that can match, from ``after`` on; ``count`` is how many are hoped to do."""
    ids = narrowing.ids
    return ClaimQuery(
        member_id=member_id,
        count=count,
        after=_place_of(source, after),
        claim_ids=None if ids is None else tuple(local for one in ids if (local := local_id(source, one)) is not None),
        service_from=_day(narrowing.high),
        service_to=_day(None if narrowing.low is None else narrowing.low - 1),
        updated_from=_instant(narrowing.updated_low),
        updated_to=_instant(narrowing.updated_high),
    )


def is_plain(source: str, local: str) -> bool:
    """Whether a resource's id tells the source's own id, so that both are in one order."""
    return facade_id(source, local) == f"{source}-{local}"


def from_its_day(query: ClaimQuery) -> ClaimQuery:
    """The same from the first claim of the day on which ``after`` stands: ids begin after the empty one."""
    return query if query.after is None else replace(query, after=(query.after[0], ""))


def _place_of(source: str, after: Position | None) -> tuple[date, str] | None:
    if after is None or not isinstance(after.keys[0], int) or after.keys[0] == UNRANKED:
        return None
    local = local_id(source, after.id)
    if local is None or may_stand_for(source, after.id):
        local = ""
    return date.fromordinal(-after.keys[0]), local


def may_stand_for(source: str, identifier: str) -> bool:
    """Whether an id looks like the hash of one too long to be told back."""
    return re.fullmatch(rf"{re.escape(source)}-[0-9a-f]{{{min(40, 63 - len(source))}}}", identifier) is not None


def _instant(microseconds: int | None) -> datetime | None:
    if microseconds is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:  # a year that Python has no date for: no limit
        return None


def _day(microseconds: int | None) -> date | None:
    moment = _instant(microseconds)
    return None if moment is None else moment.date()
