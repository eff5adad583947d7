"""Whoever presses every button twice in a hurry gets one of everything, and the page they expect."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade.contracts import totp
from tests.e2e.conftest import Sandbox
from tests.e2e.test_registry import PASSWORD, QUESTIONS
from tests.e2e.test_walks import form, letter_to
from tests.peers.browser import MODES, Chromium, Visitor, chromium

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screens" / "double-clicks"


@pytest.fixture(scope="module")
def browser(sandbox: Sandbox) -> Iterator[Chromium]:
    with chromium(sandbox.base) as found:
        yield found


def letters_to(sandbox: Sandbox, address: str) -> int:
    """How many letters went to an address."""
    letters = [file.read_text(encoding="utf-8") for file in (sandbox.state / "outbox").glob("*.eml")]
    return sum(f"To: {address}" in letter for letter in letters)


def until_letter(sandbox: Sandbox, address: str) -> None:
    """Wait for a letter: the answer to the second press may come while the first one still writes it."""
    end = time.monotonic() + 20
    while not letters_to(sandbox, address):
        assert time.monotonic() < end, "no letter came"
        time.sleep(0.1)


@pytest.mark.peer("chromium", "node")
def test_a_developer_who_presses_twice_gets_one_of_everything(sandbox: Sandbox, browser: Chromium) -> None:
    ada, address = Visitor(browser, MODES[0], PICTURES / "developer"), f"twice-{time.monotonic_ns()}@x.example"
    ada.open("/developers/sign-up")
    ada.fill(name="Ada", organization="Buddy Inc.", email=address, password=PASSWORD)
    ada.press_twice(form("/developers/sign-up"))
    assert "mailbox" in ada.text("h1")
    until_letter(sandbox, address)
    link = re.findall(r"/developers/verify/\S+", letter_to(sandbox, address))[0]
    ada.open(link)
    ada.press_twice(form(link))
    assert ada.text("h1") in ("Your e-mail address is confirmed", "Log in as a developer")
    ada.open("/developers/log-in")
    ada.fill(email=address, password=PASSWORD)
    ada.press_twice(form("/developers/log-in"))
    assert ada.text("h1") == "My apps"
    assert letters_to(sandbox, address) == 1
    ada.open("/developers/second-factor")
    key = ada.text("#key").replace(" ", "")
    ada.fill(code=totp.code_at(key, int(time.time()) // totp.STEP_S))
    ada.press_twice(form("/developers/second-factor"))
    assert ada.text("h1") == "Account"
    ada.open("/developers/apps/new")
    ada.fill(name="Twice", website="https://a.example/", privacy_url="https://a.example/p")
    ada.fill(redirects="https://a.example/callback")
    ada.choose("kind", "confidential")
    ada.press_twice(".facade-buttons button")
    assert len(ada.text("#sandbox-secret")) == 43
    ada.press('main a[href$="/production"]')
    for name in QUESTIONS:
        ada.choose(f"attest-{name}", "yes")
    ada.press_twice(".facade-buttons button")
    assert ada.text("#review-state") == "Submitted"
    ada.open("/developers/apps")
    assert ada.count(".facade-card") == 1


@pytest.mark.peer("chromium", "node")
def test_a_member_who_presses_twice_shares_and_stops_once(browser: Chromium) -> None:
    maria = Visitor(browser, MODES[0], PICTURES / "member")
    maria.open("/demo")
    maria.press_twice(form("/demo/start"))
    maria.fill(username="vivian", password="sandbox-vivian")
    assert maria.press_twice(form("/login/callback")) == 1, "a second sending would be told that it was used already"
    maria.press_twice('main button[value="allow"]')
    maria.wait_for("text=Claims of Vivian")
    maria.open("/members")
    maria.press_twice(form("/members/log-in"))
    maria.fill(username="vivian", password="sandbox-vivian")
    assert maria.press_twice(form("/login/callback")) == 1, "a second sending would be told that it was used already"
    maria.wait_for(".facade-card")
    assert maria.count(".facade-card") == 1
    maria.press_twice(form("/members/stop"))
    maria.wait_for("text=No app may see")
    assert maria.count(".facade-card") == 0
