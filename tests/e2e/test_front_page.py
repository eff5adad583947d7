"""From ``make sandbox`` to a first explanation of benefit, as the front page says, by a person with a browser."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import wait_for
from tests.e2e.guide_pages import typed
from tests.peers.browser import MODES, Mode, Visitor, chromium
from tests.peers.running import free_port

PROJECT = Path(__file__).resolve().parents[2]
PICTURES = PROJECT / "build" / "screens" / "first-claim"
MOST_STEPS = 5
MOST_S = 300
WORDS_A_MINUTE = 200
KEYS_A_MINUTE = 150
FIND_S = 3.0
"""How long a person looks for what to press or copy."""


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, float]]:
    """Where ``make sandbox`` serves, and how long it took; what it installs is installed already."""
    state, port = tmp_path_factory.mktemp("make"), free_port()
    log, began = state / "printed", time.monotonic()
    command = ["make", "-o", f"{sys.prefix}/installed", "sandbox", f"VENV={sys.prefix}", f"PORT={port}"]
    surroundings = {**os.environ, "FHIR_FACADE_STATE": str(state)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, cwd=PROJECT, env=surroundings, start_new_session=True
        )
    wait_for(log, process, "Serving ")
    yield f"http://localhost:{port}", time.monotonic() - began
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(40)


def steps_of(base: str, language: str) -> list[str]:
    """The steps of the front page, as they are written."""
    page = httpx.get(base, params={"lang": language}, timeout=60).text
    written = page.partition('id="first-claim">')[2].partition("</ol>")[0]
    return re.findall(r"<li>(.*?)</li>", written, re.DOTALL)


def words(step: str) -> list[str]:
    return re.sub("<[^>]+>", " ", step).split()


def marked(step: str, mark: str) -> list[str]:
    return [html.unescape(one) for one in re.findall(rf"<{mark}[^>]*>(.*?)</{mark}>", step)]


def follow(person: Visitor, step: str) -> float:
    """Do what a step says: open its link, type what is written as code, press what is bold. Seconds a person takes."""
    took = 60 * len(words(step)) / WORDS_A_MINUTE
    for text in marked(step, "a"):
        person.press(f'main a:text-is("{text}")')
        took += FIND_S
    for field, text in zip(("username", "password"), marked(step, "code"), strict=False):
        person.fill(**{field: text})
        took += 60 * len(text) / KEYS_A_MINUTE
    for text in marked(step, "strong"):
        person.press(f'main button:text-is("{text}")')
        took += FIND_S
    return took


@pytest.mark.figure(of="first claim")
@pytest.mark.peer("chromium", "node")
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_the_front_page_leads_to_a_first_claim(
    started: tuple[str, float], mode: Mode, figure: Callable[[str], None]
) -> None:
    base, ready_s = started
    steps = steps_of(base, mode.language)
    began, person_s = time.monotonic(), 0.0
    with chromium(base) as browser:
        person = Visitor(browser, mode, PICTURES)
        person.open("/")
        for number, step in enumerate(steps):
            person_s += follow(person, step)
            person.look(f"step-{number + 1}")
        copied = person.text("#command")
    bundle = json.loads(typed(copied))
    machine_s = time.monotonic() - began
    found = bundle["entry"][0]["resource"]
    assert (found["resourceType"], found["patient"]["reference"]) == (
        "ExplanationOfBenefit",
        "Patient/sandbox-m0000005",
    )
    assert len(steps) <= MOST_STEPS
    assert ready_s + person_s + machine_s < MOST_S
    figure(
        f"first claim by the front page ({mode.name}): {len(steps)} steps; make sandbox ready in {ready_s:.0f} s, "
        f"then {machine_s:.0f} s of machine and {person_s:.0f} s of reading and typing"
    )
