"""Every request leaves one line of named fields and two figures; nothing that it asked for stands in them."""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import httpx
import pytest

from fhir_facade.serving import journal
from tests.peers.running import free_port, running
from tests.serving.test_workers import until

CANARY = "CANARY0042"


@dataclass(frozen=True)
class Served:
    """A facade with two workers, what it wrote, and its admin listener."""

    process: Popen[bytes]
    base: str
    admin: str
    log: Path
    state: Path

    def lines(self) -> list[dict[str, Any]]:
        """The structured lines so far."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def counted(self, labels: str) -> float:
        """A counter of requests over all workers."""
        text = httpx.get(f"{self.admin}/metrics").text
        name = f"fhir_facade_requests_total{{{labels}}} "
        return sum(float(line.removeprefix(name)) for line in text.splitlines() if line.startswith(name))


@pytest.fixture
def service(small_config: Path, tmp_path: Path) -> Iterator[Served]:
    port, admin, log = free_port(), free_port(), tmp_path / "serve.log"
    command = [str(Path(sys.executable).parent / "fhir-facade"), "serve", "--config", str(small_config)]
    with running([*command, "--workers", "2", "--port", str(port), "--admin-port", str(admin)], port, log) as process:
        admin_base = f"http://127.0.0.1:{admin}"
        until(lambda: httpx.get(f"{admin_base}/readyz").json()["workers"] == {"wanted": 2, "alive": 2})
        yield Served(process, f"http://127.0.0.1:{port}", admin_base, log, small_config.parent / "state")


def ask(service: Served) -> None:
    """Requests whose every part that a client chooses holds the canary, but for the name of the request."""
    headers = {"Authorization": f"Bearer {CANARY}", "User-Agent": CANARY, "X-Request-Id": "mine-1"}
    for path in (f"Patient?_id={CANARY}", f"Patient/{CANARY}", f"Patient/{CANARY}/$everything", f"{CANARY}/x"):
        httpx.get(f"{service.base}/fhir/{path}", headers=headers)
    httpx.request(CANARY, f"{service.base}/members", headers=headers)
    httpx.get(f"{service.base}/{CANARY}", params={"code": CANARY}, headers=headers, cookies={"visit": CANARY})
    httpx.post(f"{service.base}/oauth/token", data={"client_id": CANARY, "code": CANARY}, headers=headers)


def test_nothing_that_a_request_holds_stands_in_its_line(service: Served) -> None:
    ask(service)
    with sqlite3.connect(service.state / "store.sqlite") as store:
        store.execute("DROP TABLE tokens")
    ask(service)
    until(lambda: len([line for line in service.lines() if line["what"] == "request"]) == 14)
    asked = [line for line in service.lines() if line["what"] == "request"]
    assert {"/fhir/Patient", "/fhir/Patient/<resource_id>", "/oauth/token", "none"} <= {one["route"] for one in asked}
    assert {one["request_id"] for one in asked} == {"mine-1"}
    assert {one["status"] for one in asked} >= {401, 404, 405, 503}
    assert all(one["ms"] >= 0 for one in asked)
    failed = [line for line in service.lines() if line["what"] == "a request failed"]
    assert {(one["error"], one["request_id"]) for one in failed} >= {("StoreUnavailable", "mine-1")}
    assert {one["reason"] for one in failed} == {"the store does not answer: OperationalError: no such table: tokens"}
    assert CANARY not in service.log.read_text()
    assert CANARY not in httpx.get(f"{service.admin}/metrics").text


def test_requests_are_counted_over_all_workers_and_those_before_them(service: Served) -> None:
    labels = 'method="GET",route="/fhir/metadata",status="200"'
    before = httpx.get(f"{service.admin}/readyz").json()
    for _ in range(20):
        assert httpx.get(f"{service.base}/fhir/metadata").status_code == 200
    until(lambda: service.counted(labels) == 20)
    for _ in range(3):
        service.process.send_signal(signal.SIGHUP)
        httpx.get(f"{service.base}/fhir/metadata")
    until(lambda: service.counted(labels) == 23)
    assert httpx.get(f"{service.admin}/readyz").json() == before
    text = httpx.get(f"{service.admin}/metrics").text
    assert 'fhir_facade_request_seconds_count{route="/fhir/metadata"} 23.0' in text


def test_an_exception_is_told_by_classes_and_places_alone(capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.Logger("fhir_facade.test")
    log.addHandler(journal.Lines())
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise RuntimeError(f"no row of {CANARY}") from error
    except RuntimeError:
        log.exception("it failed")
        log.warning("it waits", exc_info=True, extra={"request_id": "r", "secret": CANARY})
    failed, waiting = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert (failed["what"], failed["error"], failed["causes"]) == ("it failed", "RuntimeError", ["KeyError"])
    assert all(place.startswith("serving/test_journal.py:") for place in failed["places"])
    assert len(failed["places"]) == 2
    assert waiting.keys() == {"at", "level", "what", "request_id", "error", "causes"}
    assert CANARY not in json.dumps([failed, waiting])


def test_of_a_library_only_its_name_and_place_are_told(capfd: pytest.CaptureFixture[str]) -> None:
    log = logging.Logger("waitress")
    log.addHandler(journal.Lines())
    log.warning("Exception while serving /fhir/Patient/%s", CANARY)
    (line,) = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert (line["what"], line["logger"]) == ("a library reports", "waitress")
    assert line["place"].startswith("test_journal.py:")
    assert CANARY not in json.dumps(line)
