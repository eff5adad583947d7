"""The pages for developers and reviewers in a real browser: for everybody, in both languages, at 320 pixels too."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from fhir_facade.registry.reviews import OPERATOR
from tests.peers.chromium import PACKAGES, look
from tests.peers.fetched import beside_packages, from_npm
from tests.web.portal.stage import Browser, Stage

PICTURES = Path(__file__).resolve().parents[3] / "build" / "screens" / "portal"
LARGEST = 300_000


def seen(base: str, browser: Browser, pages: Mapping[str, str]) -> None:
    """Look at each page with the browser's session; fails with what is wrong."""
    cookie = browser.client.get_cookie("facade-developer")
    assert cookie is not None
    for page in look(base, pages, {"facade-developer": cookie.value}, PICTURES):
        where = f"{page['name']} at {page['width']}"
        assert page["violations"] == [], where
        assert page["foreign"] == [], where
        assert page["complaints"] == [], where
        assert page["overflow"] <= 0, where
        assert 0 < page["bytes"] < LARGEST, where
        assert page["language"] == ("en" if page["width"] == 1024 else "es"), where


@pytest.mark.peer("chromium", "node")
def test_developers_pages_can_be_used_by_everybody(stage: Stage, served: str) -> None:
    stranger = stage.browser()
    stranger.get("/developers/sign-up")
    seen(served, stranger, {"sign-up": "/developers/sign-up", "log-in": "/developers/log-in", "directory": "/apps"})
    ada = stage.browser().developer()
    seen(served, ada, {"second-factor": "/developers/second-factor"})
    ada.add_second_factor()
    app_id = ada.register()
    ada.request(app_id)
    review = stage.registry.reviews.all()[0].review_id
    for action, why in (("take", ""), ("ask", "In which states do you offer the app?")):
        stage.registry.reviews.move(review, action, OPERATOR, why)
    pages = {
        "account": "/developers/account",
        "apps": "/developers/apps",
        "app": f"/developers/apps/{app_id}",
        "app-new": "/developers/apps/new",
        "app-production": f"/developers/apps/{app_id}/production",
        "not-found": "/developers/apps/none",
    }
    seen(served, ada, pages)


@pytest.mark.peer("chromium", "node")
def test_reviewers_pages_can_be_used_by_everybody(stage: Stage, served: str) -> None:
    ada = stage.browser().developer()
    ada.add_second_factor()
    ada.request(ada.register())
    review = stage.registry.reviews.all()[0].review_id
    stage.registry.reviews.move(review, "take", OPERATOR)
    seen(served, stage.staff(), {"reviews": "/review", "review": f"/review/{review}"})


def walked(stage: Stage, base: str, language: str) -> dict[str, list[str]]:
    """What a developer and a reviewer saw who used the keyboard alone."""
    script = beside_packages(from_npm(*PACKAGES), Path(__file__).with_name("walk.mjs"))
    pictures = PICTURES / f"walk-{language}"
    pictures.mkdir(parents=True, exist_ok=True)
    invitation = stage.registry.accounts.invite("rita@agency.example", "Rita Okafor", "reviewer")
    asked = {
        "base": base,
        "language": language,
        "outbox": str(stage.outbox),
        "pictures": str(pictures),
        "invitation": invitation.removeprefix("http://localhost"),
        "now": stage.clock.now,
    }
    command = ["node", str(script)]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    report: dict[str, list[str]] = json.loads(done.stdout)
    return report


@pytest.mark.peer("chromium", "node")
@pytest.mark.parametrize("language", ["en", "es"])
def test_a_keyboard_is_enough_from_sign_up_to_a_production_key(stage: Stage, served: str, language: str) -> None:
    report = walked(stage, served, language)
    assert report["steps"][-1] == "production-key"
    assert report["violations"] == []
    assert set(report["languages"]) == {language}
    assert [len(secret) for secret in report["secrets"]] == [43, 43]
    assert stage.outcomes("app-review") == ["submitted", "in-review", "approved"]
