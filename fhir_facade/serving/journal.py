"""Structured lines on standard error: one JSON object each, made of named fields alone.

What is not asked for by name is not written: no message of an exception, which may hold the row it failed at, and no
text of a library, which may hold a path. An exception is told by its class, by those of what caused it, and by where it
was raised.
"""

from __future__ import annotations

import logging
import os
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import msgspec

OWN = ("fhir_facade",)
"""Loggers whose messages are our own words; of any other only its name and its place are told."""

EXTRA = ("request_id", "worker_status", "source", "fault", "table", "reason", "database")
"""Fields of a record that are written where they are there."""

STANDARD_ERROR = 2
_MOST_CAUSES = 8
_MOST_PLACES = 30
_encode = msgspec.json.Encoder().encode


def write(level: str, what: str, fields: dict[str, Any]) -> None:
    """Write one line; one that cannot be written is lost rather than the request it tells of.

    Args:
        level: ``info``, ``warning`` or ``error``.
        what: what the line tells.
        fields: its further fields.
    """
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    line = _encode({"at": at, "level": level, "what": what, **fields})
    with suppress(OSError):
        os.write(STANDARD_ERROR, line + b"\n")


class Lines(logging.Handler):
    """Writes what is logged."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        own = record.name.split(".")[0].startswith(OWN)
        fields = {name: getattr(record, name) for name in EXTRA if hasattr(record, name)}
        if not own:
            fields |= {"logger": record.name, "place": f"{record.filename}:{record.lineno}"}
        if record.exc_info and record.exc_info[1]:
            fields |= told(record.exc_info[1], places=record.levelno >= logging.ERROR)
        write(record.levelname.lower(), record.getMessage() if own else "a library reports", fields)


def install() -> None:
    """Let everything that is logged from here on become lines, in this process and those that it forks."""
    logging.root.handlers[:] = [Lines(logging.WARNING)]


def told(error: BaseException, *, places: bool) -> dict[str, Any]:
    """An exception without its words.

    Args:
        error: the exception.
        places: whether to say where it was raised.
    """
    fields: dict[str, Any] = {"error": type(error).__name__}
    if causes := [type(one).__name__ for one in _causes(error)]:
        fields["causes"] = causes
    if places:
        deepest = [error, *_causes(error)][-1]
        fields["places"] = [*_places(error.__traceback__), *(_places(deepest.__traceback__) if causes else ())]
    return fields


def _causes(error: BaseException) -> Iterator[BaseException]:
    for _ in range(_MOST_CAUSES):
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is None:
            return
        yield cause
        error = cause


def _places(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace)[-_MOST_PLACES:]
    return [f"{_short(one.filename)}:{one.lineno} {one.name}" for one in frames]


def _short(path: str) -> str:
    return "/".join(path.split(os.sep)[-2:])
