"""From sign-up to a production key, over HTTP without JavaScript and with the command line, in both languages."""

from __future__ import annotations

import email
import email.policy
import json
import re
import time
from urllib.parse import urljoin

import httpx
import pytest

from fhir_facade.contracts import totp
from tests.e2e.conftest import Sandbox, command
from tests.e2e.journey import Form, Journey, forms_of
from tests.e2e.test_sandbox import config_of

PASSWORD = "rain over the quiet harbour"
QUESTIONS = ("policy", "uses", "sale", "consent", "device", "stop", "secure")
REQUEST: dict[str, str | list[str]] = {
    "redirects": "https://app.example/callback",
    **{f"attest-{name}": "yes" for name in QUESTIONS},
}


class Person(Journey):
    """A developer or reviewer with a browser that runs no scripts."""

    def __init__(self, sandbox: Sandbox, language: str) -> None:
        super().__init__(sandbox.base, "unused", "unused")
        self.browser.headers["Accept-Language"] = language
        self.sandbox = sandbox
        self.key = ""

    def open(self, path: str) -> httpx.Response:
        return self.follow(self.browser.get(urljoin(self.base, path)))

    def fill(self, page: httpx.Response, action: str, **values: str | list[str]) -> httpx.Response:
        (form,) = [one for one in forms_of(page) if one.action == action][:1] or [Form("")]
        assert form.action, f"no form to {action} on {page.url}: {page.text[:1500]}"
        return self.send(page, form, **values)

    def letter(self) -> str:
        newest = sorted((self.sandbox.state / "outbox").glob("*.eml"))[-1]
        message = email.message_from_bytes(newest.read_bytes(), policy=email.policy.default)
        return f"{message['Subject']}\n{message.get_content()}"

    def protect(self) -> httpx.Response:
        page = self.open("/developers/second-factor")
        found = re.search(r'id="key">([^<]+)<', page.text)
        assert found
        self.key = found[1].replace(" ", "")
        return self.fill(
            page, "/developers/second-factor", code=totp.code_at(self.key, int(time.time()) // totp.STEP_S)
        )


def signed_up(sandbox: Sandbox, language: str) -> Person:
    person, address = Person(sandbox, language), f"dev-{language}@buddy.example"
    page = person.open("/developers/sign-up")
    person.fill(page, "/developers/sign-up", email=address, name="Ada", organization="Buddy Inc.", password=PASSWORD)
    link = re.search(rf"{sandbox.base}(/developers/verify/\S+)", person.letter())
    assert link
    person.fill(person.open(link[1]), link[1])
    page = person.open("/developers/log-in")
    page = person.fill(page, "/developers/log-in", email=address, password=PASSWORD)
    assert str(page.url).endswith("/developers/apps"), page.url
    person.protect()
    return person


def registered(person: Person) -> httpx.Response:
    typed: dict[str, str | list[str]] = {
        "name": "Budget Buddy",
        "redirects": "https://app.example/callback",
        "kind": "confidential",
        "scope": ["launch/patient", "patient/*.rs"],
        "website": "https://app.example/",
        "privacy_url": "https://app.example/privacy",
    }
    page = person.open("/developers/apps/new")
    return person.fill(page, "/developers/apps/new", **typed)


def reviewer(sandbox: Sandbox) -> Person:
    return staff(sandbox, "reviewer")


def staff(sandbox: Sandbox, role: str) -> Person:
    """Somebody of the staff who is logged in with a second factor."""
    person = Person(sandbox, "en")
    address = f"rita-{time.monotonic_ns()}@agency.example"
    about = ("--email", address, "--name", "Rita", "--role", role)
    made = sandbox.run("staff", "add", "--config", str(config_of(sandbox)), *about, "--json")
    link = "/developers/recover/" + made["link"].rpartition("/")[2]
    person.fill(person.open(link), link, password=PASSWORD)
    page = person.open("/developers/log-in")
    person.fill(page, "/developers/log-in", email=address, password=PASSWORD)
    person.protect()
    return person


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_stranger_walks_from_sign_up_to_a_production_key(sandbox: Sandbox, language: str) -> None:
    ada = signed_up(sandbox, language)
    page = registered(ada)
    app_path = page.url.path
    client_id = app_path.rpartition("/")[2]
    secret = re.search(r'id="sandbox-secret">([^<]+)<', page.text)
    assert secret
    way = Journey(sandbox.base, client_id, "https://app.example/callback", secret[1])
    tokens = way.whole("alma", "sandbox-alma", "launch/patient patient/*.rs")
    assert httpx.get(f"{sandbox.fhir}/Coverage", headers=tokens.headers).status_code == 200

    page = ada.fill(ada.open(f"{app_path}/production"), f"{app_path}/production", **REQUEST)
    assert page.url.path == app_path
    rita = reviewer(sandbox)
    queue = rita.open("/review")
    review = re.findall(r'href="(/review/[A-Za-z0-9]+)"', queue.text)[-1]
    for action in ("take", "approve"):
        page = rita.open(review)
        form = next(one for one in forms_of(page) if one.fields.get("action") == [action])
        page = rita.send(page, form)
    assert "Approved" in page.text
    assert {"en": "Approved", "es": "Aprobada"}[language] in ada.letter()
    page = ada.open(app_path)
    production = re.search(r'id="production-client-id">([^<]+)<', page.text)
    assert production
    form = next(one for one in forms_of(page) if one.fields.get("client_id") == [production[1]])
    page = ada.send(page, form)
    assert re.search(r'id="production-secret">[^<]{43}<', page.text)
    listed = httpx.get(f"{sandbox.base}/.well-known/applications").json()["applications"]
    assert "Budget Buddy" in {one["name"] for one in listed}
    assert production[1] != client_id


def test_a_request_is_worked_at_the_command_line(sandbox: Sandbox) -> None:
    config = ("--config", str(config_of(sandbox)))
    ada = Person(sandbox, "en")
    address = "cli@buddy.example"
    ada.fill(
        ada.open("/developers/sign-up"),
        "/developers/sign-up",
        email=address,
        name="Ada",
        organization="Buddy Inc.",
        password=PASSWORD,
    )
    link = re.search(rf"{sandbox.base}(/developers/verify/\S+)", ada.letter())
    assert link
    ada.fill(ada.open(link[1]), link[1])
    ada.fill(ada.open("/developers/log-in"), "/developers/log-in", email=address, password=PASSWORD)
    ada.protect()
    app_path = registered(ada).url.path
    known = sandbox.run("apps", "review", "list", *config, "--json")
    ada.fill(ada.open(f"{app_path}/production"), f"{app_path}/production", **REQUEST)
    listed = sandbox.run("apps", "review", "list", *config, "--json")
    before = {waiting["request"] for waiting in known}
    (request,) = {waiting["request"] for waiting in listed} - before
    wrong = command("apps", "review", "deny", *config, request, "--reason", "no", state=sandbox.state)
    assert wrong.returncode == 1
    assert "--reason must be one of" in wrong.stderr
    assert command("apps", "review", "approve", *config, request, state=sandbox.state).returncode == 0
    steps = ["suspend", "reinstate", "retire"]
    for step in steps:
        done = command("apps", "review", step, *config, request, "--why", "a drill", state=sandbox.state)
        assert done.returncode == 0, done.stderr
    told = sandbox.run("apps", "review", "show", *config, request, "--json")
    assert [step["state"] for step in told["history"]] == [
        "submitted",
        "in-review",
        "approved",
        "suspended",
        "approved",
        "retired",
    ]
    assert told["developer"]["email"] == address
    assert json.dumps(told)
    again = command("apps", "review", "approve", *config, request, state=sandbox.state)
    assert again.returncode == 1
    sent = command("mail", *config, state=sandbox.state)
    assert (sent.returncode, sent.stdout.strip()) == (0, "0 sent, 0 waiting")
    assert address in json.dumps(told)
