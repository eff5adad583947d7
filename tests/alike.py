"""Whether two things take the same time, on a machine that does other things meanwhile."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

MOST_S = 0.002
_BATCHES = 5


def gap_s(one: Callable[[], object], other: Callable[[], object], rounds: int) -> float:
    """How far the medians of ``rounds`` interleaved pairs are apart, in seconds.

    A difference of the code shows every time, one of the machine does not: where a batch is above the limit, another
    one is measured.
    """
    for _ in range(_BATCHES):
        pairs = [(_seconds(one), _seconds(other)) for _ in range(rounds)]
        first, second = (statistics.median(times) for times in zip(*pairs, strict=True))
        if abs(first - second) < MOST_S:
            break
    return abs(first - second)


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
