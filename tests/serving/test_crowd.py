"""The whole facade behind the shipped nginx site: nobody is made to wait by those who are many, slow or large."""

from __future__ import annotations

import socket
import ssl
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import httpx
import pytest

from tests.peers.running import free_port
from tests.serving.crowded import HOST, Crowd, fill, nginx, replace_workers, serving, workers

pytestmark = pytest.mark.peer("nginx")
ORDINARY = 12
MANY_CLAIMS = 100_000
MANY_LINES = 1_000
IDLE, DRIPPING = 500, 200
PAGE = "/fhir/ExplanationOfBenefit?_count=10"


@pytest.fixture(scope="module")
def crowd(tmp_path_factory, full_counts) -> Crowd:
    folder = tmp_path_factory.mktemp("crowd")
    most = MANY_CLAIMS if full_counts else 1_500
    return fill(folder, ordinary=ORDINARY, claims=25, most_claims=most, most_lines=MANY_LINES)


@pytest.fixture(scope="module")
def server(crowd: Crowd) -> Iterator[subprocess.Popen[bytes]]:
    with serving(crowd) as process, nginx(crowd):
        yield process


def browser(crowd: Crowd, person: int, *, direct: bool = False) -> httpx.Client:
    base = f"http://127.0.0.1:{crowd.port}" if direct else f"https://{HOST}:{crowd.https}"
    trusted = ssl.create_default_context(cafile=str(crowd.certificate))
    headers = {"Authorization": f"Bearer {crowd.tokens[person]}"}
    return httpx.Client(base_url=base, verify=trusted, headers=headers, timeout=30)


def read_pages(crowd: Crowd, person: int, seconds: float) -> list[tuple[int, float]]:
    """Status and seconds of each page that one member's app asks for."""
    taken = []
    until = time.monotonic() + seconds
    with browser(crowd, person) as client:
        while time.monotonic() < until:
            begun = time.monotonic()
            answer = client.get(PAGE)
            taken.append((answer.status_code, time.monotonic() - begun))
    return taken


@contextmanager
def idle_and_dripping(crowd: Crowd, idle: int, dripping: int) -> Iterator[None]:
    """Connections that say nothing, and connections that send a byte of a request now and then."""
    stop = threading.Event()
    silent = [socket.create_connection(("127.0.0.1", crowd.https)) for _ in range(idle)]
    trusted = ssl.create_default_context(cafile=str(crowd.certificate))

    def drip() -> None:
        while not stop.is_set():
            with ExitStack() as stack:
                open_now = [
                    stack.enter_context(
                        trusted.wrap_socket(socket.create_connection(("127.0.0.1", crowd.https)), server_hostname=HOST)
                    )
                    for _ in range(dripping)
                ]
                for byte in b"GET /fhir/metadata HTTP/1.1\r\n":
                    for each in open_now:
                        with suppress(OSError):
                            each.send(bytes([byte]))
                    if stop.wait(0.3):
                        return

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
        for each in silent:
            each.close()


def ask_for_much(crowd: Crowd, person: int, path: str, stop: threading.Event) -> set[int]:
    found = set()
    with browser(crowd, person) as client:
        while not stop.is_set():
            found.add(client.get(path).status_code)
    return found


@pytest.mark.figure(of="S1")
def test_the_crowded_the_large_and_the_slow_leave_room_for_everybody(server, crowd, full_counts, figure) -> None:
    seconds = 20 if full_counts else 3
    stop = threading.Event()
    with ThreadPoolExecutor(8) as pool, idle_and_dripping(crowd, IDLE, DRIPPING):
        large = pool.submit(ask_for_much, crowd, 1, "/fhir/ExplanationOfBenefit?_count=100000", stop)
        long = pool.submit(ask_for_much, crowd, 2, PAGE, stop)
        others = [pool.submit(read_pages, crowd, person, seconds) for person in range(3, 7)]
        taken = sorted(each for other in others for each in other.result())
        stop.set()
        assert large.result() == {200}
        assert long.result() == {200}
    assert {status for status, _ in taken} == {200}
    slowest = statistics.quantiles([spent for _, spent in taken], n=100)[98]
    figure(
        f"crowd: {len(taken)} pages beside {IDLE} idle and {DRIPPING} dripping connections, a member with "
        f"{MANY_CLAIMS if full_counts else 1_500} claims and a claim of {MANY_LINES} lines: p99 {slowest * 1000:.0f} ms"
    )


@pytest.mark.figure(of="S2")
def test_no_request_fails_while_workers_are_replaced_again_and_again(server, crowd, full_counts, figure) -> None:
    times = 50 if full_counts else 3
    done = threading.Event()

    def ask(person: int) -> list[int]:
        with browser(crowd, person, direct=True) as client:
            found = []
            while not done.is_set():
                begun = time.monotonic()
                found.append(client.get(PAGE).status_code)
                done.wait(max(0.0, 0.1 - (time.monotonic() - begun)))
            return found

    begun = time.monotonic()
    with ThreadPoolExecutor(10) as pool:
        asking = [pool.submit(ask, 3 + number % ORDINARY) for number in range(10)]
        for _ in range(times):
            before = replace_workers(server)
            while workers(server) & before:
                time.sleep(0.1)
        done.set()
        statuses = [status for each in asking for status in each.result()]
    rate = len(statuses) / (time.monotonic() - begun)
    assert set(statuses) == {200}
    figure(f"rolling restarts: {times} under {rate:.0f} requests/s, {len(statuses)} requests, 0 failed")


def test_nginx_says_when_to_come_back_while_no_worker_is_there(crowd) -> None:
    alone = replace(crowd, port=free_port(), https=free_port())
    with nginx(alone), browser(alone, 3) as client:
        answer = client.get(PAGE)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["resourceType"] == "OperationOutcome"
