"""A sync gives way to whoever answers members on the same machine."""

from __future__ import annotations

import os
from contextlib import suppress

READER = 10
"""The ``nice`` value of the process that reads the source and writes the copy."""

MAPPER = 19
"""That of the processes that map and compress, which would keep every core busy."""


def give_way(courtesy: int = READER) -> None:
    """Let other processes of this machine go first, from now on; nothing changes where that is so already.

    Args:
        courtesy: the ``nice`` value.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) < courtesy:
        os.setpriority(os.PRIO_PROCESS, 0, courtesy)


def take_what_is_left() -> None:
    """Run only where nobody else wants to, in a run that gives way; in another (a sandbox's first) nothing changes.

    Linux lets even the nicest process finish its turn of some milliseconds, for which a request would have to wait;
    an idle one is stopped at once.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) < READER:
        return
    give_way(MAPPER)
    if hasattr(os, "SCHED_IDLE"):
        with suppress(OSError):  # some containers forbid it; being nice is then all that can be done
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
