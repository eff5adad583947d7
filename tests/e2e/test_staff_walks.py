"""Reviewer, operator and auditor at work in a real browser: by keyboard alone, without scripts, in Spanish."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade.contracts import totp
from tests.e2e.cast import Cast
from tests.e2e.conftest import Sandbox
from tests.e2e.test_registry import PASSWORD
from tests.e2e.test_sandbox import config_of
from tests.peers.browser import MODES, Chromium, Mode, Visitor, chromium

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screens" / "staff"

pytestmark = [
    pytest.mark.peer("chromium", "node"),
    pytest.mark.parametrize("mode", MODES[1:], ids=lambda mode: mode.name),
]


@pytest.fixture(scope="module")
def browser(sandbox: Sandbox) -> Iterator[Chromium]:
    with chromium(sandbox.base) as found:
        yield found


def arrived(sandbox: Sandbox, browser: Chromium, mode: Mode, role: str) -> Visitor:
    """Somebody new of the staff, from the invitation to the front page of the staff."""
    person = Visitor(browser, mode, PICTURES / role)
    email = f"{role}-{time.monotonic_ns()}@agency.example"
    about = ("--email", email, "--name", "Rita Okafor", "--role", role)
    made = sandbox.run("staff", "add", "--config", str(config_of(sandbox)), *about, "--json")
    person.open(made["link"])
    person.fill(password=PASSWORD)
    person.press("main form button")
    person.open("/staff")
    person.look("log-in")
    person.press("main a.usa-button")
    person.fill(email=email, password=PASSWORD)
    person.press('main form[action="/developers/log-in"] button')
    key = person.text("#key").replace(" ", "")
    person.fill(code=totp.code_at(key, int(time.time()) // totp.STEP_S))
    person.press('form[action="/developers/second-factor"] button')
    assert person.url.endswith("/staff")
    person.look("staff")
    return person


def test_a_reviewer_decides_suspends_and_reinstates(sandbox: Sandbox, browser: Chromium, mode: Mode) -> None:
    review = f"/review/{Cast(sandbox).review_id}"
    rita = arrived(sandbox, browser, mode, "reviewer")
    rita.press('main a[href="/review"]')
    rita.look("queue")
    rita.press(f'a[href="{review}"]')
    rita.look("request")
    for step in ("take", "approve"):
        assert rita.press(f"form:has(input[value={step}]) button") == 200
    assert rita.press("form:has(input[value=suspend]) button") == 422
    rita.look("why-is-missing")
    for step in ("suspend", "reinstate"):
        rita.fill(**{f"why-{step}": "The makers were asked about a report."})
        assert rita.press(f"form:has(input[value={step}]) button") == 200
        rita.look(step)
    assert rita.count("section[aria-labelledby=history] li") == 5
    assert rita.open("/staff/keys") == 403
    rita.look("forbidden")


def test_an_operator_reads_sources_and_log_ins_and_takes_a_key_back(
    sandbox: Sandbox, browser: Chromium, mode: Mode
) -> None:
    assert Cast(sandbox).at_home("alma")
    olga = arrived(sandbox, browser, mode, "operator")
    olga.press('main a[href="/staff/sources"]')
    olga.look("sources")
    olga.press('a[href="/staff/sources/sandbox"]')
    olga.look("source")
    olga.press('nav a[href="/staff/log-ins"]')
    assert int(olga.text("tbody tr:nth-child(2) td")) >= 1, "a member logged in"
    olga.look("log-ins")
    olga.press('nav a[href="/staff/keys"]')
    olga.press('a[href="/staff/keys/new/publish"]')
    olga.look("publish")
    olga.press("main form[action*=publish] button")
    assert olga.count('a[href$="/sign"]') >= 1
    olga.look("published")
    olga.press('a[href$="/retire"]')
    olga.look("retire")
    olga.press("main form[action*=retire] button")
    olga.look("retired")


def test_an_auditor_searches_and_checks_the_chain(sandbox: Sandbox, browser: Chromium, mode: Mode) -> None:
    amir = arrived(sandbox, browser, mode, "auditor")
    amir.press('main a[href="/staff/audit"]')
    amir.look("form")
    amir.fill(member="nobody of this plan", member_kind="medicaid-id")
    assert amir.press('main form[action="/staff/audit"] button') == 422
    amir.look("no-such-member")
    amir.fill(request_id="", member="")
    assert amir.press('main form[action="/staff/audit"] button') == 200
    assert amir.count("section[aria-labelledby=found] tbody tr") == 50
    amir.look("found")
    assert amir.press('form[action="/staff/audit/older"] button') == 200
    amir.look("older")
    assert "?" not in amir.url
    amir.press('form[action="/staff/audit/check"] button')
    assert amir.count(".usa-alert--success") == 1
    amir.look("checked")
    amir.press('nav form[action="/developers/log-out"] button')
    assert amir.url.endswith("/staff/log-in")
