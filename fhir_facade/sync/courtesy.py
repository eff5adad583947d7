"""A sync gives way to whoever answers members on the same machine."""

from __future__ import annotations

import os

READER = 10
"""The ``nice`` value of the process that reads the source and writes the copy."""

MAPPER = 19
"""That of the processes that map and compress, which would keep every core busy: they take what is left over."""


def give_way(courtesy: int = READER) -> None:
    """Let other processes of this machine go first, from now on; nothing changes where that is so already.

    Args:
        courtesy: the ``nice`` value.
    """
    if os.getpriority(os.PRIO_PROCESS, 0) < courtesy:
        os.setpriority(os.PRIO_PROCESS, 0, courtesy)
