"""Whatever is typed or sent, the pages answer with a page that says why, on both databases; never with a failure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade.registry.reviews import OPERATOR
from tests.web.portal.stage import APP, YES, Stage, build

ODD = [
    "\x00",
    "a\x00b",
    "\ud800",
    "%00",
    "\u202eevil",
    "💥" * 300,
    "x" * 5000,
    "' OR 1=1 --",
    "{{7*7}}",
    "../../etc",
    "é",
]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.peer("postgresql"))])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    """A stage on each kind of database."""
    url = "" if request.param == "sqlite" else request.getfixturevalue("postgresql").database()
    made = build(tmp_path, url=url)
    yield made
    made.store.close()


def odd_bytes(text: str) -> str:
    """The text as a form or an address can carry it."""
    return text.encode("utf-8", "replace").decode()


def test_odd_fields_are_answered_with_pages(either: Stage) -> None:
    ada = either.browser().developer()
    ada.add_second_factor()
    app_id = ada.register()
    statuses = set()
    for odd in map(odd_bytes, ODD):
        forms = {
            "/developers/apps/new": {**APP, **YES},
            f"/developers/apps/{app_id}/edit": {**APP, **YES},
            f"/developers/apps/{app_id}/production": {**YES, "redirects": "https://app.example/"},
            f"/developers/apps/{app_id}/secret": {"client_id": app_id},
            "/developers/second-factor": {"code": "123456", "key": "x"},
        }
        for path, good in forms.items():
            for field in good:
                ada.get("/developers/apps")
                statuses.add(ada.send(path, **good | {field: odd}).status_code)
    assert statuses <= {200, 400, 403, 404, 409, 422}


def test_odd_strangers_are_answered_with_pages(either: Stage) -> None:
    stranger = either.browser()
    statuses = set()
    for odd in map(odd_bytes, ODD):
        forms: dict[str, dict[str, str]] = {
            "/developers/sign-up": dict.fromkeys(("email", "name", "organization", "password"), "x" * 12),
            "/developers/log-in": {"email": "a@b.example", "password": "x"},
            "/developers/recover": {"email": "a@b.example"},
            "/developers/code": {"code": "1"},
        }
        for path, good in forms.items():
            for field in [*good, "once"]:
                stranger.get("/developers/log-in")
                statuses.add(stranger.send(path, **good | {field: odd}).status_code)
        for path in ("/developers/verify/{}", "/developers/recover/{}", "/review/{}", "/developers/apps/{}"):
            statuses.add(stranger.client.get(path.format(odd)).status_code)
        stranger.client.set_cookie("facade-developer", odd[:100])
        statuses.add(stranger.client.get("/developers/apps").status_code)
        stranger.client.delete_cookie("facade-developer")
    assert statuses <= {200, 303, 308, 400, 403, 404, 405, 422}


def test_odd_decisions_are_answered_with_pages(either: Stage) -> None:
    ada = either.browser().developer()
    ada.add_second_factor()
    ada.request(ada.register())
    review = either.registry.reviews.all()[0].review_id
    either.registry.reviews.move(review, "take", OPERATOR)
    rita = either.staff()
    for odd in map(odd_bytes, ODD):
        for values in ({"action": odd}, {"action": "deny", "reason": odd}, {"action": "ask", "why": "\x00"}):
            rita.get(f"/review/{review}")
            assert rita.send(f"/review/{review}", **values).status_code in {409, 422}
        assert rita.get(f"/review/{odd}").status_code == 404
    rita.get(f"/review/{review}")
    assert rita.send(f"/review/{review}", action="ask", why="Which\x00 states?\r\nAnd <b>why</b>?").status_code == 200
    assert "&lt;b&gt;why" in rita.page.text
    assert "Which states?" in ada.letters()[-1]
