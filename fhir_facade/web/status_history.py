"""The last ninety days of the service, minute by minute: what was seen is told, what nobody saw is called unknown."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date, timedelta
from typing import Any

from fhir_facade.store.engine import StoreUnavailable
from fhir_facade.store.standing import MINUTES, PartDay, Seen, Standing

DAYS = 90
SOURCE = "source:"
"""Parts with this prefix are sources: a good minute is one in which their data were on time."""

_EPOCH = date(1970, 1, 1)
_KEEP_S = 60
_MOST_WAITING = 20_000


class History:
    """Keeps how each part was, once a minute over all processes, and tells it by day.

    Args:
        standing: where it is kept.
        clock: seconds since 1970.
    """

    def __init__(self, standing: Standing, clock: Callable[[], float] = time.time) -> None:
        self._standing = standing
        self._clock = clock
        self._lock = threading.Lock()
        self._minute = 0
        self._waiting: list[Seen] = []
        self._read_at = float("-inf")
        self._days: Sequence[PartDay] = ()

    def note(self, now: Mapping[str, Any]) -> None:
        """Keep an answer of the status page; while the store is down, minutes wait here for it to come back."""
        minute = int(self._clock()) // 60
        with self._lock:
            if minute == self._minute:
                return
            self._minute = minute
            self._waiting = [*self._waiting, *_seen(now, minute)][-_MOST_WAITING:]
            waiting = self._waiting
        try:
            self._standing.saw(waiting)
        except StoreUnavailable:
            return
        with self._lock:
            self._waiting = [one for one in self._waiting if one not in waiting]
            self._read_at = float("-inf")

    def days(self) -> Sequence[PartDay]:
        """What was seen in the last ninety days; what was read a minute ago while the store is down."""
        if self._clock() - self._read_at > _KEEP_S:
            with suppress(StoreUnavailable):
                self._days, self._read_at = self._standing.days(self.today() - DAYS + 1), self._clock()
        return self._days

    def today(self) -> int:
        """The day it is, in days since 1970 (UTC)."""
        return int(self._clock()) // 86_400

    def document(self) -> Mapping[str, Any]:
        """The history of the JSON twin: a day that does not stand there is unknown."""
        parts: dict[str, dict[str, list[dict[str, Any]]]] = {
            "components": defaultdict(list),
            "sources": defaultdict(list),
        }
        for one in self.days():
            if one.part.startswith(SOURCE):
                minutes = {"on_time_minutes": one.good, "late_minutes": one.bad}
                entry = {"day": day_of(one.day).isoformat(), **minutes, **one.told}
                parts["sources"][one.part.removeprefix(SOURCE)].append(entry)
            else:
                minutes = {"up_minutes": one.good, "down_minutes": one.bad}
                parts["components"][one.part].append({"day": day_of(one.day).isoformat(), **minutes})
        return {"days": DAYS, "unlisted_days": "unknown", **parts}


def strips(days: Sequence[PartDay], today: int) -> Mapping[str, Mapping[str, Any]]:
    """Part → what its row of the page shows: a word for each of ninety days, and the days with trouble."""
    found: dict[str, dict[int, PartDay]] = defaultdict(dict)
    for one in days:
        found[one.part][one.day] = one
    return {part: _strip(seen, today) for part, seen in found.items()}


def _strip(seen: Mapping[int, PartDay], today: int) -> Mapping[str, Any]:
    span = range(today - DAYS + 1, today + 1)
    words = [_word(seen.get(day)) for day in span]
    good, bad = (sum(getattr(one, name) for one in seen.values()) for name in ("good", "bad"))
    return {
        "words": words,
        "counts": {word: words.count(word) for word in ("good", "bad", "unknown")},
        "percent": f"{100 * good / (good + bad):.2f}",
        "trouble": [_trouble(seen[day]) for day in reversed(span) if words[day - span.start] == "bad"],
    }


def _trouble(one: PartDay) -> Mapping[str, Any]:
    return {"day": day_of(one.day), "bad": one.bad, "seen": one.good + one.bad, "unknown": MINUTES - one.good - one.bad}


def _word(one: PartDay | None) -> str:
    if one is None:
        return "unknown"
    return "bad" if one.bad else "good"


def day_of(day: int) -> date:
    """The calendar day of a number of days since 1970."""
    return _EPOCH + timedelta(days=day)


def _seen(now: Mapping[str, Any], minute: int) -> Sequence[Seen]:
    components = [Seen(name, minute, good, {}) for name, good in now["components"].items()]
    sources = [
        Seen(SOURCE + one["source"], minute, not one["late"], {n: one[n] for n in ("data_through", "published")})
        for one in now["sources"]
        if one["late"] is not None
    ]
    return [*components, *sources]
