"""The parent process: binds the socket, forks workers, replaces those that die, passes signals on.

SIGTERM or SIGINT ends everything in order. SIGHUP replaces the workers one after another without closing the socket:
each stays until its successor takes requests, and all stay where a successor cannot start. A socket handed over by the
service manager (``LISTEN_FDS``) is used instead of a new one, so that a restart of the whole service loses no
connection either.
"""

from __future__ import annotations

import logging
import os
import resource
import select
import signal
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event

from fhir_facade.contracts.errors import FacadeError
from fhir_facade.serving.children import forked
from fhir_facade.serving.signals import end_at, end_with, pause

log = logging.getLogger("fhir_facade.serving")

FIRST_PASSED_DESCRIPTOR = 3
"""sd_listen_fds(3): descriptors handed over by the service manager begin here."""

CRASH_PAUSE_S = 1.0
"""Seconds before a worker that died young is replaced, so that a broken start does not spin."""

YOUNG_S = 4.0
"""A worker that ends before this age, as seen by a parent that may just have paused, never began to work."""

READY_S = 60.0
"""Seconds within which a new worker must take requests; the old ones go on where it does not."""

WATCHER_S = 1.0
"""Seconds that the process beside the workers may take to end."""

_HERE = b"1"

YOUNG_DEATHS = 5
"""So many workers in a row that die young mean that none can start: the parent ends too, with an error."""


Ready = Callable[[], object]
"""Called by a worker once it takes requests."""


class CannotStart(FacadeError):
    """No worker stays alive; their own messages stand above."""


def listening_socket(host: str, port: int) -> socket.socket:
    """The socket to serve on: the one handed over by the service manager, or a new one.

    Raises:
        OSError: the address is taken or not ours.
    """
    if os.environ.get("LISTEN_PID") == str(os.getpid()) and os.environ.get("LISTEN_FDS", "0") != "0":
        return socket.socket(fileno=FIRST_PASSED_DESCRIPTOR)
    return bound_socket(host, port)


