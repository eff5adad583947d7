"""A sync gives way to whoever answers members on the same machine."""

from __future__ import annotations

import os

COURTESY = 10
"""The ``nice`` value of a sync: it takes what is left over, yet is never starved."""


def give_way() -> None:
    """Let other processes of this machine go first, from now on; nothing changes where that is so already."""
    if os.getpriority(os.PRIO_PROCESS, 0) < COURTESY:
        os.setpriority(os.PRIO_PROCESS, 0, COURTESY)
