"""FHIR dates, date-times, instants and Periods as half-open ranges of microseconds.

A value without a zone is taken as UTC: dates of service have no zone, so that a day means the same day for everybody.

Source: R4 §3.1.1.4.7 (date), datatypes §2.24.0.1 (the grammars of date, dateTime, instant).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from fhir_facade.search.query import Span

_EPOCH = date(1970, 1, 1).toordinal()
_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
_MOMENT = re.compile(
    r"(?P<year>\d{4})(?:-(?P<month>\d\d)(?:-(?P<day>\d\d)"
    r"(?:T(?P<hour>[01]\d|2[0-3]):(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d|60)(?:\.(?P<fraction>\d+))?)?"
    r"(?P<zone>Z|[+\- ](?:0\d|1[0-3]):[0-5]\d|[+\- ]14:00)?)?)?)?",
    re.ASCII,
)


@lru_cache(maxsize=8_192)  # days come back again and again
def span(text: str) -> Span:
    """The whole year, month, day, minute, second or fraction that ``text`` names.

    A space is read as the ``+`` of a zone, which is what an unescaped ``+`` in a URL turns into.

    Raises:
        ValueError: ``text`` is no FHIR date or date-time, or a day that does not exist.
    """
    parts = _MOMENT.fullmatch(text)
    if parts is None:
        raise ValueError("not a date of the form YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm[:ss[.sss]][zone]")
    if parts["hour"] is not None:
        return _time_span(parts)
    year, month, day = int(parts["year"]), int(parts["month"] or 1), int(parts["day"] or 1)
    low = date(year, month, day).toordinal()
    if parts["day"] is not None:
        high = low + 1
    elif parts["month"] is not None:
        high = _first_of(year + month // 12, month % 12 + 1)
    else:
        high = _first_of(year + 1, 1)
    return Span((low - _EPOCH) * _DAY, (high - _EPOCH) * _DAY)


def _first_of(year: int, month: int) -> int:
    if year > date.max.year:
        return date.max.toordinal() + 1
    return date(year, month, 1).toordinal()


def _time_span(parts: re.Match[str]) -> Span:
    day = date(int(parts["year"]), int(parts["month"]), int(parts["day"])).toordinal() - _EPOCH
    seconds = int(parts["hour"]) * 3600 + int(parts["minute"]) * 60 + int(parts["second"] or 0)
    low = day * _DAY + seconds * _SECOND - _offset(parts["zone"])
    if parts["second"] is None:
        return Span(low, low + 60 * _SECOND)
    if parts["fraction"] is None:
        return Span(low, low + _SECOND)
    digits = parts["fraction"][:6]
    width = 10 ** (6 - len(digits))
    low += int(digits) * width
    return Span(low, low + width)


def _offset(zone: str | None) -> int:
    if zone is None or zone == "Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[4:6])
    return (-minutes if zone[0] == "-" else minutes) * 60 * _SECOND


def period_span(period: Mapping[str, Any]) -> Span | None:
    """The range of a Period: a bound that is absent is open, a day as end counts whole. None where both are absent.

    Raises:
        ValueError: a bound is no FHIR date-time.
    """
    start, end = period.get("start"), period.get("end")
    if start is None and end is None:
        return None
    return Span(span(start).low if start is not None else None, span(end).high if end is not None else None)
