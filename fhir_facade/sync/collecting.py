"""The interpreter's search for unreachable cycles, kept out of a sync's way.

A batch is millions of small objects that all live until it is written: every search would visit them all and find
nothing, for a third of the whole time. Between batches there is little to visit.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
    """Search what is new since the last time: a batch was written and let go of."""
    gc.collect(0)
