"""What operators learn of every request: a line and two metrics, by route template, never by what was asked for."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from prometheus_client import Counter, Histogram, values

from fhir_facade.serving import journal
from fhir_facade.serving.channel import ARRIVED, StartResponse, WsgiApp

Named = Callable[[Any], tuple[str, str]]
"""Environment of a request that was answered → its route template, ``""`` for none, and its name."""

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"
"""Variable that names the folder of all workers' counts, to the library, too."""

BUCKETS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.32, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds; 0.32 is CMS's own alarm for a kilobyte of claims."""

NO_ROUTE = "none"
RESERVED = 1 << 20
"""Bytes of a file of counts; every route with every status takes less."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Watch:
    """Tells and counts requests.

    Args:
        named: how a request is called.
    """

    def __init__(self, named: Named) -> None:
        self._named = named

    def __call__(self, environ: Mapping[str, Any], status: int) -> None:
        """Tell of one request; ``environ`` is empty where it was none."""
        now = time.monotonic()
        route, request_id = self._named(environ) if environ else ("", "")
        method, route = environ.get("REQUEST_METHOD", ""), route or NO_ROUTE
        if method not in _METHODS:
            method = "other"
        seconds = now - environ.get(ARRIVED, now)
        count_one, observe = _metrics_of(method, route, status)
        count_one()
        observe(seconds)
        fields = {"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)}
        if request_id:
            fields["request_id"] = request_id
        journal.write("info", "request", fields)

    def requests(self, app: WsgiApp) -> WsgiApp:
        """``app`` for another server than ours: every request is told once there is its answer."""

        def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
            environ.setdefault(ARRIVED, time.monotonic())
            status = 500

            def start(line: str, headers: Any, *more: Any) -> Any:
                nonlocal status
                status = int(line[:3])
                return start_response(line, headers, *more)

            try:
                return app(environ, start)
            finally:
                self(environ, status)

        return answer


@cache
def _metrics() -> tuple[Counter, Histogram]:
    requests = Counter("fhir_facade_requests", "Requests by route and status", ["method", "route", "status"])
    seconds = Histogram(
        "fhir_facade_request_seconds", "Seconds from a whole request to its answer", ["route"], buckets=BUCKETS
    )
    return requests, seconds


@lru_cache(maxsize=4096)
def _metrics_of(method: str, route: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
    """What counts a request, and what is told its seconds."""
    requests, seconds = _metrics()
    return requests.labels(method, route, status).inc, seconds.labels(route).observe


def share() -> None:
    """Count where the admin listener looks: on in the files of a worker that is gone, or else in new ones.

    What a worker counted stays, in no more files than there ever were workers at once. The process keeps its place
    among them until it ends.
    """
    folder = Path(os.environ[MULTIPROCESS])
    for number in count():
        place = os.open(folder / f"{number}.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(place)
        else:
            break
    for kind in ("counter", "histogram"):
        _reserve(folder / f"{kind}_{number}.db")
    values.ValueClass = values.MultiProcessValue(process_identifier=lambda: number)  # type: ignore[no-untyped-call]


def _reserve(path: Path) -> None:
    """Take the room of a file at once: a page of it that a full disk cannot give would end the process."""
    with path.open("ab") as file:
        if not file.tell():
            os.posix_fallocate(file.fileno(), 0, RESERVED)
