"""How an app is used: requests by day, errors by kind, and when it last came; for its own developer alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fhir_facade.store import Store
from fhir_facade.store.tallies import APP, DAY_S, Count, counts
from fhir_facade.web.language import Texts
from fhir_facade.web.status_history import day_of

DAYS = 30


def use_of(store: Store, app_id: str, now: int, texts: Texts) -> Mapping[str, Any]:
    """What the page about an app shows: ``days`` with requests, ``errors`` by kind, and ``last`` in words.

    Args:
        store: the facade's own database.
        app_id: the app.
        now: seconds since 1970.
        texts: of the page's language.

    Raises:
        StoreUnavailable: the database does not answer.
    """
    found = counts(store, APP, since=now // DAY_S - DAYS + 1, subject=app_id)
    last = max((one.last_at for one in found), default=None)
    return {
        "days": _days(found),
        "errors": _errors(found, texts),
        "last": _moment(last, texts) if last else "",
    }


def _days(found: Sequence[Count]) -> Sequence[Mapping[str, Any]]:
    by_day: dict[int, list[Count]] = defaultdict(list)
    for one in found:
        by_day[one.day].append(one)
    return [
        {
            "day": day_of(day),
            "requests": sum(one.number for one in of_day),
            "errors": sum(one.number for one in of_day if is_error(one.what)),
        }
        for day, of_day in sorted(by_day.items(), reverse=True)
    ]


def _errors(found: Sequence[Count], texts: Texts) -> Sequence[Mapping[str, Any]]:
    by_what: dict[str, list[Count]] = defaultdict(list)
    for one in found:
        if is_error(one.what):
            by_what[one.what].append(one)
    rows = [_error(what, several, texts) for what, several in by_what.items()]
    return sorted(rows, key=lambda row: -row["number"])


def _error(what: str, several: Sequence[Count], texts: Texts) -> dict[str, Any]:
    kind, _, status = what.partition(" ")
    return {
        "kind": texts.or_else(f"use.kind_{kind}", kind),
        "status": status,
        "advice": texts.or_else(f"use.why_{status}", ""),
        "number": sum(one.number for one in several),
        "last": _moment(max(one.last_at for one in several), texts),
    }


def is_error(what: str) -> bool:
    """Whether a counted request was refused or failed: a status from 400, or an OAuth error by its name."""
    status = what.rpartition(" ")[2]
    return not status.isdigit() or int(status) >= 400


def _moment(at: int, texts: Texts) -> str:
    moment = datetime.fromtimestamp(at, UTC)
    return f"{texts.date(moment)}, {moment:%H:%M} UTC"
