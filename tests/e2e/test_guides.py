"""Every command of every guide, run as it stands on the page, and its answer as the page shows it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_facade.web.guides import NAMES
from tests.e2e.conftest import Sandbox
from tests.e2e.guide_pages import STEPS, Step, check, comparable, steps_of, typed
from tests.e2e.journey import Journey, form_with, forms_of
from tests.e2e.test_sandbox import config_of

LANGUAGES = ("en", "es")
REDIRECT = "http://127.0.0.1:8765/callback"
SIMPLE = ("start", "scopes", "paging", "errors", "synchronising", "production")
"""Guides whose commands need a token at most."""


@pytest.fixture(scope="module")
def variables(sandbox: Sandbox) -> dict[str, str]:
    """What a reader has in the shell."""
    return {
        "TOKEN": token(sandbox, "alma"),
        "DEAN_TOKEN": token(sandbox, "dean"),
        "COVERAGE_TOKEN": token(sandbox, "alma", "patient/Coverage.rs"),
    }


def token(sandbox: Sandbox, member: str, scope: str = "patient/*.rs", app: str = "demo") -> str:
    arguments = ["--member", member, "--app", app, "--scope", scope, "--json"]
    return str(sandbox.run("token", "--config", str(config_of(sandbox)), *arguments)["access_token"])


def app_of(sandbox: Sandbox, *scopes: str) -> str:
    """The client id of a fresh public app."""
    arguments = ["--name", "Guide", "--redirect-uri", REDIRECT, *(f"--scope={one}" for one in scopes), "--json"]
    return str(sandbox.run("apps", "add", "--config", str(config_of(sandbox)), *arguments)["client_id"])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SIMPLE)
def test_every_command_answers_as_the_page_shows(
    sandbox: Sandbox, variables: dict[str, str], tmp_path: Path, name: str, language: str
) -> None:
    for step in steps_of(sandbox.base, name, language):
        check(step, typed(step.command, tmp_path, **variables), sandbox.base)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_log_in_flow_works_as_the_guide_tells_it(sandbox: Sandbox, language: str) -> None:
    mine = {"CLIENT_ID": app_of(sandbox), "REDIRECT_URI": REDIRECT}
    discover, secret, send, exchange = steps_of(sandbox.base, "log-in", language)
    check(discover, typed(discover.command), sandbox.base)
    printed = typed(f"{secret.command}\n{send.command}\necho $VERIFIER $STATE", **mine).split()
    address, verifier, state = printed
    person = Journey(sandbox.base, mine["CLIENT_ID"], REDIRECT)
    page = person.log_in(person.follow(person.browser.get(address)), "alma", "sandbox-alma")
    called = person.decide(page)
    assert (called["state"], called["iss"]) == (state, sandbox.base)
    answer = typed(exchange.command, **mine, CODE=called["code"], VERIFIER=verifier)
    check(exchange, answer, sandbox.base)
    tokens = json.loads(answer)
    refresh, revoke, ended = steps_of(sandbox.base, "tokens", language)
    answer = typed(refresh.command, **mine, REFRESH_TOKEN=tokens["refresh_token"])
    check(refresh, answer, sandbox.base)
    newest = json.loads(answer)["refresh_token"]
    for step in (revoke, ended):
        check(step, typed(step.command, **mine, REFRESH_TOKEN=newest, ENDED_TOKEN=newest), sandbox.base)


def sample(command: str, folder: Path, sandbox: Sandbox, client_id: str) -> str:
    """What a sample prints, while a person opens the address that it prints first."""
    running = subprocess.Popen(
        ["bash", "-euc", f"export CLIENT_ID={client_id}\n{command}"], stdout=subprocess.PIPE, text=True, cwd=folder
    )
    assert running.stdout
    first = running.stdout.readline()
    address = first.split()[-1]
    person = Journey(sandbox.base, client_id, REDIRECT)
    page = person.log_in(person.follow(person.browser.get(address)), "alma", "sandbox-alma")
    called = person.send(page, form_with(page, "answer"), answer="allow")
    assert "Done" in httpx.get(called.headers["location"], timeout=30).text
    rest, _ = running.communicate(timeout=60)
    assert running.returncode == 0
    return first.replace(address.partition("?")[2], "…") + rest


@pytest.mark.peer("node")
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_samples_run_as_the_guide_tells_it(sandbox: Sandbox, tmp_path: Path, language: str) -> None:
    client_id = app_of(sandbox)
    python, javascript, _ = steps_of(sandbox.base, "samples", language)
    for step in (python, javascript):
        check(step, sample(step.command, tmp_path, sandbox, client_id), sandbox.base)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_claim_is_five_steps_away(sandbox: Sandbox, language: str) -> None:
    """The steps of the page, as a person takes them: demo app, log-in, allow, copy the token, ask."""
    person = Journey(sandbox.base, "unused", "unused")
    page = person.follow(person.browser.get(f"{sandbox.base}/demo"))
    page = person.log_in(person.send(page, forms_of(page)[0]), "alma", "sandbox-alma")
    page = person.send(page, form_with(page, "answer"), answer="allow")
    copied = re.search(r'id="token">([^<]+)<', page.text)
    assert copied
    (ask,) = steps_of(sandbox.base, "start", language)
    check(ask, typed(ask.command, TOKEN=copied[1]), sandbox.base)
    guide = httpx.get(f"{sandbox.base}/guides/start", params={"lang": language}).text
    assert guide.partition("<ol")[2].partition("</ol>")[0].count("<li>") <= 5


def test_every_step_stands_on_a_page(sandbox: Sandbox) -> None:
    found = {
        step.command.replace(sandbox.base, "{base}") for name in NAMES for step in steps_of(sandbox.base, name, "en")
    }
    assert found == {file.read_text(encoding="utf-8") for file in STEPS.glob("*.sh")}


def test_both_languages_show_the_same_commands_and_answers(sandbox: Sandbox) -> None:
    for name in NAMES:
        assert steps_of(sandbox.base, name, "en") == steps_of(sandbox.base, name, "es")


@pytest.fixture
def shown(sandbox: Sandbox) -> Step:
    return steps_of(sandbox.base, "errors", "en")[0]


def test_a_changed_answer_fails(sandbox: Sandbox, shown: Step, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("UPDATE_DOCS", raising=False)
    answer = typed(shown.command)
    check(shown, answer, sandbox.base)
    changed: Any = json.loads(answer)
    changed["issue"][0]["code"] = "forbidden"
    with pytest.raises(AssertionError):
        check(shown, json.dumps(changed), sandbox.base)
    with pytest.raises(AssertionError):
        check(Step(shown.command, None), answer, sandbox.base)


def test_what_differs_from_run_to_run_is_all_that_is_overlooked() -> None:
    text = '"lastUpdated": "2026-09-01T20:53:46.112Z", "code": "uc", "start": "2026-07-03"'
    assert comparable(text, "http://x") == '"lastUpdated": "a moment", "code": "uc", "start": "2026-07-03"'


def test_every_link_of_a_guide_leads_somewhere(sandbox: Sandbox) -> None:
    paths = {"/guides", *(f"/guides/{name}" for name in NAMES)}
    linked = {link for path in paths for link in re.findall(r'href="([^"#]+)"', httpx.get(sandbox.base + path).text)}
    broken = [
        link
        for link in sorted(linked)
        if not link.startswith("mailto:")
        if httpx.get(link if "://" in link else sandbox.base + link, follow_redirects=True).status_code != 200
    ]
    assert broken == []


def test_the_dictionary_explains_every_path_with_an_example(sandbox: Sandbox) -> None:
    page = httpx.get(f"{sandbox.base}/guides/dictionary").text
    assert page.count("<tr>") > 100
    assert "ExplanationOfBenefit.billablePeriod" in page.replace("<wbr>", "")
