"""Signals that end a process, handled so that a second one at the wrong moment cannot stop it for ever.

A handler runs between any two steps of the main thread. ``Event.set`` takes a lock, so a handler that sets an event
must neither interrupt itself nor a main thread that waits for that event: either would wait for itself.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from threading import Event

_STEP_S = 0.05

_SIGNAL_AT_DEATH_OF_PARENT = 1
"""PR_SET_PDEATHSIG of prctl(2)."""


def end_at(event: Event, *numbers: signal.Signals) -> None:
    """Set ``event`` at the first of these signals; those that come after it change nothing.

    Args:
        event: what the main thread looks at, and waits for by ``pause`` alone.
        numbers: the signals.
    """

    def first(number: int, frame: object) -> None:
        del number, frame
        for each in numbers:
            signal.signal(each, signal.SIG_IGN)
        event.set()

    for each in numbers:
        signal.signal(each, first)


def end_with(parent: int, event: Event) -> None:
    """Get SIGTERM when the process that started this one is gone, however it ended; Linux alone tells.

    Args:
        parent: the process id of that one.
        event: set where it is gone already.
    """
    prctl = getattr(ctypes.CDLL(None), "prctl", None)
    if prctl is not None:
        prctl(_SIGNAL_AT_DEATH_OF_PARENT, int(signal.SIGTERM))
    if os.getppid() != parent:
        event.set()


def pause(event: Event, seconds: float) -> None:
    """Wait so long, or until ``event`` is set, without a lock that a handler could want."""
    end = time.monotonic() + seconds
    while not event.is_set() and (left := end - time.monotonic()) > 0:
        time.sleep(min(_STEP_S, left))
