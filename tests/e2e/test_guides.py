"""Every command of every guide, run as it stands on the page, in both languages."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess

import httpx
import pytest

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey, form_with, forms_of
from tests.e2e.test_sandbox import config_of

LANGUAGES = ("en", "es")


def commands(sandbox: Sandbox, name: str, language: str) -> list[str]:
    """The commands of a guide page, in order, as a person copies them."""
    page = httpx.get(f"{sandbox.base}/guides/{name}", params={"lang": language})
    assert page.status_code == 200
    return [html.unescape(one) for one in re.findall(r'<code class="language-sh">(.*?)</code>', page.text, re.DOTALL)]


def typed(command: str, **variables: str) -> str:
    """What a shell prints."""
    done = subprocess.run(
        ["bash", "-euc", command], capture_output=True, text=True, env={**os.environ, **variables}, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def token(sandbox: Sandbox) -> str:
    answer = sandbox.run("token", "--config", str(config_of(sandbox)), "--member", "alma", "--app", "demo", "--json")
    return str(answer["access_token"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_claim_is_five_steps_away(sandbox: Sandbox, language: str) -> None:
    """The steps of the page, as a person takes them: demo app, log-in, allow, copy the token, ask."""
    person = Journey(sandbox.base, "unused", "unused")
    page = person.follow(person.browser.get(f"{sandbox.base}/demo"))
    page = person.log_in(person.send(page, forms_of(page)[0]), "alma", "sandbox-alma")
    page = person.send(page, form_with(page, "answer"), answer="allow")
    copied = re.search(r'id="token">([^<]+)<', page.text)
    assert copied
    (ask,) = commands(sandbox, "start", language)
    bundle = json.loads(typed(ask, TOKEN=copied[1]))
    assert [entry["resource"]["resourceType"] for entry in bundle["entry"]] == ["ExplanationOfBenefit"] * 2
    guide = httpx.get(f"{sandbox.base}/guides/start", params={"lang": language}).text
    assert guide.partition("<ol>")[2].partition("</ol>")[0].count("<li>") <= 5


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_log_in_flow_works_as_the_guide_tells_it(sandbox: Sandbox, language: str) -> None:
    redirect = "http://127.0.0.1:9/callback"
    app = sandbox.run(
        "apps", "add", "--config", str(config_of(sandbox)), "--name", "Guide", "--redirect-uri", redirect, "--json"
    )
    mine = {"CLIENT_ID": app["client_id"], "REDIRECT_URI": redirect}
    discover, secret, send, exchange = commands(sandbox, "log-in", language)
    assert json.loads(typed(discover))["token_endpoint"] == f"{sandbox.base}/oauth/token"
    printed = typed(f"{secret}\n{send}\necho $VERIFIER $STATE", **mine).split()
    address, verifier, state = printed
    person = Journey(sandbox.base, app["client_id"], redirect)
    page = person.log_in(person.follow(person.browser.get(address)), "alma", "sandbox-alma")
    called = person.decide(page)
    assert (called["state"], called["iss"]) == (state, sandbox.base)
    tokens = json.loads(typed(exchange, **mine, CODE=called["code"], VERIFIER=verifier))
    assert {"access_token", "refresh_token", "patient", "scope"} <= tokens.keys()
    (refresh,) = commands(sandbox, "tokens", language)
    renewed = json.loads(typed(refresh, **mine, REFRESH_TOKEN=tokens["refresh_token"]))
    assert renewed["refresh_token"] != tokens["refresh_token"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_reading_works_as_the_guide_tells_it(sandbox: Sandbox, token: str, language: str) -> None:
    paging, changed, status, refused = (
        json.loads(typed(one, TOKEN=token)) for one in commands(sandbox, "reading", language)
    )
    assert len(paging["entry"]) == 5
    assert "next" in {link["relation"] for link in paging["link"]}
    assert changed["entry"]
    assert status["status"] == "ok"
    assert refused["resourceType"] == "OperationOutcome"


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_directory_answers_as_the_guide_tells_it(sandbox: Sandbox, language: str) -> None:
    (ask,) = commands(sandbox, "production", language)
    assert json.loads(typed(ask)) == {"applications": []}


def test_every_link_of_a_guide_leads_somewhere(sandbox: Sandbox) -> None:
    paths = {"/guides", *(f"/guides/{name}" for name in ("start", "log-in", "tokens", "reading", "production"))}
    linked = {link for path in paths for link in re.findall(r'href="([^"#]+)"', httpx.get(sandbox.base + path).text)}
    broken = [
        link
        for link in sorted(linked)
        if httpx.get(link if "://" in link else sandbox.base + link, follow_redirects=True).status_code != 200
    ]
    assert broken == []


def test_the_dictionary_explains_every_path_with_an_example(sandbox: Sandbox) -> None:
    page = httpx.get(f"{sandbox.base}/guides/dictionary").text
    assert page.count("<tr>") > 100
    assert "ExplanationOfBenefit.billablePeriod" in page
