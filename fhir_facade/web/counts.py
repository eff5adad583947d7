"""Counts of requests in memory that all workers of one machine share, without a thread and without a lock between them.

The library's own memory storage starts a thread every hundredth of a second to forget what expired, which costs more
than a page of claims, and each process would count for itself. Here a count is a slot of a table in memory that forked
workers inherit. What expired is overwritten, or else, of the few slots that a key may have, that which ends first.
Two workers that count in the very same microsecond may count once.
"""

from __future__ import annotations

import hashlib
import mmap
import struct
import threading
import time
from functools import lru_cache

from limits.storage import Storage

SLOTS = 1 << 16
_SLOT = struct.Struct("<QdQ")
_NEARBY = 8
"""Slots that are looked at for a key, one after the other."""

_shared: mmap.mmap | None = None


def share() -> None:
    """Let every worker that is forked from here on count in one table."""
    global _shared
    _shared = _table()


def _table() -> mmap.mmap:
    return mmap.mmap(-1, (SLOTS + _NEARBY) * _SLOT.size)


class Counts(Storage):
    """Counters that end with their window; named ``counts://`` as a storage."""

    STORAGE_SCHEME = ["counts"]  # noqa: RUF012 - the library declares it so

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: str) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._slots = _shared or _table()
        self._counting = threading.Lock()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What can go wrong: nothing of a kind of its own."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; the number in the window that is open now."""
        return self.use(key, expiry, amount)[0]

    def use(self, key: str, expiry: float, amount: int = 1) -> tuple[int, float]:
        """Count; the number in the window that is open now, and when that ends."""
        name, now = _name(key), time.time()
        with self._counting:
            place, ends, count = self._find(name, now)
            if ends <= now:
                ends, count = now + expiry, 0
            _SLOT.pack_into(self._slots, place, name, ends, count + amount)
        return count + amount, ends

    def get(self, key: str) -> int:
        """The number in the window that is open now."""
        return self._find(_name(key), time.time())[2]

    def get_expiry(self, key: str) -> float:
        """When the window that is open now ends; now where none is."""
        now = time.time()
        return self._find(_name(key), now)[1] or now

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def clear(self, key: str) -> None:
        """Forget one count."""
        place, _, _ = self._find(_name(key), time.time())
        _SLOT.pack_into(self._slots, place, 0, 0.0, 0)

    def reset(self) -> int | None:
        """Forget every count."""
        self._slots[:] = bytes(len(self._slots))
        return None

    def _find(self, name: int, now: float) -> tuple[int, float, int]:
        """Where a key's count stands, when it ends and what it is; for an unknown one a slot to take, and nothing."""
        first = name % SLOTS * _SLOT.size
        free, soonest = first, float("inf")
        for place in range(first, first + _NEARBY * _SLOT.size, _SLOT.size):
            key, ends, count = _SLOT.unpack_from(self._slots, place)
            if key == name and ends > now:
                return place, ends, count
            if ends < soonest:
                free, soonest = place, ends
        return free, 0.0, 0


@lru_cache(maxsize=4096)
def _name(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode("utf-8", "replace"), digest_size=8).digest(), "little")
