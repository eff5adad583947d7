"""A form that the page itself did not send decides nothing, and no page can be put into a frame."""

from __future__ import annotations

import itertools
import os
import random
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import func, select

from fhir_facade.store.tables import grants
from tests.databases import BOTH, empty_url
from tests.peers.log_ins import hidden
from tests.whole import Whole, connections_closed, whole_facade

SEED = int(os.environ.get("FHIR_FACADE_SEED", "20261122"))
ARGUMENTS = {"topic": "start", "username": "x", "visit_id": "x", "choice": "sandbox", "resource_type": "Patient"}


@pytest.fixture(scope="module", params=BOTH)
def database(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def whole(request: pytest.FixtureRequest, database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Whole]:
    folder = tmp_path_factory.mktemp("whole")
    with connections_closed():
        yield whole_facade(folder, empty_url(request, database, folder))


@dataclass
class Asked:
    """A consent page that waits for its member in one browser, and what an attacker may know besides."""

    browser: Any
    page: Any
    foreign: str
    rng: random.Random

    def token(self) -> str:
        return hidden(self.page.text, "token")

    def forged(self) -> dict[str, str]:
        """A token that is not this page's own."""
        own = self.token()
        place = self.rng.randrange(len(own))
        other = self.rng.choice([c for c in "abcdefghijklmnopqrstuvwxyz0123456789-_" if c != own[place]])
        values = ["", "x", "é", self.foreign, secrets.token_urlsafe(32), own[:-1], own + own[-1], own[::-1] + "x"]
        values.append(own[:place] + other + own[place + 1 :])
        chosen = self.rng.choice([None, *values])
        return {} if chosen is None else {"token": chosen}

    def address(self) -> str:
        return str(self.page.request.path)


def cross_site(asked: Asked, whole: Whole) -> Any:
    """The member's browser sends a form of another site."""
    form = asked.forged() | {"answer": asked.rng.choice(("allow", "deny")), "share": "claims"}
    return asked.browser.post(asked.address(), data=form, headers={"Origin": "https://evil.example"})


def cross_site_cancel(asked: Asked, whole: Whole) -> Any:
    return asked.browser.post(asked.address().replace("/consent", "/cancel"), data=asked.forged())


def in_the_url(asked: Asked, whole: Whole) -> Any:
    """The right token, but where a link of another site would put it."""
    query = {"token": asked.token(), "answer": "allow", "share": "claims"}
    return asked.browser.post(asked.address(), query_string=query)


def from_another_browser(asked: Asked, whole: Whole) -> Any:
    form = {"token": asked.token(), "answer": "allow", "share": "claims"}
    return whole.browser().post(asked.address(), data=form)


WAYS = (cross_site, cross_site_cancel, in_the_url, from_another_browser)


def grants_there(whole: Whole) -> int:
    with whole.store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(grants)).scalar_one())


@pytest.mark.figure(of="R14")
def test_no_form_but_the_pages_own_decides(whole: Whole, full_counts: bool, figure: Any) -> None:
    rng, app, tried = random.Random(SEED), whole.register("App"), 0
    people = itertools.cycle(whole.people)
    for _ in range(25 if full_counts else 2):
        browser, other = whole.browser(), whole.browser()
        page = whole.consent_page(browser, app, next(people))
        foreign = hidden(whole.consent_page(other, app, next(people)).text, "token")
        asked, before = Asked(browser, page, foreign, rng), grants_there(whole)
        for way in WAYS * (10 if full_counts else 3):
            answer = way(asked, whole)
            assert (answer.status_code, answer.location) == (400, None), way.__name__
            assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
            tried += 1
        assert grants_there(whole) == before
        assert "code=" in whole.decide(browser, page, "claims").location
        assert grants_there(whole) == before + 1
    figure(f"0 of {tried} forged decisions in {len(WAYS)} ways taken, and the member's own counted after them")


def pages(whole: Whole, browser: Any) -> list[Any]:
    """What every address answers to a browser that can be opened by GET."""
    answers = []
    for rule in whole.flask.url_map.iter_rules():
        if "GET" in (rule.methods or ()):
            arguments = {name: ARGUMENTS.get(name, "x") for name in rule.arguments}
            url = whole.flask.url_map.bind("localhost:8000").build(rule.endpoint, arguments)
            answers.append(browser.get(url, headers={"Accept": "text/html"}))
    return [answer for answer in answers if answer.mimetype == "text/html"]


def logged_in(whole: Whole) -> Any:
    browser = whole.browser()
    token = hidden(browser.get("/members").text, "token")
    start = browser.post("/members/log-in", data={"token": token}).location
    form = browser.get(f"{start}/with/sandbox", follow_redirects=True)
    member = whole.people[0]
    sent = {"state": hidden(form.text, "state"), "username": member.username, "password": member.password}
    assert "/members" in browser.post("/login/callback", data=sent, follow_redirects=True).request.path
    return browser


@pytest.mark.figure(of="R14")
def test_no_page_can_be_framed(whole: Whole, figure: Any) -> None:
    member, app = logged_in(whole), whole.register("App")
    seen = [*pages(whole, whole.browser()), *pages(whole, member), whole.consent_page(whole.browser(), app)]
    for page in seen:
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"], page.request.path
    assert len({page.request.path for page in seen}) > 25
    figure(f"frame-ancestors 'none' on {len(seen)} of {len(seen)} HTML pages")
