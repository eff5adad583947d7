"""Read-only connections to the replica: one per thread, opened after the fork, replaced when the database was.

The hot path runs on the driver's own connection, taken from SQLAlchemy's pool and kept by the thread. Nothing here
writes: SQLite is asked to refuse (``query_only``), PostgreSQL too (``default_transaction_read_only``). With standbys,
threads spread over all places; a statement whose connection breaks is run again elsewhere, since it only reads.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.engine import URL

from fhir_facade.contracts.databases import told
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources.database import DATABASE_ERRORS
from fhir_facade.resources.frames import PLAIN, Dictionary, Opener
from fhir_facade.resources.lookups import dictionary_text, source_text
from fhir_facade.resources.places import CutOff, Place

Row = Sequence[Any]

_OPENING_ERRORS: tuple[type[Exception], ...] = (*DATABASE_ERRORS, ClaimsUnavailable)

_KEPT_S = 60.0
"""With standbys, a connection is given up after this long, so that lag is looked at and load spreads again."""


@dataclass(slots=True)
class _Held:
    """What one thread holds open."""

    process: int
    place: Place
    file: tuple[int, int] | None
    until: float
    checkout: Any
    connection: Any
    openers: dict[int, Opener] = field(default_factory=lambda: {0: Opener(PLAIN)})
    sources: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def broken(self) -> bool:
        """Whether the connection, not the statement, is what failed."""
        return self.place.path is None and bool(self.connection.closed)


class Reader:
    """Runs statements for one replica.

    Args:
        url: of the replica.
        standbys: URLs of hot standbys that are read from, too.
    """

    def __init__(self, url: URL, standbys: Sequence[URL] = ()) -> None:
        self.dialect = url.get_backend_name()
        self._places = [Place(one) for one in (url, *standbys)]
        self._turn = itertools.count(os.getpid())
        self._local = threading.local()
        self._inherited: list[Any] = []  # connections of the process we were forked from: never closed from here

    def rows(self, text: str, values: dict[str, Any], source: str | None = None) -> Sequence[Row]:
        """Every row of a statement.

        Args:
            text: of the statement.
            values: by name.
            source: a source whose numbers go with them, as ``source`` and, for what members share, ``shared``.

        Raises:
            ClaimsUnavailable: the database is gone, locked, slow, or not migrated; or ``source`` was never synced here.
        """
        for attempt in range(len(self._places) + 1):
            held = None
            try:
                held = self._held()
                named = values if source is None else values | self._numbers(held, source)
                return _fetch(held, text, named)
            except DATABASE_ERRORS as error:
                broken = held is not None and held.broken
                if held is not None and broken:
                    held.place.rest(error)
                self._drop()
                if not broken or attempt == len(self._places):  # elsewhere only where the connection broke
                    raise ClaimsUnavailable(f"the replica cannot be read: {told(error)}") from error
        raise ClaimsUnavailable("the replica cannot be read")

    def opener(self, key: int) -> Opener:
        """What opens rows written under dictionary ``key``."""
        openers: dict[int, Opener] = self._local.held.openers  # of the connection that the row came from
        opener = openers.get(key)
        if opener is None:
            opener = openers[key] = Opener(self._load(key))
        return opener

    def close(self) -> None:
        """Close this thread's connection and the idle ones."""
        self._drop()
        for place in self._places:
            place.close()

    def _held(self) -> _Held:
        held: _Held | None = getattr(self._local, "held", None)
        if held is not None and held.process == os.getpid() and held.file == held.place.file():
            if len(self._places) == 1 or time.monotonic() < held.until:
                return held
            held.checkout.close()
            self._local.held = None
        return self._open()

    def _open(self) -> _Held:
        """A connection to the first place that gives one; those that failed a moment ago are asked last.

        A standby that its primary does not feed is taken where no other place answers: it goes on when the primary is
        gone, and does not tell the past as long as the primary is there.
        """
        self._drop()
        start = next(self._turn) % len(self._places)
        turned = self._places[start:] + self._places[:start]
        cut_off: list[Place] = []
        failure: Exception = ClaimsUnavailable("the replica cannot be read")
        for place in sorted(turned, key=lambda one: one.resting):
            try:
                return self._hold(place, place.connect())
            except _OPENING_ERRORS as error:
                place.rest(error)
                failure = error
                if isinstance(error, CutOff):
                    cut_off.append(place)
        for place in cut_off:
            with suppress(*_OPENING_ERRORS):
                return self._hold(place, place.connect(cut_off_too=True))
        raise failure

    def _hold(self, place: Place, checkout: Any) -> _Held:
        until = time.monotonic() + _KEPT_S
        held = _Held(os.getpid(), place, place.file(), until, checkout, checkout.driver_connection)
        self._local.held = held
        return held

    def _drop(self) -> None:
        held: _Held | None = getattr(self._local, "held", None)
        self._local.held = None
        if held is None:
            return
        if held.process == os.getpid():
            held.checkout.invalidate()
        else:
            self._inherited.append(held)

    def _numbers(self, held: _Held, source: str) -> dict[str, int]:
        numbers = held.sources.get(source)
        if numbers is None:
            found = _fetch(held, source_text(self.dialect), {"name": source})
            if not found:
                raise ClaimsUnavailable(f"source {source} was never synced; run fhir-facade sync {source}")
            numbers = held.sources[source] = {"source": found[0][0], "shared": -found[0][0]}
        return numbers

    def _load(self, key: int) -> Dictionary:
        found = self.rows(dictionary_text(self.dialect), {"key": key})
        if not found:
            raise ClaimsUnavailable(f"dictionary {key} of the replica is missing")
        return Dictionary(*found[0])


def _fetch(held: _Held, text: str, values: dict[str, Any]) -> Sequence[Row]:
    found: Sequence[Row] = held.connection.execute(text, values).fetchall()
    return found