def bound_socket(host: str, port: int) -> socket.socket:
    """A new listening socket.

    Raises:
        OSError: the address is taken or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(1024)
    except OSError:
        listener.close()
        raise
    return listener


@dataclass(slots=True, kw_only=True)
class Workers:
    """A set of forked workers.

    Args:
        work: what a worker does; it gets the event that tells it to stop and what it calls once it takes requests, and
            returns when it has stopped.
        count: how many there are.
        drain_s: longest time a worker may take to end, in seconds.
        memory_mb: address space one worker may use, 0 for no ceiling; a worker over it dies and is replaced.
        watch: what one more process does beside the workers (the admin listener), None for nothing.
        on_reload: called at SIGHUP, before the first worker is replaced.
        on_change: told how many workers take requests, and whether the end has begun.
        on_death: told the process id of each worker that ended.
    """

    work: Callable[[Event, Ready], None]
    count: int
    drain_s: float
    memory_mb: int = 0
    watch: Callable[[Event], None] | None = None
    on_reload: Callable[[], None] = lambda: None
    on_change: Callable[[int, bool], None] = lambda alive, stopping: None
    on_death: Callable[[int], None] = lambda pid: None
    stopping: Event = field(default_factory=Event)
    _born: dict[int, float] = field(default_factory=dict)
    _watcher: int | None = None
    _died_young: int = 0
    _coming: dict[int, int] = field(default_factory=dict)
    """Workers that do not take requests yet, and where each will say that it does."""
    _leaving: set[int] = field(default_factory=set)
    _reload: bool = False
    _old: deque[int] = field(default_factory=deque)
    _successor: int | None = None
    """The worker that the first of the old ones waits for."""

    @property
    def alive(self) -> int:
        """How many workers are taking requests."""
        return len(self._taking())

    def _taking(self) -> set[int]:
        return self._staying() - self._coming.keys()

    def _staying(self) -> set[int]:
        waited_for = {self._successor} if self._successor else set[int]()
        return self._born.keys() - self._leaving - waited_for

    def run(self) -> None:
        """Fork the workers and keep their number until told to stop.

        Raises:
            CannotStart: one worker after another dies as soon as it is born.
        """
        end_at(self.stopping, signal.SIGTERM, signal.SIGINT)
        signal.signal(signal.SIGHUP, self._ask_for_new_ones)
        try:
            while not self.stopping.is_set():
                self._look_after()
                pause(self.stopping, 0.1)
        finally:
            self.on_change(self.alive, True)
            self._end()
        if self._died_young >= YOUNG_DEATHS:
            raise CannotStart("no worker can start; their messages stand above")

    def _look_after(self) -> None:
        if self.watch and self._watcher is None:
            self._watcher = self._fork(self.watch)
        while len(self._staying()) < self.count:
            self._start()
        self._hear()
        self._reap()
        if self._reload:
            self._begin_anew()
        self._replace()
        self.on_change(self.alive, False)

    def _begin_anew(self) -> None:
        self._reload = False
        self.on_reload()
        self._old = deque(sorted(self._staying()))
        if self._watcher:
            os.kill(self._watcher, signal.SIGTERM)  # the next one looks at what the config says now

    def _ask_for_new_ones(self, number: int, frame: object) -> None:
        del number, frame
        self._reload = True

    def _fork(self, work: Callable[[Event], None]) -> int:
        parent = os.getpid()
        return forked(lambda: self._be_child(work, parent), "worker failed")

    def _be_child(self, work: Callable[[Event], None], parent: int) -> None:
        stop = Event()
        end_at(stop, signal.SIGTERM)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        end_with(parent, stop)
        if self.stopping.is_set():  # the word to stop came before the child's own handler
            stop.set()
        if self.memory_mb:
            ceiling = self.memory_mb * 1024 * 1024
            resource.setrlimit(resource.RLIMIT_AS, (ceiling, ceiling))
        work(stop)

    def _reap(self) -> None:
        while self._born:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if pid == self._watcher:
                self._watcher = None
                continue
            age = time.monotonic() - self._born.pop(pid, 0.0)
            self._stop_listening_to(pid)
            self.on_death(pid)
            if pid == self._successor:
                self._successor = None
                self._old.clear()
                log.error("a new worker cannot start; the old ones go on")
                continue
            if pid in self._leaving:
                self._leaving.discard(pid)
                continue
            log.error("worker died", extra={"worker_status": os.waitstatus_to_exitcode(status)})
            self._died_young = self._died_young + 1 if age < YOUNG_S else 0
            if self._died_young >= YOUNG_DEATHS:
                self.stopping.set()
            elif age < YOUNG_S:
                pause(self.stopping, CRASH_PAUSE_S)

    def _replace(self) -> None:
        """One step of replacing the old workers: start a successor, or tell the worker whose successor is ready."""
        if self._successor:
            if self._successor not in self._coming:
                self._successor = None
                if self._old and self._old[0] in self._staying():
                    self._tell(self._old.popleft())
            elif time.monotonic() - self._born[self._successor] > READY_S:
                os.kill(self._successor, signal.SIGKILL)  # the old ones go on as after any that cannot start
            return
        while self._old and self._old[0] not in self._staying():
            self._old.popleft()
        if self._old:
            self._successor = self._start()

    def _start(self) -> int:
        """A new worker, which is listened to until it says that it takes requests."""
        told, tell = os.pipe()
        pid = self._fork(lambda stop: self.work(stop, lambda: os.write(tell, _HERE)))
        os.close(tell)
        self._born[pid], self._coming[pid] = time.monotonic(), told
        return pid

    def _hear(self) -> None:
        readable, _, _ = select.select(self._coming.values(), [], [], 0)
        for pid in [pid for pid, told in self._coming.items() if told in readable and os.read(told, 1) == _HERE]:
            self._stop_listening_to(pid)

    def _stop_listening_to(self, pid: int) -> None:
        if pid in self._coming:
            os.close(self._coming.pop(pid))

    def _tell(self, pid: int) -> None:
        self._leaving.add(pid)
        os.kill(pid, signal.SIGTERM)

    def _end(self) -> None:
        for pid in self._born.keys() - self._leaving:
            self._tell(pid)
        deadline = time.monotonic() + self.drain_s + 1
        while self._born and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.05)
        if self._watcher:
            _end_soon(self._watcher)
        for pid in self._born:
            os.kill(pid, signal.SIGKILL)


def _end_soon(pid: int) -> None:
    """End a child and wait for it: it holds the socket on which the next start wants to listen."""
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + WATCHER_S
    while os.waitpid(pid, os.WNOHANG)[0] == 0:
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
