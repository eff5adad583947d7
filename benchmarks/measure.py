"""How figures are taken: rounds of all variants in turn, medians, and CPU time of the whole server process tree."""

from __future__ import annotations

import multiprocessing
import os
import platform
import selectors
import signal
import socket
import statistics
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Bar:
    """One figure and what it has to reach.

    Args:
        name: what is compared, in words.
        figure: the ratio that was measured.
        bound: the ratio that it must reach, or must not exceed.
        at_least: whether ``bound`` is the least or the most.
    """

    name: str
    figure: float
    bound: float
    at_least: bool

    @property
    def met(self) -> bool:
        """Whether the bar is met."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound

    def __str__(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{'ok  ' if self.met else 'MISS'} {self.name}: {self.figure:.3g} ({sign} {self.bound:g})"


def machine() -> dict[str, Any]:
    """What the figures were taken on."""
    with Path("/proc/cpuinfo").open() as file:
        models = [line.partition(":")[2].strip() for line in file if line.startswith("model name")]
    return {
        "cpus": os.cpu_count(),
        "model": models[0] if models else platform.processor(),
        "python": platform.python_version(),
        "system": platform.platform(),
        "load": os.getloadavg()[0],
    }


def in_turn(variants: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, float]:
    """The median of each variant over ``rounds``, all variants once in every round."""
    taken: dict[str, list[float]] = {name: [] for name in variants}
    for _ in range(rounds):
        for name, measure in variants.items():
            taken[name].append(measure())
    return {name: statistics.median(values) for name, values in taken.items()}


def cpu_microseconds(work: Callable[[], object], calls: int) -> float:
    """CPU time of one call."""
    begun = time.process_time()
    for _ in range(calls):
        work()
    return (time.process_time() - begun) / calls * 1e6


def cpu_of_tree(root: int) -> float:
    """CPU seconds that a process and its living children have used."""
    found = 0.0
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(folder.name) == root or int(fields[1]) == root:
                found += (int(fields[11]) + int(fields[12])) / _TICKS
    return found


@dataclass
class Server:
    """A server in a process of its own.

    Args:
        run: called in the child with a listening socket; serves until SIGTERM.
    """

    run: Callable[[socket.socket], None]
    port: int = 0
    process: int = 0

    def __enter__(self) -> Server:
        listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = listener.getsockname()[1]
        self.process = os.fork()
        if not self.process:
            try:
                self.run(listener)
            finally:
                os._exit(0)
        listener.close()
        return self

    def __exit__(self, *_: object) -> None:
        os.kill(self.process, signal.SIGTERM)
        os.waitpid(self.process, 0)


@dataclass
class Load:
    """What one round of load gave.

    Args:
        requests: answered.
        bytes: of all answers, headers included.
        seconds: it took.
        cpu: seconds of the server's process tree.
        statuses: answers by first line.
    """

    requests: int
    bytes: int
    seconds: float
    cpu: float
    statuses: dict[str, int] = field(default_factory=dict)

    @property
    def rate(self) -> float:
        """Requests per second."""
        return self.requests / self.seconds

    @property
    def cpu_per_request(self) -> float:
        """Microseconds."""
        return self.cpu / self.requests * 1e6


def put_load(server: Server, requests: Sequence[bytes], seconds: float, connections: int = 16) -> Load:
    """Send ``requests`` over and over on kept-alive connections, from a process of its own."""
    before, begun = cpu_of_tree(server.process), time.monotonic()
    receiving, sending = multiprocessing.Pipe(duplex=False)
    child = os.fork()
    if not child:
        try:
            sending.send(_generate(server.port, requests, seconds, connections))
        except Exception:
            traceback.print_exc()
        finally:
            os._exit(0)
    sending.close()
    answered, size, statuses = receiving.recv()
    elapsed = time.monotonic() - begun
    os.waitpid(child, 0)
    return Load(answered, size, elapsed, cpu_of_tree(server.process) - before, statuses)


class _Client:
    """One kept-alive connection: sends a request, reads its answer, and so on."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.missing = -1
        self.chunked = False
        self.head = self.tail = b""

    def send(self, request: bytes) -> None:
        self.socket.sendall(request)
        self.missing, self.chunked = -1, False
        self.head = self.tail = b""

    def receive(self) -> tuple[int, str | None]:
        """Bytes read, and the status once the answer is complete."""
        data = self.socket.recv(262_144)
        if not data:
            raise ConnectionError("the server closed the connection")
        if self.missing < 0 and not self.chunked:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return len(data), None
            fields = self.head[: end + 2].lower()
            self.chunked = b"transfer-encoding: chunked\r\n" in fields
            length = fields.partition(b"content-length:")[2].partition(b"\r\n")[0]
            self.missing = int(length or 0) - (len(self.head) - end - 4)
        else:
            self.missing -= len(data)
        whole = (self.tail + data).endswith(b"\r\n0\r\n\r\n") if self.chunked else self.missing <= 0
        self.tail = data[-7:]
        return len(data), self.head[9:12].decode() if whole else None


def _generate(
    port: int, requests: Sequence[bytes], seconds: float, connections: int
) -> tuple[int, int, dict[str, int]]:
    watch = selectors.DefaultSelector()
    turn, answered, size, statuses = 0, 0, 0, dict[str, int]()
    for _ in range(connections):
        client = _Client(port)
        client.send(requests[turn % len(requests)])
        turn += 1
        watch.register(client.socket, selectors.EVENT_READ, client)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        for key, _ in watch.select(timeout=0.5):
            read, status = key.data.receive()
            size += read
            if status is not None:
                answered += 1
                statuses[status] = statuses.get(status, 0) + 1
                key.data.send(requests[turn % len(requests)])
                turn += 1
    return answered, size, statuses
