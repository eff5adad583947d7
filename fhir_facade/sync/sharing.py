"""What one process reads, handed to others a stretch at a time; what they made is put down in the order of reading."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.resources.frames import Dictionary
from fhir_facade.sync.harvest import Harvest
from fhir_facade.sync.pool import Pool, Stretch

STRETCH = 400
"""Records that a process maps at a time."""


class Sharing:
    """Keeps a pool at work.

    Args:
        pool: maps.
        put: takes what was mapped, in order.
        here: maps records in this process.
        dictionary: what the pool compresses under, as soon as there is one.
        stretch: records that are handed out at a time.
    """

    def __init__(
        self,
        pool: Pool,
        put: Callable[[Harvest], None],
        here: Callable[[MemberRecords], None],
        dictionary: Callable[[], Dictionary | None],
        stretch: int = STRETCH,
    ) -> None:
        self._pool = pool
        self._put = put
        self._here = here
        self._dictionary = dictionary
        self._stretch = stretch
        self._pending: list[MemberRecords] = []
        self._claims = 0

    def add(self, records: MemberRecords, watermark: str | None) -> None:
        """Have records mapped that the source handed over at ``watermark``.

        Raises:
            FacadeError: what was handed out before cannot be mapped, or a process died.
        """
        self._pending.append(records)
        self._claims += 1 + len(records.claims)
        if self._claims >= self._stretch:
            self._hand_out_pending(watermark)

    def read(self, stretches: Iterable[str], watermark: str | None) -> None:
        """Have stretches of the source read and mapped, and wait for them.

        Raises:
            FacadeError: a stretch cannot be read or mapped, or a process died.
        """
        for stretch in stretches:
            self._hand_out(stretch, watermark)
        self._wait()

    def drain(self, watermark: str | None) -> None:
        """Wait until everything that was added is put down; what is too little to share is mapped here.

        Raises:
            FacadeError: something cannot be mapped, or a process died.
        """
        if self._pool.used:
            self._hand_out_pending(watermark)
        self._wait()
        self._map_pending()

    def close(self) -> None:
        """End the pool."""
        self._pool.close()

    def _hand_out_pending(self, watermark: str | None) -> None:
        try:
            stretch = pickle.dumps(self._pending, pickle.HIGHEST_PROTOCOL)
        except Exception:  # it holds what no contract knows of: mapping rejects that, and it alone
            self._wait()
            self._map_pending()
            return
        self._pending, self._claims = [], 0
        self._hand_out(stretch, watermark)

    def _hand_out(self, stretch: Stretch, watermark: str | None) -> None:
        while self._pool.full or self._pool.ready:
            self._put(self._pool.take_back())
        self._pool.hand_out(stretch, self._dictionary(), watermark)

    def _wait(self) -> None:
        while self._pool.busy:
            self._put(self._pool.take_back())

    def _map_pending(self) -> None:
        pending, self._pending, self._claims = self._pending, [], 0
        for records in pending:
            self._here(records)
