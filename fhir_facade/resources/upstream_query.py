"""What an upstream FHIR server is asked: the facade's narrowing as plain search parameters.

Every condition is wider than the search, by a day or a second: zones, precision and odd reading of a prefix at the
upstream may cost a few resources more, never one less.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from fhir_facade.resources.plan import Narrowing
from fhir_facade.search.query import Criterion, SearchQuery, TokenValue
from fhir_facade.search.registry import REGISTRY

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)
_SECOND = timedelta(seconds=1)
_CLAIM = "ExplanationOfBenefit"


def parameters(query: SearchQuery, narrowing: Narrowing) -> tuple[tuple[str, str], ...]:
    """Search parameters that every match meets, as name/value pairs."""
    return (*_service(query, narrowing), *_updated(narrowing), *_identifiers(query))


def _service(query: SearchQuery, narrowing: Narrowing) -> Iterator[tuple[str, str]]:
    if query.resource_type == _CLAIM:
        if (moment := _moment(narrowing.high, -_DAY)) is not None:
            yield "service-date", f"ge{moment.date().isoformat()}"
        if (moment := _moment(narrowing.low, _DAY)) is not None:
            yield "service-date", f"le{moment.date().isoformat()}"


def _updated(narrowing: Narrowing) -> Iterator[tuple[str, str]]:
    if (moment := _moment(narrowing.updated_low, -_SECOND)) is not None:
        yield "_lastUpdated", f"ge{_instant(moment)}"
    if (moment := _moment(narrowing.updated_high, _SECOND)) is not None:
        yield "_lastUpdated", f"le{_instant(moment)}"


def _identifiers(query: SearchQuery) -> Iterator[tuple[str, str]]:
    declared = REGISTRY[query.resource_type].parameters.get("identifier")
    if declared is None or declared.folded:
        return
    for criterion in query.criteria:
        if criterion.parameter == "identifier" and criterion.modifier is None:
            values = _tokens(criterion)
            if len(values) == len(criterion.values):
                yield "identifier", ",".join(values)


def _tokens(criterion: Criterion) -> list[str]:
    return [
        f"{escaped(value.system)}|{escaped(value.code)}"
        for value in criterion.values
        if isinstance(value, TokenValue) and value.system and value.code
    ]


def escaped(text: str) -> str:
    """A value as it stands in a search parameter.

    Source: R4 §3.1.1.3 (escaping).
    """
    return "".join(f"\\{letter}" if letter in "\\,|$" else letter for letter in text)


def _moment(microseconds: int | None, margin: timedelta) -> datetime | None:
    if microseconds is None:
        return None
    try:
        return _EPOCH + timedelta(microseconds=microseconds) + margin
    except OverflowError:  # a year that Python has no date for: no limit
        return None


def _instant(moment: datetime) -> str:
    return moment.replace(microsecond=0, tzinfo=None).isoformat() + "Z"
