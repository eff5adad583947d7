"""Paging across processes, a restart, and rows that arrive meanwhile."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from fhir_facade.contracts.claims import Checkpoint
from fhir_facade.resources.database import migrate, replica_url
from tests.peers.running import free_port
from tests.resources.filled import Filler
from tests.resources.world import SOURCE, Scripted, claim, records
from tests.web.fhir.world import BASE

PROJECT = Path(__file__).resolve().parents[3]
MEMBER = f"{SOURCE}-m1"


class Process:
    """One server process that can be killed and started again."""

    def __init__(self, url):
        self.url = url
        self.port = free_port()
        self.start()

    def start(self):
        command = [sys.executable, "-m", "tests.web.fhir.process", self.url.render_as_string(hide_password=False)]
        self.running = subprocess.Popen([*command, str(self.port)], cwd=PROJECT)
        for _ in range(300):
            try:
                httpx.get(f"http://127.0.0.1:{self.port}/fhir/metadata")
                return
            except httpx.ConnectError:
                time.sleep(0.1)
        raise AssertionError("the process did not answer")

    def stop(self):
        self.running.kill()
        self.running.wait()

    def get(self, url):
        path = url.removeprefix(BASE)
        headers = {"Authorization": f"Bearer {MEMBER}"}
        return httpx.get(f"http://127.0.0.1:{self.port}/fhir{path}", headers=headers, timeout=30)


def arriving(count, batches):
    """A source that first has ``count`` claims, then one newer claim more for each of ``batches`` runs."""

    def of(sequences):
        chunks = [sequences[at : at + 500] for at in range(0, len(sequences), 500)]
        return [records(1, [claim(1, each) for each in chunk]) for chunk in chunks]

    script = {None: (*of(list(range(batches, batches + count))), Checkpoint(watermark="0", finished=True))}
    for number in range(batches):
        new = of([batches - 1 - number])
        script[str(number)] = (*new, Checkpoint(watermark=str(number + 1), finished=True))
    return Scripted(script)


@pytest.mark.parametrize(
    "place", [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))]
)
def test_pages_are_whole_across_processes_a_restart_and_rows_arriving(request, place, tmp_path, full_counts):
    if place == "postgresql" and not full_counts:
        pytest.skip("with the full counts only: set FHIR_FACADE_COUNTS=full")
    count, batches = (10_000, 5) if full_counts else (600, 3)
    database = request.getfixturevalue("postgresql").database() if place == "postgresql" else None
    url = replica_url(database, tmp_path)
    migrate(url)
    filler = Filler(url, tmp_path)
    source = arriving(count, batches)
    filler.sync(source)
    with ExitStack() as stack:
        processes = [Process(url) for _ in range(3)]
        for process in processes:
            stack.callback(process.stop)
        seen, at, pages = [], "/ExplanationOfBenefit?_count=50", 0
        while at:
            response = processes[pages % 3].get(at)
            assert response.status_code == 200, response.text
            bundle = response.json()
            seen += [each["resource"]["id"] for each in bundle["entry"]]
            at = next((each["url"] for each in bundle["link"] if each["relation"] == "next"), None)
            pages += 1
            if pages <= batches:
                filler.sync(source)
            if pages == 4:
                processes[1].stop()
                processes[1].start()
    filler.close()
    assert len(seen) == len(set(seen)) == count
    assert set(seen) == {f"{SOURCE}-c1-{number}" for number in range(batches, batches + count)}
