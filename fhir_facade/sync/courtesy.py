"""A sync gives way to whoever answers members on the same machine."""

from __future__ import annotations

import os
from contextlib import suppress

NICEST = 19


def give_way() -> None:
    """Run only where nobody else of this machine wants to, from now on; so does every process that this one forks.

    Linux lets even the nicest process finish its turn of some milliseconds, for which a request would have to wait;
    an idle one is stopped at once.
    """
    os.setpriority(os.PRIO_PROCESS, 0, NICEST)
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # some containers forbid it; being nice is then all that can be done
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def let_go_first() -> None:
    """Let whoever waits for this core have it now.

    Newer kernels stop even an idle process at its next call of the system or tick of the clock, whichever comes first,
    and a process that maps calls the system seldom.
    """
    os.sched_yield()
