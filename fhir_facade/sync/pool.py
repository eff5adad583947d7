"""Mapping in several processes: one writes, others read, map, index and compress.

Each stretch of the source is taken by a process forked for it: a source that can be read in stretches is read there;
what another source handed over is found in the process's own memory. Only what was made goes through a pipe. There are
only so many at a time, so that memory stays bounded. Stretches come back in the order in which they went out, so that a
watermark is committed only with everything before it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable
from multiprocessing.connection import Connection
from typing import NoReturn

from fhir_facade.contracts.claims import Change
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.sync.harvest import Harvest
from fhir_facade.sync.work import Work

Stretch = Callable[[], Iterable[Change]]
"""Reads what is to be mapped."""


class Pool:
    """Processes that map.

    Args:
        work: what each process does.
        workers: how many at a time.
    """

    def __init__(self, work: Work, workers: int) -> None:
        self._work = work
        self._workers = workers
        self._out: deque[tuple[Connection, int, str | None]] = deque()

    @property
    def full(self) -> bool:
        """Whether as many as may be are at work."""
        return len(self._out) >= self._workers

    @property
    def busy(self) -> bool:
        """Whether any is at work."""
        return bool(self._out)

    def hand_out(self, stretch: Stretch, watermark: str | None) -> None:
        """Have a stretch mapped; ``watermark`` is the source's where the stretch itself says none."""
        ours, theirs = multiprocessing.Pipe(duplex=False)
        process = os.fork()
        if not process:
            for inherited in (ours, *(pipe for pipe, _, _ in self._out)):
                inherited.close()
            self._be_worker(theirs, stretch)
        theirs.close()
        self._out.append((ours, process, watermark))

    def take_back(self) -> Harvest:
        """The oldest stretch, mapped, with its watermark.

        Raises:
            ClaimsUnavailable: its process died, or the source cannot be read.
            ClaimsInvalid: the source broke a promise of its contract, or records cannot be mapped at all.
        """
        pipe, process, watermark = self._out.popleft()
        try:
            answer = pipe.recv()
        except (EOFError, OSError) as error:
            raise ClaimsUnavailable("a process of this sync died; run it again") from error
        finally:
            pipe.close()
            os.waitpid(process, 0)
        if isinstance(answer, Exception):
            raise answer
        found: Harvest = answer
        found.watermark = watermark if found.watermark is None else found.watermark
        return found

    def close(self) -> None:
        """End what is still at work."""
        for pipe, process, _ in self._out:
            pipe.close()
            os.waitpid(process, 0)
        self._out.clear()

    def _be_worker(self, pipe: Connection, stretch: Stretch) -> NoReturn:
        """What a forked process does; it ends without a word to whatever it inherited."""
        status = 1
        try:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            pipe.send(self._work.done(stretch()))
            status = 0
        finally:
            os._exit(status)
