"""Workers end without losing an answer, are replaced when they die, and hand over to their successors."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import httpx
import pytest

from fhir_facade.web.unserved import unserved
from tests.peers.running import free_port

SERVER = """
import os, sys, time
from threading import Event
from fhir_facade.serving.worker import serve
from fhir_facade.serving.workers import Workers, listening_socket
from fhir_facade.web.unserved import unserved

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    if environ["PATH_INFO"] == "/die":
        os._exit(3)
    if environ["PATH_INFO"] == "/same":
        start_response("304 Not Modified", [("ETag", '"1"')])
        return []
    body = str(os.getpid()).encode() + b" " + b"x" * int(environ["QUERY_STRING"] or 100_000)
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

listener = listening_socket("127.0.0.1", int(sys.argv[1]))
def work(stop: Event, ready) -> None:
    serve(app, unserved, listener, threads=1, stopping=stop, drain_s=10, ready=ready)
Workers(work=work, count=2, drain_s=12).run()
"""
WORK = "def work(stop: Event, ready) -> None:"


def _sent(base: str, request: bytes) -> bytes:
    """Everything that comes back for these bytes."""
    url = httpx.URL(base)
    with socket.create_connection((url.host, url.port or 80), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@contextmanager
def running(tmp_path: Path, server: str = SERVER) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    script = tmp_path / "server.py"
    script.write_text(server, encoding="utf-8")
    port = free_port()
    process = subprocess.Popen([sys.executable, str(script), str(port)], cwd=tmp_path)
    base = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(base)
        yield process, base
    finally:
        process.terminate()
        process.wait(20)


def wait_until_up(base: str) -> None:
    for _ in range(100):
        try:
            httpx.get(base, timeout=2)
        except httpx.TransportError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the server did not come up")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that comes soon."""
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.2)


def worker_of(base: str) -> int:
    return int(httpx.get(base).text.split()[0])


def test_an_answer_in_progress_is_finished_before_the_end(tmp_path: Path) -> None:
    with running(tmp_path) as (process, base):
        answers: list[httpx.Response] = []
        thread = threading.Thread(target=lambda: answers.append(httpx.get(f"{base}/slow", timeout=10)))
        thread.start()
        time.sleep(0.4)
        process.send_signal(signal.SIGTERM)
        thread.join()

        assert process.wait(15) == 0
        assert len(answers[0].content) > 100_000


def test_a_worker_that_dies_is_replaced(tmp_path: Path) -> None:
    with running(tmp_path) as (_, base):
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{base}/die")
        time.sleep(1.5)

        until(lambda: len({worker_of(base) for _ in range(40)}) == 2)


def test_no_request_fails_while_workers_are_replaced(tmp_path: Path) -> None:
    with running(tmp_path) as (process, base):
        failures: list[str] = []
        workers: set[str] = set()
        done = threading.Event()

        def ask() -> None:
            with httpx.Client(timeout=10) as client:
                while not done.is_set():
                    try:
                        workers.add(client.get(base).text.split()[0])
                    except httpx.TransportError as error:
                        failures.append(repr(error))
                    time.sleep(0.02)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            time.sleep(0.7)
            process.send_signal(signal.SIGHUP)
        time.sleep(0.7)
        done.set()
        for thread in threads:
            thread.join()

        assert failures == []
        assert len(workers) > 2


def test_connections_that_come_at_once_are_shared_by_the_workers(tmp_path: Path) -> None:
    with running(tmp_path, SERVER.replace("time.sleep(1)", "time.sleep(0.02)")) as (_, base), ExitStack() as stack:
        connections = [stack.enter_context(httpx.Client()) for _ in range(16)]
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda client: client.get(f"{base}/slow", timeout=10), connections))

    served = Counter(answer.text.split()[0] for answer in answers)
    assert len(served) == 2
    assert min(served.values()) >= 4, served


def test_a_connection_outlives_an_answer_without_a_body_and_ends_where_the_client_says_so(tmp_path: Path) -> None:
    with running(tmp_path) as (_, base), ExitStack() as stack:
        connection = stack.enter_context(closing(http.client.HTTPConnection(base.partition("://")[2], timeout=10)))
        for method, path, status in (
            ("GET", "/same", 304),
            ("HEAD", "/", 200),
            ("GET", "/", 200),
            ("GET", "/same", 304),
        ):
            connection.request(method, path)
            answer = connection.getresponse()
            answer.read()
            assert (answer.status, answer.will_close) == (status, False)
        connection.request("GET", "/same", headers={"Connection": "close"})
        assert connection.getresponse().will_close


def test_the_head_of_an_answer_leaves_together_with_its_body(tmp_path: Path) -> None:
    with running(tmp_path) as (_, base):
        host, _, port = base.partition("://")[2].partition(":")
        with socket.create_connection((host, int(port))) as client:
            for _ in range(3):
                client.sendall(b"GET /?1000 HTTP/1.1\r\nHost: x\r\n\r\n")
                head, _, body = client.recv(65_536).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 200 OK\r\n")
                assert head.count(b"\r\nDate: ") == 1
                assert f"\r\nContent-Length: {len(body)}\r\n".encode() in head


