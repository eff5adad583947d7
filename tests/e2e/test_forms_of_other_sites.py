"""No form that another site sends does anything: every route that takes a form is held to it, for everybody."""

from __future__ import annotations

import re

import httpx
import pytest
from flask import Flask
from werkzeug.routing import Rule

from fhir_facade.app import create_app
from fhir_facade.settings import load
from tests.e2e.cast import Cast
from tests.e2e.conftest import Sandbox
from tests.e2e.test_sandbox import config_of

PROGRAMS = ("/fhir", "/v1/", "/v2/", "/v3/", "/oauth/")
"""Beginnings of routes that programs post to: no cookie counts there, and OAuth's authorization endpoint, which takes
the app's request by POST as well as by GET, decides nothing."""

PEOPLE = ("stranger", "developer", "reviewer", "operator", "auditor", "member", "deciding")


@pytest.fixture(scope="module")
def app(sandbox: Sandbox) -> Flask:
    return create_app(load(config_of(sandbox), {"FHIR_FACADE_STATE": str(sandbox.state)}))


@pytest.fixture(scope="module")
def cast(sandbox: Sandbox) -> Cast:
    return Cast(sandbox)


def forms(app: Flask) -> list[Rule]:
    """The routes that take forms."""
    rules = app.url_map.iter_rules()
    return [rule for rule in rules if "POST" in (rule.methods or ()) and not str(rule).startswith(PROGRAMS)]


def address(rule: Rule, cast: Cast) -> str:
    """The route's address with what the person really has before them."""
    real = {
        "app_id": lambda: cast.app_id,
        "review_id": lambda: cast.review_id,
        "kid": lambda: cast.kid,
        "step": lambda: "retire",
        "visit_id": lambda: cast.visit_of("deciding"),
        "ticket": lambda: cast.recover_ticket if "recover" in str(rule) else cast.verify_ticket,
    }
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: real[found[1]](), str(rule))


@pytest.mark.parametrize("who", PEOPLE)
def test_a_form_without_its_token_is_refused(sandbox: Sandbox, app: Flask, cast: Cast, who: str) -> None:
    cookies = {one["name"]: one["value"] for one in cast.cookies(who)}
    everything = {
        "answer": "allow",
        "person": "0",
        "action": "approve",
        "share": "claims",
        "password": "a new password",
    }
    with httpx.Client(cookies=cookies) as browser:
        wrong = {
            str(rule): status
            for rule in forms(app)
            for values in ({}, {"csrf": "x", "token": "x", "state": "x"})
            if (status := browser.post(sandbox.base + address(rule, cast), data=everything | values).status_code)
            not in (400, 403)
        }
    assert wrong == {}
    assert len(forms(app)) > 15


def test_nothing_was_changed_by_them(sandbox: Sandbox, cast: Cast) -> None:
    assert "Budget Buddy" in cast.member.browser.get(f"{sandbox.base}/members").text
    assert cast.developer.open(f"/developers/apps/{cast.app_id}").status_code == 200
    assert f"/staff/keys/{cast.kid}/retire" in cast.operator.open("/staff/keys").text
    assert 'id="review-state">Submitted<' in cast.reviewer.open(f"/review/{cast.review_id}").text
    page = cast.deciding.browser.get(f"{sandbox.base}/login/{cast.visit_of('deciding')}/consent")
    assert page.status_code == 200
    link = f"/developers/recover/{cast.recover_ticket}"
    assert cast.stranger.browser.get(sandbox.base + link).status_code == 200
