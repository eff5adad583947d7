"""Mapping in several processes: one reads and writes, others map, index and compress.

Forked once the dictionary stands. Each worker has one stretch of the source at a time, so that memory stays bounded and
nobody waits on a full pipe; stretches come back in the order in which they went out, so that a watermark is committed
only with everything before it. A worker ends when its pipe does, however the run ended.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade.resources.frames import Dictionary, Packer
from fhir_facade.sync.batch import Batch
from fhir_facade.sync.prepare import pack

Stretch = Sequence[MemberRecords]


class Pool:
    """Workers that map.

    Args:
        batch: an empty batch as each worker fills it.
        dictionary: what rows are compressed under.
        stamp: says which rendering wrote a row.
        workers: how many.
    """

    def __init__(self, batch: Batch, dictionary: Dictionary, stamp: int, workers: int) -> None:
        self._idle: deque[Connection] = deque()
        self._out: deque[tuple[Connection, str | None]] = deque()
        self._processes: list[int] = []
        for _ in range(workers):
            ours, theirs = multiprocessing.Pipe()
            process = os.fork()
            if not process:
                for inherited in (ours, *self._idle):
                    inherited.close()
                _be_worker(theirs, batch, Packer(dictionary), stamp)
            theirs.close()
            self._idle.append(ours)
            self._processes.append(process)

    @property
    def full(self) -> bool:
        """Whether every worker has something to do."""
        return not self._idle

    @property
    def busy(self) -> bool:
        """Whether any worker has something to do."""
        return bool(self._out)

    def hand_out(self, stretch: Stretch, watermark: str | None) -> None:
        """Give a free worker a stretch; ``watermark`` is the source's, once everything up to here is written."""
        worker = self._idle.popleft()
        try:
            worker.send(stretch)
        except OSError as error:
            raise ClaimsUnavailable("a process of this sync died; run it again") from error
        self._out.append((worker, watermark))

    def take_back(self) -> tuple[Batch, str | None]:
        """The oldest stretch, mapped, with its watermark.

        Raises:
            ClaimsUnavailable: a worker died.
            ClaimsInvalid: records that cannot be mapped at all.
        """
        worker, watermark = self._out.popleft()
        try:
            answer = worker.recv()
        except (EOFError, OSError) as error:
            raise ClaimsUnavailable("a process of this sync died; run it again") from error
        self._idle.append(worker)
        if isinstance(answer, str):
            raise ClaimsInvalid("cannot-map", answer)
        batch: Batch = answer
        return batch, watermark

    def close(self) -> None:
        """End the workers."""
        for worker in (*self._idle, *(worker for worker, _ in self._out)):
            worker.close()
        for process in self._processes:
            os.waitpid(process, 0)
        self._idle.clear()
        self._out.clear()
        self._processes.clear()


def _be_worker(pipe: Connection, batch: Batch, packer: Packer, stamp: int) -> None:
    """What a forked worker does until its pipe ends; never returns."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        while True:
            pipe.send(_mapped(pipe.recv(), batch, packer, stamp))
    except (EOFError, OSError):
        os._exit(0)
    finally:
        os._exit(1)


def _mapped(stretch: Stretch, batch: Batch, packer: Packer, stamp: int) -> Any:
    batch.clear()
    try:
        for records in stretch:
            batch.add(records)
        for prepared in batch.prepared():
            pack(prepared, stamp, packer)
    except Exception as error:
        return f"{type(error).__name__} while mapping"
    return batch
