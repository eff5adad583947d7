"""The admin listener: ``/livez``, ``/readyz`` and ``/metrics`` on a port of their own, in a process of their own.

It answers while every worker is busy, and it is meant for the machine itself or a monitoring network, never for the
internet: it has no authentication.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.sharedctypes import RawArray
from socket import socket
from threading import Event
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest, multiprocess

SLOWEST_S = 5
"""Seconds that whoever asks may leave a request unfinished."""

Checks = Mapping[str, Callable[[], bool]]
"""Component → whether it can be used now; a check that raises counts as no."""

Figure = tuple[str, str, str, float]
"""One number for ``/metrics``: its name, what it is, of which source, and the number."""

Figures = Callable[[], Iterable[Figure]]
"""What else ``/metrics`` says; while it raises, it says nothing."""


def no_figures() -> Iterable[Figure]:
    """Nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Board:
    """What the parent process tells the admin process: workers wanted and alive, and whether the end has begun."""

    numbers: Any = field(default_factory=lambda: RawArray("i", 3))

    def write(self, *, wanted: int, alive: int, stopping: bool) -> None:
        """Tell the admin process."""
        self.numbers[0], self.numbers[1], self.numbers[2] = wanted, alive, int(stopping)

    @property
    def wanted(self) -> int:
        """Workers there should be."""
        return int(self.numbers[0])

    @property
    def alive(self) -> int:
        """Workers taking requests."""
        return int(self.numbers[1])

    @property
    def stopping(self) -> bool:
        """The end has begun: no new traffic should come."""
        return bool(self.numbers[2])


def readiness(board: Board, checks: Checks) -> tuple[bool, dict[str, Any]]:
    """Whether new traffic should come here, and the state of each component."""
    components = {name: _holds(check) for name, check in checks.items()}
    ready = not board.stopping and board.alive > 0 and all(components.values())
    workers = {"wanted": board.wanted, "alive": board.alive}
    return ready, {"ready": ready, "stopping": board.stopping, "workers": workers, "components": components}


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except Exception:  # a component that cannot even be asked is not there
        return False


def metrics(board: Board, figures: Figures = no_figures) -> bytes:
    """The metrics of all workers, summed, and those of the sources, in Prometheus' text format."""
    registry = CollectorRegistry()
    multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    Gauge("fhir_facade_workers_alive", "Workers taking requests", registry=registry).set(board.alive)
    Gauge("fhir_facade_workers_wanted", "Workers there should be", registry=registry).set(board.wanted)
    gauges: dict[str, Gauge] = {}
    for name, meaning, source, number in _told(figures):
        if name not in gauges:
            gauges[name] = Gauge(name, meaning, ["source"], registry=registry)
        gauges[name].labels(source).set(number)
    return generate_latest(registry)


def _told(figures: Figures) -> list[Figure]:
    try:
        return list(figures())
    except Exception:  # a copy that cannot be read has no figures; /readyz says that it cannot
        return []


class _Server(ThreadingHTTPServer):
    """A server that finishes what it began before it is closed."""

    daemon_threads = False


def serve(listener: socket, board: Board, checks: Checks, figures: Figures, stopping: Event) -> None:
    """Answer on ``listener`` until ``stopping`` is set."""

    class Handler(BaseHTTPRequestHandler):
        """Three documents; everything else is 404."""

        timeout = SLOWEST_S

        def do_GET(self) -> None:
            """Answer one request."""
            self.wfile.write(self._head())

        def do_HEAD(self) -> None:
            """The same without a body, as load balancers ask."""
            self._head()

        def _head(self) -> bytes:
            status, kind, body = answer(self.path, board, checks, figures)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            return body

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: probes come every few seconds."""

    with _Server(listener.getsockname(), Handler, bind_and_activate=False) as server:
        server.socket.close()
        server.socket = listener
        server.timeout = 0.2
        while not stopping.is_set():
            server.handle_request()


def answer(path: str, board: Board, checks: Checks, figures: Figures = no_figures) -> tuple[int, str, bytes]:
    """Status, content type and body of one admin document."""
    if path == "/livez":
        return 200, "application/json", b'{"live": true}'
    if path == "/readyz":
        ready, state = readiness(board, checks)
        return (200 if ready else 503), "application/json", json.dumps(state).encode()
    if path == "/metrics":
        return 200, CONTENT_TYPE_LATEST, metrics(board, figures)
    return 404, "text/plain; charset=utf-8", b"known paths: /livez /readyz /metrics\n"
