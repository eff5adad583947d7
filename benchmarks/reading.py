"""Reads while a sync runs: pages of members that are there already, asked for at a steady pace over HTTP.

``python -m benchmarks reading``: idle and with ``fhir-facade sync`` of other members' claims in turn, on SQLite and,
where one is installed, on PostgreSQL. One page is asked for at a time, no more than twenty in a second.
"""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from benchmarks.facade import Bench, facade_app, prepare, serve_app
from benchmarks.measure import Bar, Server, cpu_of_tree
from tests.conftest import PEERS
from tests.peers.postgresql import running
from tests.plugins.rif import carrier

MEMBERS = 100
OTHERS = 100
"""Members whom the sync brings, a hundred claims each."""

ROUNDS = 3
PACE_S = 0.05
IDLE_S = 15.0
BOUND = 2.0


def run() -> list[Bar]:
    """Every figure of this page."""
    return [bar for name, database in _databases() for bar in _measured(name, database)]


def _databases() -> Iterator[tuple[str, str]]:
    yield "SQLite", ""
    if PEERS["postgresql"]():
        with running() as cluster:
            yield "PostgreSQL", cluster.database()


def _measured(name: str, database: str) -> list[Bar]:
    idle: list[Round] = []
    beside: list[Round] = []
    with tempfile.TemporaryDirectory() as found:
        folder = Path(found)
        bench = prepare(folder, MEMBERS, database)
        carrier.write(folder / "more", OTHERS, 100)
        with Server(serve_app(facade_app(bench))) as server:
            _latencies(server.port, bench, lambda since: since < 1)
            for number in range(ROUNDS):
                idle.append(_round(server, bench, lambda since: since < IDLE_S))
                with _syncing(folder, f"more{number}") as process:
                    beside.append(_round(server, bench, partial(_runs, process)))
                if process.returncode:
                    raise RuntimeError(f"the sync ended with {process.returncode}")
    (quiet, quiet_cpu), (busy, busy_cpu) = _of_all(idle), _of_all(beside)
    for when, p99, cpu in (("idle", quiet, quiet_cpu), ("while a sync runs", busy, busy_cpu)):
        print(f"  {name}, {when}: p99 of a page {p99 * 1e3:.1f} ms, {cpu * 1e6:,.0f} µs CPU")
    return [
        Bar(f"p99 of a page while a sync runs / idle, {name}", busy / quiet, BOUND, at_least=False),
        Bar(f"CPU of a page while a sync runs / idle, {name}", busy_cpu / quiet_cpu, BOUND, at_least=False),
    ]


class Round(NamedTuple):
    """Seconds of each page, and the server's CPU seconds a page."""

    taken: Sequence[float]
    cpu: float


def _round(server: Server, bench: Bench, going_on: Callable[[float], bool]) -> Round:
    before = cpu_of_tree(server.process)
    taken = _latencies(server.port, bench, going_on)
    return Round(taken, (cpu_of_tree(server.process) - before) / len(taken))


def _of_all(rounds: Sequence[Round]) -> tuple[float, float]:
    """p99 of all pages in seconds, as one round has too few of them to tell; the median of the CPU seconds a page."""
    taken = [each for one in rounds for each in one.taken]
    return statistics.quantiles(taken, n=100)[98], statistics.median(one.cpu for one in rounds)


def _runs(process: subprocess.Popen[bytes], _: float) -> bool:
    return process.poll() is None


@contextmanager
def _syncing(folder: Path, source: str) -> Iterator[subprocess.Popen[bytes]]:
    """``fhir-facade sync`` of another source into the same copy."""
    config = folder / f"{source}.toml"
    written = (folder / "bench.toml").read_text().replace('name = "bench"', f'name = "{source}"')
    config.write_text(written.replace(f'"{folder}/files"', f'"{folder}/more"'))
    command = [str(Path(sys.executable).with_name("fhir-facade")), "sync", source, "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ))
    try:
        yield process
    finally:
        process.wait()


def _latencies(port: int, bench: Bench, going_on: Callable[[float], bool]) -> list[float]:
    """Seconds of every page, at a steady pace for as long as ``going_on`` says of the seconds since the first."""
    taken: list[float] = []
    connection = http.client.HTTPConnection("127.0.0.1", port)
    begun = due = time.perf_counter()
    for patient, token in cycle(bench.viewers):
        if not going_on(time.perf_counter() - begun):
            break
        time.sleep(max(0.0, due - time.perf_counter()))
        asked = time.perf_counter()
        headers = {"Authorization": f"Bearer {token}", "Host": "localhost:8000"}
        connection.request("GET", f"/fhir/ExplanationOfBenefit?patient={patient}&_count=10", headers=headers)
        answer = connection.getresponse()
        answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"a page was answered {answer.status}")
        taken.append(time.perf_counter() - asked)
        due = asked + PACE_S
    connection.close()
    return taken


if __name__ == "__main__":
    for bar in run():
        print(bar)
