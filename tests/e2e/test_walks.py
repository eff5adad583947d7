"""A developer and a member do all they can do, with a mouse, with a keyboard alone, without JavaScript, in Spanish."""

from __future__ import annotations

import email
import email.policy
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade.contracts import totp
from fhir_facade.web.language import catalog
from tests.e2e.conftest import Sandbox
from tests.e2e.test_registry import PASSWORD, QUESTIONS
from tests.peers.browser import MODES, Chromium, Mode, Visitor, chromium

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screens" / "walks"


@pytest.fixture(scope="module")
def browser(sandbox: Sandbox) -> Iterator[Chromium]:
    with chromium(sandbox.base) as found:
        yield found


def letter_to(sandbox: Sandbox, address: str) -> str:
    """The newest letter to an address."""
    files = sorted((sandbox.state / "outbox").glob("*.eml"), reverse=True)
    read = (email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files)
    return next(str(one.get_content()) for one in read if one["To"] == address)


def form(action: str) -> str:
    """The first button of the form that leads there."""
    return f'main form[action="{action}"] button >> nth=0'


@pytest.mark.peer("chromium", "node")
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_developer_goes_from_sign_up_to_a_request_for_production(
    sandbox: Sandbox, browser: Chromium, mode: Mode
) -> None:
    ada, address = Visitor(browser, mode, PICTURES / "developer"), f"walk-{mode.name}-{time.monotonic_ns()}@x.example"
    sign_up(sandbox, ada, address)
    register(ada)
    ask_for_production(ada)
    assert ada.text("#review-state") == catalog(mode.language)["state.submitted"]
    ada.press(form("/developers/log-out"))
    ada.open("/developers/apps")
    assert "/developers/log-in" in ada.url


def sign_up(sandbox: Sandbox, ada: Visitor, address: str) -> None:
    """From the front page to an account with a second factor; the first try has a fault."""
    ada.open("/")
    ada.press('main a[href="/developers/sign-up"]')
    ada.fill(name="Ada <b>Reyes</b>", organization="Buddy Inc.", email=address, password="short")
    assert ada.press(form("/developers/sign-up")) == 422
    assert ada.count("#error-summary a[href='#password']") == ada.count("#password-error") == 1
    ada.look("sign-up-fault")
    ada.fill(password=PASSWORD)
    ada.press(form("/developers/sign-up"))
    ada.look("mailbox")
    link = re.findall(r"/developers/verify/\S+", letter_to(sandbox, address))[0]
    ada.open(link)
    ada.press(form(link))
    ada.look("verified")
    ada.press('main a[href="/developers/log-in"]')
    ada.fill(email=address, password="not this one")
    ada.press(form("/developers/log-in"))
    ada.look("log-in-fault")
    ada.fill(email=address, password=PASSWORD)
    ada.press(form("/developers/log-in"))
    ada.open("/developers/second-factor")
    ada.look("second-factor")
    key = ada.text("#key").replace(" ", "")
    ada.fill(code=totp.code_at(key, int(time.time()) // totp.STEP_S))
    ada.press(form("/developers/second-factor"))
    ada.look("account")
    assert "Ada <b>Reyes</b>" in ada.text()


def register(ada: Visitor) -> None:
    """An app for the sandbox; the first try has a redirect address that cannot be."""
    ada.press('nav a[href="/developers/apps"]')
    ada.press('main a[href="/developers/apps/new"]')
    ada.fill(name="Budget Buddy", website="https://app.example/", privacy_url="https://app.example/privacy")
    ada.fill(redirects="http://app.example/callback")
    ada.choose("kind", "confidential")
    ada.press(".facade-buttons button")
    ada.look("redirect-fault")
    assert "localhost" in ada.text("#redirects-error")
    ada.fill(redirects="https://app.example/callback")
    ada.press(".facade-buttons button")
    ada.look("sandbox-key")
    assert len(ada.text("#sandbox-secret")) == 43


def ask_for_production(ada: Visitor) -> None:
    """First without the answers, then with them."""
    ada.press('main a[href$="/production"]')
    ada.press(".facade-buttons button")
    ada.look("answers-missing")
    for name in QUESTIONS:
        ada.choose(f"attest-{name}", "yes")
    ada.press(".facade-buttons button")
    ada.look("submitted")


@pytest.mark.peer("chromium", "node")
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.name)
def test_a_member_shares_narrows_and_stops(sandbox: Sandbox, browser: Chromium, mode: Mode) -> None:
    maria, words = Visitor(browser, mode, PICTURES / "member"), catalog(mode.language)
    share(maria, words)
    log_in_to_members(maria)
    maria.look("apps")
    maria.toggle("details.facade-less summary >> nth=0")
    maria.untick("share", "claims")
    maria.press(form("/members/narrow"))
    maria.look("narrowed")
    assert words["consent.claims"] not in maria.text(".facade-card >> nth=0 >> dl")
    maria.press('main a[href="/members/ledger"]')
    maria.look("ledger")
    assert maria.count("tbody tr") >= 2
    maria.press('main a[href="/members"]')
    before = maria.count(".facade-card")
    maria.press(form("/members/stop"))
    maria.look("stopped")
    assert maria.count(".facade-card") == before - 1
    maria.press('main a[href="/members/choosing"]')
    maria.look("choosing")
    maria.press('main a[href$="/members"]')
    maria.press(form("/members/log-out"))
    maria.look("logged-out")


def share(maria: Visitor, words: dict[str, str]) -> None:
    """By the demo app: first a wrong password, then a cancel, then all but the coverage."""
    maria.open("/demo")
    maria.press(form("/demo/start"))
    maria.fill(username="rhea", password="wrong")
    maria.press(form("/login/callback"))
    maria.look("wrong-password")
    maria.fill(username="rhea", password="sandbox-rhea")
    maria.press(form("/login/callback"))
    maria.look("consent")
    maria.press('main button[value="deny"]')
    maria.look("cancelled")
    assert words["demo.refused"] in maria.text()
    maria.press(form("/demo/start"))
    maria.fill(username="rhea", password="sandbox-rhea")
    maria.press(form("/login/callback"))
    maria.untick("share", "coverage")
    maria.press('main button[value="allow"]')
    maria.look("shared")


def log_in_to_members(maria: Visitor) -> None:
    maria.open("/members")
    maria.press(form("/members/log-in"))
    maria.fill(username="rhea", password="sandbox-rhea")
    maria.press(form("/login/callback"))
