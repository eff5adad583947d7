"""The same page for 10 to 1,000 kept-alive connections: what one more connection costs those who are served.

``python -m benchmarks connections``.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path

from benchmarks.facade import VIEWERS, facade_app, prepare, request, serve_app
from benchmarks.measure import Bar, Load, Server, put_load
from benchmarks.pages import MEMBERS, PATH

CONNECTIONS = (10, 100, 300, 1_000)
ROUNDS = 3
SECONDS = 4.0
LEAST = 0.5
"""What is left, beside 999 other connections, of the pages per second that ten are served: a crowd must not stop it."""


def run() -> list[Bar]:
    """Every figure of this page."""
    with tempfile.TemporaryDirectory() as folder:
        bench = prepare(Path(folder), MEMBERS)
        asked = [request(PATH.format(patient=p), token, Accept_Encoding="gzip") for p, token in bench.viewers[:VIEWERS]]
        with Server(serve_app(facade_app(bench))) as server:
            taken: dict[int, list[Load]] = {count: [] for count in CONNECTIONS}
            for _ in range(ROUNDS):
                for count in CONNECTIONS:
                    taken[count].append(put_load(server, asked, SECONDS, count))
    return _bars(taken)


def _bars(taken: dict[int, list[Load]]) -> list[Bar]:
    rate = {}
    for count, loads in taken.items():
        statuses = {status for load in loads for status in load.statuses}
        if not statuses <= {"200", "503"}:
            raise RuntimeError(f"{count} connections were answered {statuses}")
        rate[count] = statistics.median(load.statuses.get("200", 0) / load.seconds for load in loads)
        busy = sum(load.statuses.get("503", 0) for load in loads) / sum(load.requests for load in loads)
        cpu = statistics.median(load.cpu_per_request for load in loads)
        print(f"{count:>8,} connections: {rate[count]:6,.0f} pages/s, {cpu:6,.0f} µs CPU, {busy:.1%} told to come back")
    fewest, most = CONNECTIONS[0], CONNECTIONS[-1]
    name = f"pages served per second, {most:,} connections / {fewest}"
    return [Bar(name, rate[most] / rate[fewest], LEAST, at_least=True)]
