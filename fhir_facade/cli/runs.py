"""Syncs of a scheduler, each in a process of its own: one that hangs holds up the others for an hour, not for ever."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from threading import Event
from typing import NamedTuple

from fhir_facade.serving.children import forked
from fhir_facade.serving.signals import end_with

HOLDS_UP_S = 3600.0
"""For how long a run keeps others from beginning: they share one machine and one copy."""


class _Run(NamedTuple):
    pid: int
    begun: float


class Runs:
    """The runs that go on, by source."""

    def __init__(self) -> None:
        self._going_on: dict[str, _Run] = {}

    def may_begin(self, source: str) -> bool:
        """Whether the source does not run, and no other keeps it waiting."""
        self.forget_ended()
        recent = any(time.monotonic() - one.begun < HOLDS_UP_S for one in self._going_on.values())
        return source not in self._going_on and not recent

    def begin(self, source: str, run: Callable[[], object]) -> None:
        """Do ``run`` in a process of its own, which ends with this one."""
        sys.stdout.flush()
        parent = os.getpid()
        pid = forked(lambda: _be_run(run, parent), "a run failed")
        self._going_on[source] = _Run(pid, time.monotonic())

    def end(self) -> None:
        """End whatever goes on; a sync that was cut short goes on from its last batch another time."""
        for one in self._going_on.values():
            os.kill(one.pid, signal.SIGTERM)
        for one in self._going_on.values():
            os.waitpid(one.pid, 0)
        self._going_on.clear()

    def forget_ended(self) -> None:
        """Let go of what has ended."""
        for source, one in list(self._going_on.items()):
            if os.waitpid(one.pid, os.WNOHANG)[0]:
                del self._going_on[source]


def _be_run(run: Callable[[], object], parent: int) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of Ctrl-C the parent tells
    orphaned = Event()
    end_with(parent, orphaned)
    if not orphaned.is_set():
        run()
    sys.stdout.flush()
