"""What an upstream was just read for: kept for the pages that follow, so that each of them asks it nothing again.

Order and pages are the facade's, so the first page of a search reads all that the upstream finds. Without a memory
every further page would, too. Kept is what was checked and made ready, compressed, by member, type and what was asked;
no more than so many bytes, no longer than so many seconds. A new search reads anew.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from msgspec import structs

from fhir_facade.resources.shaping import Shaped
from fhir_facade.search.index import index

MOST_BYTES = 48_000_000
"""In one process, compressed: tens of thousands of claims."""

UNUSED_S = 180.0
"""So long after its last page a history is forgotten."""

LONGEST_S = 900.0
"""So long after it was read, whatever happens."""

AT_ONCE_S = 2.0
"""A page and the total beside it are of one request."""

_EACH = 400
"""Bytes that a resource takes besides its body, about."""


@dataclass(slots=True)
class _History:
    resources: tuple[Shaped, ...]
    size: int
    read: float
    used: float = field(default=0.0)


class KeptHistories:
    """Remembers histories; bounded.

    Args:
        most: bytes of all of them.
    """

    def __init__(self, most: int = MOST_BYTES) -> None:
        self._most = most
        self._size = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, _History] = OrderedDict()

    def get(self, key: Hashable, within: float) -> Iterator[Shaped] | None:
        """What was kept under ``key`` and used in the last ``within`` seconds; None where it has to be read."""
        now = time.monotonic()
        with self._lock:
            self._forget(now)
            found = self._kept.get(key)
            if found is None or now - found.used > within:
                return None
            found.used = now
            self._kept.move_to_end(key)
        return (_opened(one) for one in found.resources)

    def keep(self, key: Hashable, resources: Iterable[Shaped]) -> Iterator[Shaped]:
        """The same resources, kept once the last of them was taken; a history beyond all bounds is not."""
        packed: list[Shaped] | None = []
        size, begun = 0, time.monotonic()
        for one in resources:
            if packed is not None:
                packed.append(_packed(one))
                size += len(packed[-1].rendered.body) + _EACH
                packed = packed if size <= self._most else None
            yield one
        if packed is not None:
            with self._lock:
                self._drop(key)
                self._kept[key] = _History(tuple(packed), size, begun, time.monotonic())
                self._size += size
                self._forget(time.monotonic())

    def _forget(self, now: float) -> None:
        old = [k for k, one in self._kept.items() if now - one.used > UNUSED_S or now - one.read > LONGEST_S]
        for key in old:
            self._drop(key)
        while self._size > self._most:
            self._drop(next(iter(self._kept)))

    def _drop(self, key: Hashable) -> None:
        found = self._kept.pop(key, None)
        self._size -= found.size if found is not None else 0


def _packed(one: Shaped) -> Shaped:
    body = zlib.compress(one.rendered.body, 1)
    return replace(one, rendered=structs.replace(one.rendered, body=body), values={})


def _opened(one: Shaped) -> Shaped:
    return replace(one, rendered=structs.replace(one.rendered, body=zlib.decompress(one.rendered.body)))


def seen_by_searches(one: Shaped) -> Shaped:
    """The resource with what searches see of it, found out again where it was kept without."""
    return one if one.values else replace(one, values=index(json.loads(one.rendered.body)))
