"""Mapping in several processes: one reads what cannot be read in stretches, and writes; others do all the rest.

Processes are forked once and live as long as the run: what they have learned of codes, days and doctors serves the next
stretch. A source that can be read in stretches is read there, too; what another source handed over is sent to them. A
few stretches for each are out at a time, so that no process waits for another and memory stays bounded. They come back
in the order in which they went out, so that a watermark is committed only with everything before it.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import NoReturn

from fhir_facade.contracts.claims import Change
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable, FacadeError
from fhir_facade.contracts.stretches import ReadsInStretches
from fhir_facade.resources.frames import Dictionary
from fhir_facade.sync.collecting import collect
from fhir_facade.sync.harvest import Harvest
from fhir_facade.sync.work import Work, cannot

Stretch = str | bytes
"""What the source calls a stretch, or changes that were read already, pickled."""

_EACH = 2
"""Stretches that are out for each process."""


class Pool:
    """Processes that map; forked when the first stretch is handed out.

    Args:
        work: what each process does.
        source: opened; each process inherits it.
        workers: how many processes.

    Attributes:
        most: stretches that may be out at a time.
        used: whether any was handed out.
    """

    def __init__(self, work: Work, source: object, workers: int) -> None:
        self.most = workers * _EACH
        self.used = False
        self._work = work
        self._source = source
        self._workers = workers
        self._processes: dict[int, Connection] = {}
        self._own = threading.local()
        self._threads = ThreadPoolExecutor(workers)
        self._out: deque[tuple[Future[Harvest | FacadeError], str | None]] = deque()

    @property
    def full(self) -> bool:
        """Whether as many stretches as may be are out."""
        return len(self._out) >= self.most

    @property
    def ready(self) -> bool:
        """Whether the oldest is mapped."""
        return bool(self._out) and self._out[0][0].done()

    @property
    def busy(self) -> bool:
        """Whether any is out."""
        return bool(self._out)

    def hand_out(self, stretch: Stretch, dictionary: Dictionary | None, watermark: str | None) -> None:
        """Have a stretch mapped.

        Args:
            stretch: what to map.
            dictionary: what rows are compressed under; None leaves that to whoever writes them.
            watermark: the source's, where the stretch itself says none.
        """
        if not self.used:
            self._start()
        self._out.append((self._threads.submit(self._ask, stretch, dictionary), watermark))

    def take_back(self) -> Harvest:
        """The oldest stretch, mapped, with its watermark.

        Raises:
            ClaimsUnavailable: a process died, or the source cannot be read.
            ClaimsInvalid: the source broke a promise of its contract, or records cannot be mapped at all.
        """
        future, watermark = self._out.popleft()
        try:
            found = future.result()
        except (EOFError, OSError) as error:
            raise ClaimsUnavailable("a process of this sync died; run it again") from error
        if isinstance(found, FacadeError):
            raise found
        found.watermark = watermark if found.watermark is None else found.watermark
        return found

    def close(self) -> None:
        """End the processes, whatever they are at; they hold nothing that has to be put away."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            os.kill(process, signal.SIGKILL)
        self._threads.shutdown()
        for process, pipe in self._processes.items():
            pipe.close()
            os.waitpid(process, 0)
        self._processes.clear()
        self._out.clear()

    def _start(self) -> None:
        """Fork every process and give each a thread, which talks to it and to no other."""
        self.used = True
        for _ in range(self._workers):
            ours, theirs = multiprocessing.Pipe()
            process = os.fork()
            if not process:
                for inherited in (ours, *self._processes.values()):
                    inherited.close()
                _be_worker(theirs, self._work, self._source)
            theirs.close()
            self._processes[process] = ours
        pipes = deque(self._processes.values())
        self._threads = ThreadPoolExecutor(self._workers, initializer=lambda: self._take_pipe(pipes))

    def _take_pipe(self, pipes: deque[Connection]) -> None:
        self._own.pipe = pipes.popleft()

    def _ask(self, stretch: Stretch, dictionary: Dictionary | None) -> Harvest | FacadeError:
        """Have the thread's own process map a stretch."""
        pipe: Connection = self._own.pipe
        pipe.send((stretch, dictionary))
        found: Harvest | FacadeError = pipe.recv()
        return found


def _be_worker(pipe: Connection, work: Work, source: object) -> NoReturn:
    """What a forked process does until nobody asks any more; it ends without a word to whatever it inherited."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # how the parent ends in order is no business of this process
        while True:
            stretch, dictionary = pipe.recv()
            _send(pipe, replace(work, dictionary=dictionary).done(_read(source, stretch)))
            collect()
    except (EOFError, OSError):
        os._exit(0)
    finally:
        os._exit(1)


def _read(source: object, stretch: Stretch) -> Iterable[Change]:
    if isinstance(stretch, bytes):
        yield from pickle.loads(stretch)  # noqa: S301 - pickled by the process that forked this one
    elif isinstance(source, ReadsInStretches):
        yield from source.read(stretch)
    else:
        raise ClaimsInvalid("no-stretches", "the source cannot be read in stretches")


def _send(pipe: Connection, done: Harvest | FacadeError) -> None:
    try:
        pipe.send(done)
    except OSError:
        raise
    except Exception as error:  # a source may hand over what cannot leave its process
        pipe.send(cannot(error))
