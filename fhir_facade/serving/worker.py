"""One worker: waitress on a socket that others share, and an orderly end.

waitress stops at SIGTERM with answers half sent, and a kept-alive connection that is closed just as its next request
arrives loses that request. So a worker that is told to stop takes no new connection, tells each client on the next
answer that the connection ends, and leaves when nobody is connected any more or its time is up.

A worker that does one thing at a time does it between two rounds of waitress' event loop, without a second thread:
every step of a database and every decompression lets go of the interpreter, and handing it to and fro between two
threads costs more than a page of claims.
"""

from __future__ import annotations

import gc
import logging
import socket
import sys
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import Event
from typing import Any

from waitress import wasyncore
from waitress.server import create_server
from waitress.task import ThreadedTaskDispatcher

from fhir_facade.serving.channel import ARRIVED, Told, Unserved, WsgiApp, channel_class
from fhir_facade.serving.proxies import behind

log = logging.getLogger(__name__)

CONNECTION_LIMIT = 1_000
"""Open connections per process. The event loop's cost grows with each of them, so a proxy in front keeps them few; a
connection beyond the limit is not answered at all until another one ends."""

CHANNEL_TIMEOUT_S = 15
MAX_HEADER_BYTES = 65_536  # the FHIR endpoints refuse more than 16 KiB themselves, with an OperationOutcome
MAX_BODY_BYTES = 1_048_576
BACKLOG = 1_024

IDLE_GRACE_S = 5.0
"""How long, after the word to stop, an idle connection may still bring a request."""

LOOP_S = 0.2

LOOK_S = 0.005
"""How long requests that wait are answered before the channels are looked at again."""

PATIENCE_S = 2.0
"""A request that waited so long for its turn is told to come back: whoever asked may have left, and others wait."""

SEARCHED_AFTER = 20_000
"""So many new objects make the interpreter look for cycles among them: not at every request, as 700 would."""


def serve(
    app: WsgiApp,
    unserved: Unserved,
    listener: socket.socket,
    *,
    threads: int,
    stopping: Event,
    drain_s: float,
    trusted_proxies: Sequence[str] = (),
    ready: Callable[[], object] = lambda: None,
    told: Told = lambda environ, status: None,
) -> None:
    """Answer requests until ``stopping`` is set, then end what was begun.

    Args:
        app: the WSGI application.
        unserved: answers instead of ``app``: 503 what has waited longer than ``PATIENCE_S``, and what is no request.
        listener: a listening socket, shared with other workers.
        threads: how many requests this process works on at once.
        stopping: set, from a signal handler, when the worker shall end.
        drain_s: longest time for the end, in seconds.
        trusted_proxies: addresses and networks whose X-Forwarded-For is believed.
        ready: called once requests are taken.
        told: called once a request is answered, or refused.
    """
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    channels: dict[int, Any] = {}
    turns = _Turns(channels) if threads == 1 else None
    adjustments = _adjustments(threads)
    patient = behind(_patient(app, unserved), trusted_proxies)
    server: Any = create_server(patient, map=channels, sockets=[listener], _dispatcher=turns, **adjustments)
    server.channel_class = channel_class(stopping, unserved, told)
    if turns:
        server.pull_trigger = lambda: None  # nobody waits: the loop looks at every channel before it waits again
    work = turns.round if turns else partial(_round, channels)
    gc.freeze()  # what the application is made of lives as long as the worker: nothing of it is looked through again
    gc.set_threshold(SEARCHED_AFTER)
    ready()
    while not stopping.is_set():
        work()
    _drain(server, work, drain_s)


def _round(channels: dict[int, Any], timeout: float = LOOP_S) -> None:
    wasyncore.loop(timeout=timeout, map=channels, use_poll=True, count=1)


class _Turns(ThreadedTaskDispatcher):
    """waitress' task dispatcher where there is one thread: requests are answered in turn, between rounds of the loop.

    Args:
        channels: everything that the loop watches.
    """

    def __init__(self, channels: dict[int, Any]) -> None:
        super().__init__()
        self._channels = channels
        self._waiting: deque[Any] = deque()
        self._looked = time.monotonic()  # a worker that comes was not away

    def add_task(self, task: Any) -> None:
        """Remember a channel that has a request."""
        self._waiting.append(task)

    def round(self) -> None:
        """Answer one request; look at the channels before, where none waits or the last look is some time ago."""
        if not self._waiting or time.monotonic() - self._looked > LOOK_S:
            self._look()
        if self._waiting:
            try:
                self._waiting.popleft().service()
            except BaseException:  # whatever a plugin raises ends its request, never the worker
                log.exception("a request failed")

    def _look(self) -> None:
        """Send what can be, and take what has come.

        waitress takes one new connection a round. Of many that come at once a worker that is not away for long takes
        one at a time, so that the others get theirs; the longer it was away, the more, so that none waits outside.
        """
        away = time.monotonic() - self._looked
        _round(self._channels, 0.0 if self._waiting else LOOP_S)
        for _ in range(int(away / LOOK_S)):
            known = set(self._channels.values())
            _round(self._channels, 0.0)
            if known.issuperset(self._channels.values()):
                break
        self._looked = time.monotonic()


def _adjustments(threads: int) -> dict[str, Any]:
    adjustments: dict[str, Any] = {
        "threads": threads,
        "backlog": BACKLOG,
        "connection_limit": CONNECTION_LIMIT,
        "channel_timeout": CHANNEL_TIMEOUT_S,
        "cleanup_interval": 5,
        "max_request_header_size": MAX_HEADER_BYTES,
        "max_request_body_size": MAX_BODY_BYTES,
        "asyncore_use_poll": True,
        "ident": None,
        "clear_untrusted_proxy_headers": False,  # done before, for several proxies
    }
    if threads == 1:
        adjustments["outbuf_high_watermark"] = sys.maxsize  # no thread waits for a slow client: what it has not taken
        # is kept in a temporary file
    return adjustments


def _patient(app: WsgiApp, unserved: Unserved) -> WsgiApp:
    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        late = time.monotonic() - environ[ARRIVED] > PATIENCE_S
        return unserved(503, environ, start_response) if late else app(environ, start_response)

    return answer


def _drain(server: Any, work: Callable[[], None], drain_s: float) -> None:
    server.accepting = False
    started = time.monotonic()
    while server.active_channels and time.monotonic() - started < drain_s:
        if time.monotonic() - started > IDLE_GRACE_S:
            _close_idle(server)
        work()
    server.task_dispatcher.shutdown()


def _close_idle(server: Any) -> None:
    for channel in list(server.active_channels.values()):
        if not channel.requests and channel.request is None and not channel.total_outbufs_len:
            channel.handle_close()
