"""When a source is synced again: by the clock, or when new files have arrived whole. Pure, but for looking at a folder.

``every 15 minutes``, ``every 6 hours`` count from the end of the last run; ``daily at 02:00`` is UTC; ``on files`` is
when files in the source's drop folder have not changed for a minute.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

_EVERY = re.compile(r"every ([1-9]\d{0,3}) (minute|hour|day)s?")
_DAILY = re.compile(r"daily at ([01]\d|2[0-3]):([0-5]\d)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_SATURDAY = 5

SETTLED = timedelta(minutes=1)
"""A file that has not changed for so long has arrived whole."""

FORMS = '"every 15 minutes", "every 6 hours", "daily at 02:00" (UTC) or "on files"'


@dataclass(frozen=True, slots=True)
class Schedule:
    """When to sync: an interval, a time of day, or new files."""

    interval: timedelta | None = None
    at: time | None = None
    on_files: bool = False

    def due(
        self,
        last: datetime | None,
        now: datetime,
        drop: Path | None = None,
        seen: Collection[str] | None = None,
    ) -> bool:
        """Whether a run should begin.

        Args:
            last: end of the last run; None for never.
            now: the current instant.
            drop: the folder that files arrive in, for ``on files``.
            seen: the ``files_in`` that folder at the last run: whoever copies or unpacks may keep a file's old date.
        """
        if self.on_files:
            newest = newest_settled(drop, now) if drop else None
            if newest is None or drop is None:
                return False
            return last is None or newest > last or (seen is not None and not files_in(drop) <= set(seen))
        if last is None:
            return True
        if self.interval is not None:
            return now - last >= self.interval
        today = datetime.combine(now.date(), self.at or time(), tzinfo=UTC)
        point = today if now >= today else today - timedelta(days=1)
        return last < point


def parse(text: str) -> Schedule:
    """The schedule written in a config.

    Raises:
        ValueError: it is none of the known forms.
    """
    if text == "on files":
        return Schedule(on_files=True)
    if match := _EVERY.fullmatch(text):
        return Schedule(interval=int(match[1]) * _UNITS[match[2]])
    if match := _DAILY.fullmatch(text):
        return Schedule(at=time(int(match[1]), int(match[2])))
    raise ValueError(f"write {FORMS}")


def files_in(folder: Path) -> frozenset[str]:
    """The files of a drop folder, each with its size and date: what changes is another one."""
    try:
        return frozenset(f"{path.relative_to(folder)} {_marks(path)}" for path in _files(folder))
    except FileNotFoundError:
        return frozenset()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))


def _marks(path: Path) -> str:
    found = path.stat()
    return f"{found.st_size} {found.st_mtime_ns}"


def newest_settled(folder: Path, now: datetime) -> datetime | None:
    """When the newest file arrived; None while there is none, or any is still changing or just being moved away."""
    try:
        changed = [_changed(path, now) for path in _files(folder)]
    except FileNotFoundError:
        return None
    if not changed or now - max(changed) < SETTLED:
        return None
    return max(changed)


def _changed(path: Path, now: datetime) -> datetime:
    """When a file was written; where whoever copied it gave it a date to come, when it was put there."""
    found = path.stat()
    written = datetime.fromtimestamp(found.st_mtime, UTC)
    return written if written <= now else datetime.fromtimestamp(found.st_ctime, UTC)


def business_days(start: datetime, end: datetime) -> int:
    """Whole working days (Monday to Friday) after the day of ``start`` up to the day of ``end``."""
    day, found = start.date(), 0
    while day < end.date():
        day += timedelta(days=1)
        found += day.weekday() < _SATURDAY
    return found


def is_late(received: datetime | None, published: datetime | None, now: datetime) -> bool:
    """Whether the one-business-day rule is broken: data received, or last published, more than one working day ago.

    Source: 42 CFR 431.60(b)(1).
    """
    newest = max((at for at in (received, published) if at), default=None)
    return newest is None or business_days(newest, now) > 1
