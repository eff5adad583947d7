"""CMS's own Blue Button library for Python, unmodified, against a running sandbox."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cms_bluebutton import BlueButton

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey
from tests.e2e.test_sandbox import REDIRECT, config_of


@pytest.fixture(scope="module")
def library(sandbox: Sandbox) -> Any:
    arguments = ["--name", "Blue Button app", "--kind", "confidential", "--redirect-uri", REDIRECT, "--json"]
    app = sandbox.run("apps", "add", "--config", str(config_of(sandbox)), *arguments)
    blue_button = BlueButton(
        {
            "environment": "LOCAL",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "callback_url": REDIRECT,
            "version": 2,
            "retry_settings": {"total": 0},
        }
    )
    blue_button.base_url = sandbox.base
    blue_button.auth_base_url = f"{sandbox.base}/v2/o/authorize"
    blue_button.auth_token_url = f"{sandbox.base}/v2/o/token/"
    return blue_button


@pytest.fixture(scope="module")
def many_claims(sandbox: Sandbox) -> dict[str, str]:
    """A test member who can log in for themselves and has claims."""
    members = sandbox.run("members", "--config", str(config_of(sandbox)), "--json")
    return next(member for member in members if "1,000" in member["story"] or "thousand" in member["story"])


@pytest.fixture(scope="module")
def token(sandbox: Sandbox, library: Any, many_claims: dict[str, str]) -> Any:
    auth = library.generate_auth_data()
    way = Journey(sandbox.base, library.client_id, REDIRECT)
    page = way.follow(way.browser.get(library.generate_authorize_url(auth)))
    called = way.decide(way.log_in(page, many_claims["username"], many_claims["password"]))
    return library.get_authorization_token(auth, called["code"], called["state"])


def test_the_library_gets_a_token(token: Any, many_claims: dict[str, str]) -> None:
    assert token.patient == many_claims["patient"]
    assert token.refresh_token
    assert not token.access_token_expired()


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        ("get_patient_data", "Patient"),
        ("get_coverage_data", "Coverage"),
        ("get_explaination_of_benefit_data", "ExplanationOfBenefit"),
    ],
)
def test_the_library_reads_each_resource(library: Any, token: Any, call: str, kind: str) -> None:
    bundle = getattr(library, call)({"auth_token": token, "params": {}})["response"].json()
    assert bundle["type"] == "searchset"
    assert {entry["resource"]["resourceType"] for entry in bundle["entry"] if entry["search"]["mode"] == "match"} == {
        kind
    }


def test_the_library_reads_who_logged_in(library: Any, token: Any) -> None:
    answer = library.get_profile_data({"auth_token": token, "params": {}})["response"].json()
    assert answer["sub"] == answer["patient"] == token.patient


@pytest.mark.kit("bluebutton 8")
def test_the_library_walks_over_all_pages(library: Any, token: Any) -> None:
    config = {"auth_token": token, "params": {"_count": "100"}}
    first = library.get_explaination_of_benefit_data(config)["response"].json()
    pages = library.get_pages(first, config)["pages"]
    found = [entry["resource"]["id"] for page in pages for entry in page["entry"]]
    assert len(pages) > 1
    assert len(found) == len(set(found)) == first.get("total", len(found))


def test_the_library_renews_its_token(library: Any, token: Any) -> None:
    renewed = library.refresh_auth_token(token)
    assert renewed.access_token != token.access_token
    answer = library.get_patient_data({"auth_token": renewed, "params": {}})["response"]
    assert answer.status_code == 200


@pytest.mark.kit("bluebutton 12")
def test_cancel_comes_back_to_the_library_with_its_state(
    sandbox: Sandbox, library: Any, many_claims: dict[str, str]
) -> None:
    auth = library.generate_auth_data()
    way = Journey(sandbox.base, library.client_id, REDIRECT)
    page = way.follow(way.browser.get(library.generate_authorize_url(auth)))
    called = way.decide(way.log_in(page, many_claims["username"], many_claims["password"]), "deny")
    assert (called["error"], called["state"]) == ("access_denied", auth["state"])


def test_the_url_the_library_makes_carries_neither_scope_nor_aud(library: Any) -> None:
    query = parse_qs(urlsplit(library.generate_authorize_url(library.generate_auth_data())).query)
    assert not {"scope", "aud"} & query.keys()
