"""Whatever befalls the process that keeps the workers, none of them is left behind, and what is good goes on."""

from __future__ import annotations

import http.client
import signal
import threading
from pathlib import Path

import httpx
import pytest

from fhir_facade.cli import serve
from fhir_facade.cli.serve import Current
from fhir_facade.serving import admin
from fhir_facade.serving.workers import bound_socket
from fhir_facade.settings import load
from fhir_facade.store import StoreUnavailable
from tests.peers.running import answers
from tests.serving.test_workers import SERVER, WORK, running, until

WATCHED = SERVER.replace(
    "Workers(work=work",
    """
def watch(stop):
    with open("watchers", "a") as file:
        file.write("one ")
    while not stop.is_set():
        time.sleep(0.05)
def on_reload():
    if os.path.exists("broken"):
        raise OSError("the disk is gone")
Workers(on_reload=on_reload, watch=watch, work=work""",
)


def port_of(base: str) -> int:
    return httpx.URL(base).port or 0


def test_workers_end_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    with running(tmp_path, WATCHED) as (process, base):
        process.kill()
        process.wait()
        until(lambda: not answers(port_of(base)))


def test_workers_end_with_a_parent_that_fails(tmp_path: Path) -> None:
    with running(tmp_path, WATCHED) as (process, base):
        (tmp_path / "broken").touch()
        process.send_signal(signal.SIGHUP)
        assert process.wait(20) != 0
        assert not answers(port_of(base))


def test_the_operators_listener_begins_anew_at_a_reload(tmp_path: Path) -> None:
    with running(tmp_path, WATCHED) as (process, base):
        until((tmp_path / "watchers").exists)
        process.send_signal(signal.SIGHUP)
        until(lambda: (tmp_path / "watchers").read_text() == "one one ")
        assert httpx.get(base).status_code == 200


def test_a_database_that_is_down_at_a_reload_changes_nothing(
    small_config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def down(settings: object) -> None:
        raise StoreUnavailable("the store does not answer")

    current = Current(before := load(small_config), lambda: load(small_config))
    monkeypatch.setattr(serve, "require_current_schemas", down)
    current.read()
    assert current.settings is before
    assert "go on with the config of before:\nthe store does not answer" in capsys.readouterr().err


def test_a_worker_counts_as_alive_once_it_takes_requests(tmp_path: Path) -> None:
    told = SERVER.replace(WORK, f"{WORK}\n    time.sleep(1)").replace(
        "Workers(work=work", "Workers(on_change=lambda alive, stopping: print(alive, file=log, flush=True), work=work"
    )
    with running(tmp_path, told.replace("listener =", 'log = open("alive", "a")\nlistener =')):
        until(lambda: (tmp_path / "alive").read_text().endswith("2\n"))
    counts = [int(count) for count in (tmp_path / "alive").read_text().split()]
    assert counts[0] == 0
    assert set(counts) <= {0, 1, 2}


def test_a_load_balancer_may_ask_for_the_head_alone() -> None:
    stop, listener = threading.Event(), bound_socket("127.0.0.1", 0)
    board = admin.Board()
    board.write(wanted=1, alive=1, stopping=False)
    thread = threading.Thread(target=admin.serve, args=(listener, board, {}, admin.no_figures, stop))
    thread.start()
    try:
        connection = http.client.HTTPConnection(*listener.getsockname(), timeout=10)
        connection.request("HEAD", "/readyz")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 0
        connection.close()
    finally:
        stop.set()
        thread.join()