def test_a_client_that_reads_slowly_gets_a_large_answer_whole_and_delays_nobody(tmp_path: Path) -> None:
    size = 60_000_000  # more than a connection takes at once, and more than is kept in memory
    with running(tmp_path) as (_, base):
        host, _, port = base.partition("://")[2].partition(":")
        with socket.create_connection((host, int(port))) as slow:
            slow.sendall(f"GET /?{size} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
            time.sleep(0.5)
            assert {httpx.get(base, timeout=5).status_code for _ in range(10)} == {200}
            received = 0
            while data := slow.recv(1_000_000):
                received += len(data)

    assert received > size


def test_a_request_that_waited_too_long_is_told_to_come_back(tmp_path: Path) -> None:
    with running(tmp_path) as (_, base), ThreadPoolExecutor(16) as pool:
        started = time.monotonic()
        answers = list(pool.map(lambda _: httpx.get(f"{base}/slow", timeout=20), range(16)))

    refused = [answer for answer in answers if answer.status_code == 503]
    assert {answer.status_code for answer in answers} == {200, 503}
    assert {answer.headers["Retry-After"] for answer in refused} == {"5"}
    assert time.monotonic() - started < 6  # not the 8 seconds that two workers need for sixteen


def test_an_overloaded_server_says_so_in_the_words_of_who_asks() -> None:
    def asked(path: str, accept: str = "*/*") -> str:
        body = b"".join(unserved(503, {"PATH_INFO": path, "HTTP_ACCEPT": accept}, lambda status, headers: None))
        return body.decode()

    assert json.loads(asked("/v2/fhir/Patient"))["issue"][0]["code"] == "throttled"
    assert json.loads(asked("/oauth/token"))["error"] == "temporarily_unavailable"
    assert 'lang="es"' in asked("/", "text/html,*/*")


def test_what_is_no_request_is_refused_in_the_words_of_who_asks(tmp_path: Path) -> None:
    with running(tmp_path) as (_, base):
        too_long, header = b"x" * 1_100_000, {"X-Long": "x" * 70_000}
        search, token = f"{base}/fhir/ExplanationOfBenefit/_search", f"{base}/oauth/token"
        at_search, at_token = httpx.post(search, content=too_long), httpx.post(token, content=too_long)
        page = httpx.post(token, content=too_long, headers={"Accept": "text/html"})
        headers = httpx.get(search, headers=header)
        garbage = _sent(base, b"GET /fhir/Patient HTTP/1.1\r\nbroken header\r\n\r\n")

    assert (at_search.status_code, at_search.json()["issue"][0]["code"]) == (413, "too-long")
    assert (at_token.status_code, at_token.json()["error"]) == (413, "invalid_request")
    assert (page.status_code, 'lang="es"' in page.text) == (413, True)
    assert (headers.status_code, headers.headers["Cache-Control"]) == (431, "no-store")
    assert b" 400 " in garbage.splitlines()[0]
    assert b"cannot be read" in garbage


def test_a_worker_stays_until_its_successor_takes_requests(tmp_path: Path) -> None:
    slow_start = SERVER.replace(WORK, f"{WORK}\n    time.sleep(5)")
    with running(tmp_path, slow_start) as (process, base):
        before = {worker_of(base) for _ in range(40)}
        process.send_signal(signal.SIGHUP)
        time.sleep(0.5)
        assert {worker_of(base) for _ in range(10)} <= before
        until(lambda: len({worker_of(base) for _ in range(40)} - before) == 2)


@pytest.mark.parametrize("fault", ["os._exit(1)", "time.sleep(3600)"])
def test_where_a_new_worker_cannot_start_the_old_ones_go_on(tmp_path: Path, fault: str) -> None:
    impatient = "import fhir_facade.serving.workers\nfhir_facade.serving.workers.READY_S = 1.0\n"
    broken = impatient + SERVER.replace(WORK, f"{WORK}\n    if os.path.exists('broken'): {fault}")
    with running(tmp_path, broken) as (process, base):
        before = {worker_of(base) for _ in range(40)}
        (tmp_path / "broken").touch()
        process.send_signal(signal.SIGHUP)
        time.sleep(2.5)
        assert {worker_of(base) for _ in range(40)} == before
        (tmp_path / "broken").unlink()
        process.send_signal(signal.SIGHUP)
        until(lambda: not {worker_of(base) for _ in range(40)} & before)


def test_a_socket_of_the_service_manager_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    from fhir_facade.serving import workers

    with socket.socket() as given:
        given.bind(("127.0.0.1", 0))
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("LISTEN_FDS", "1")
        monkeypatch.setattr(workers, "FIRST_PASSED_DESCRIPTOR", os.dup(given.fileno()))

        with workers.listening_socket("127.0.0.1", 0) as used:
            assert used.getsockname() == given.getsockname()


def test_a_server_whose_workers_cannot_start_ends_with_an_error() -> None:
    from fhir_facade.serving import workers

    def broken(stop: threading.Event, ready: object) -> None:
        os._exit(1)

    started = time.monotonic()
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)}
    try:
        with pytest.raises(workers.CannotStart):
            workers.Workers(work=broken, count=2, drain_s=1).run()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

    assert time.monotonic() - started < 30
