"""The interpreter's search for unreachable cycles, kept out of a sync's way.

A batch is millions of small objects that all live until it is written: every search would visit them all and find
nothing, for a third of the whole time. Between batches there is less to visit, and hardly more to find.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

_BATCHES = 10
"""Batches between two searches: one leaves some dozen objects to find, and what it taught the caches is visited."""

_batches = count(1)


@contextmanager
def collected_between_batches() -> Iterator[None]:
    """No search for cycles unless ``collect`` asks for one; as it was before, afterwards."""
    was_on = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


def collect() -> None:
    """A batch was written and let go of: every so often, search what is new since the last time."""
    if next(_batches) % _BATCHES == 0:
        gc.collect(0)
