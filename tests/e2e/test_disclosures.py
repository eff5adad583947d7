"""A member reads who looked at their data; an app without a scope that names it does not; the trail verifies."""

from __future__ import annotations

import sqlite3
from typing import Any

import httpx
import pytest

from fhir_facade.store.audit_check import verify
from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Tokens, form_with
from tests.e2e.test_sandbox import REDIRECT, config_of, journey

SCOPE = "openid launch/patient patient/*.rs patient/AuditEvent.rs"


@pytest.fixture(scope="module")
def app(sandbox: Sandbox) -> dict[str, Any]:
    arguments = ["--name", "Watchful app", "--kind", "confidential", "--redirect-uri", REDIRECT, "--json"]
    return dict(sandbox.run("apps", "add", "--config", str(config_of(sandbox)), *arguments, "--scope", SCOPE))


@pytest.fixture(scope="module")
def tokens(sandbox: Sandbox, app: dict[str, Any]) -> Tokens:
    first = sandbox.run("members", "--config", str(config_of(sandbox)), "--json")[0]
    way = journey(sandbox, app)
    page = way.log_in(way.start(SCOPE), first["username"], first["password"])
    boxes = form_with(page, "answer").boxes
    return way.redeem(way.decide(page, **{name: values for name, values in boxes.items() if name != "person"}))


def test_what_an_app_read_shows_up_newest_first(sandbox: Sandbox, tokens: Tokens) -> None:
    httpx.get(f"{sandbox.fhir}/Coverage", headers=tokens.headers | {"X-Request-Id": "seen-by-me"})
    answer = httpx.get(f"{sandbox.fhir}/AuditEvent?patient={tokens.patient}&_count=3", headers=tokens.headers)
    assert answer.status_code == 200, answer.text
    newest = answer.json()["entry"][0]["resource"]
    assert newest["agent"][0]["who"]["display"] == "Watchful app"
    assert newest["entity"][0]["detail"][0]["valueString"] == "seen-by-me"
    assert newest["subtype"][0]["code"] == "search-type"
    assert [link["relation"] for link in answer.json()["link"]] == ["self", "first", "next"]


def test_the_log_in_and_the_decision_are_there_too(sandbox: Sandbox, tokens: Tokens) -> None:
    answer = httpx.get(f"{sandbox.fhir}/AuditEvent?subtype=login,grant,token&_count=100", headers=tokens.headers)
    found = {entry["resource"]["subtype"][0]["code"] for entry in answer.json()["entry"]}
    assert found == {"login", "grant", "token"}


def test_a_wildcard_scope_does_not_open_it(sandbox: Sandbox, tokens: Tokens, app: dict[str, Any]) -> None:
    arguments = ["--member", tokens.patient, "--app", app["client_id"], "--scope", "patient/*.rs", "--json"]
    plain = sandbox.run("token", "--config", str(config_of(sandbox)), *arguments)["access_token"]
    answer = httpx.get(f"{sandbox.fhir}/AuditEvent", headers={"Authorization": f"Bearer {plain}"})
    assert answer.status_code == 403


def test_the_trail_of_a_running_server_verifies(sandbox: Sandbox, tokens: Tokens) -> None:
    secret = (sandbox.state / "identifiers.key").read_text(encoding="ascii").strip().encode()
    report = verify(f"sqlite:///{sandbox.state / 'audit.sqlite'}", secret)
    assert report.faults == ()
    assert report.lines > 5
    assert tokens.patient.encode() not in (sandbox.state / "audit.sqlite").read_bytes()


def test_what_an_operator_does_is_in_the_trail(sandbox: Sandbox, app: dict[str, Any]) -> None:
    config = str(config_of(sandbox))
    before = sandbox.run("audit", "verify", "--config", config, "--json")
    sandbox.run("keys", "rotate", "--config", config, "--json")
    after = sandbox.run("audit", "verify", "--config", config, "--json")
    assert after["lines"] > before["lines"]
    assert after["faults"] == []
    with sqlite3.connect(sandbox.state / "audit.sqlite") as trail:
        told = trail.execute("SELECT what, outcome FROM audit_lines WHERE what IN ('app', 'key')").fetchall()
    trail.close()
    assert {("app", "registered"), ("key", "rotated")} <= set(told)
