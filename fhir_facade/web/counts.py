"""Counts of requests in this process's memory, without a thread.

The library's own memory storage starts a thread every hundredth of a second to forget what expired, which costs more
than a page of claims. Here what expired is forgotten now and then, on the way.
"""

from __future__ import annotations

import threading
import time

from limits.storage import MemoryStorage

_SWEEP_S = 30.0


class Counts(MemoryStorage):
    """Counters that end with their window; named ``counts://`` as a storage."""

    STORAGE_SCHEME = ["counts"]  # noqa: RUF012 - the library declares it so

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: str) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions, **_)
        self._counting = threading.Lock()
        self._next_sweep = time.time() + _SWEEP_S

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count; the number in the window that is open now."""
        now = time.time()
        with self._counting:
            if now >= self._next_sweep:
                self._sweep(now)
            if self.expirations.get(key, 0) <= now:
                self.storage[key] = 0
                self.expirations[key] = now + expiry
            self.storage[key] += amount
            return self.storage[key]

    def get(self, key: str) -> int:
        """The number in the window that is open now."""
        return self.storage.get(key, 0) if self.expirations.get(key, 0) > time.time() else 0

    def _sweep(self, now: float) -> None:
        self._next_sweep = now + _SWEEP_S
        for key in [key for key, ends in self.expirations.items() if ends <= now]:
            self.storage.pop(key, None)
            self.expirations.pop(key, None)
