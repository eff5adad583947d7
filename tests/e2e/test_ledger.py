"""The sharing ledger lists every disclosure of a recorded run, and no other."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey, Tokens, form_with
from tests.e2e.test_sandbox import config_of

REDIRECT = "http://127.0.0.1:9/callback"
MEMBER = ("alma", "sandbox-alma")


@pytest.fixture(scope="module")
def tokens(sandbox: Sandbox) -> Tokens:
    arguments = ["--name", "=Ledger app", "--redirect-uri", REDIRECT, "--json"]
    app = sandbox.run("apps", "add", "--config", str(config_of(sandbox)), *arguments)
    return Journey(sandbox.base, app["client_id"], REDIRECT).whole(*MEMBER, "launch/patient patient/*.rs")


@pytest.fixture(scope="module")
def member(sandbox: Sandbox) -> Journey:
    """The member's own browser, logged in."""
    return Journey(sandbox.base, "unused", "unused").enter(*MEMBER)


def ledger(member: Journey) -> list[dict[str, str]]:
    answer = member.browser.get(f"{member.base}/members/ledger.csv")
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))


def test_the_ledger_lists_every_disclosure_and_no_other(sandbox: Sandbox, tokens: Tokens, member: Journey) -> None:
    paths = {
        "run-1": f"/Patient/{tokens.patient}",
        "run-2": "/Coverage",
        "run-3": "/ExplanationOfBenefit?_count=3",
        "run-none": "/ExplanationOfBenefit?_lastUpdated=lt1990-01-01",
        "run-missing": "/ExplanationOfBenefit/sandbox-none",
        "run-other": "/Patient/sandbox-other",
        "run-bad": "/ExplanationOfBenefit?_count=x",
        "run-4": "/Patient",
    }
    before = len(ledger(member))
    for name, path in paths.items():
        httpx.get(sandbox.fhir + path, headers=tokens.headers | {"X-Request-Id": name})
    httpx.get(f"{sandbox.fhir}/Coverage", headers={"Authorization": "Bearer wrong", "X-Request-Id": "run-foreign"})
    found = ledger(member)
    assert [row["request"] for row in found[: len(found) - before]] == ["run-4", "run-3", "run-2", "run-1"]
    assert [row["What"] for row in found[:4]] == ["About you", "Claims", "Coverage", "About you"]
    assert found[1]["How many"] == "3"
    assert found[0]["App"] == "'=Ledger app", "a name that begins a formula is made harmless"


def test_the_page_shows_the_same_and_leads_to_what_is_older(sandbox: Sandbox, tokens: Tokens, member: Journey) -> None:
    for _ in range(51):
        httpx.get(f"{sandbox.fhir}/Coverage", headers=tokens.headers)
    page = member.browser.get(f"{sandbox.base}/members/ledger")
    assert page.text.count("<tr>") == 51
    older = page.text.partition('href="/members/ledger?before=')[2].partition('"')[0]
    assert "<tr>" in member.browser.get(f"{sandbox.base}/members/ledger?before={older}").text
    for wrong in ("x", "-1", "9" * 30, "١"):
        assert member.browser.get(f"{sandbox.base}/members/ledger", params={"before": wrong}).status_code == 200


def test_nobody_reads_a_ledger_without_logging_in(sandbox: Sandbox) -> None:
    for path in ("/members/ledger", "/members/ledger.csv", "/members/ledger.json"):
        answer = httpx.get(sandbox.base + path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/members")


def test_the_ledger_as_json_tells_the_same(sandbox: Sandbox, tokens: Tokens, member: Journey) -> None:
    httpx.get(f"{sandbox.fhir}/Coverage", headers=tokens.headers | {"X-Request-Id": "both-files"})
    table, document = ledger(member), member.browser.get(f"{sandbox.base}/members/ledger.json").json()
    assert [line["request"] for line in document["sent"]] == [row["request"] for row in table]
    newest = document["sent"][0]
    assert (newest["app"], newest["what"], newest["request"]) == ("=Ledger app", "Coverage", "both-files")
    assert newest["count"] == int(table[0]["How many"])


def test_what_an_app_sees_is_narrowed_at_once(sandbox: Sandbox, tokens: Tokens, member: Journey) -> None:
    page = member.browser.get(f"{sandbox.base}/members")
    form = form_with(page, "share")
    assert form.action == "/members/narrow"
    assert httpx.get(f"{sandbox.fhir}/Patient", headers=tokens.headers).status_code == 200
    member.send(page, form, share=["coverage", "claims"])
    answers = {
        path: httpx.get(f"{sandbox.fhir}/{path}", headers=tokens.headers).status_code
        for path in ("Patient", "Coverage", "ExplanationOfBenefit")
    }
    assert answers == {"Patient": 403, "Coverage": 200, "ExplanationOfBenefit": 200}
    assert "About you" not in member.browser.get(f"{sandbox.base}/members").text.partition("<dt>Sees")[2][:80]
