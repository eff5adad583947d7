"""Public pages, guides and the member's ledger of a running sandbox in a real browser."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey
from tests.peers.chromium import look

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screens" / "sandbox"
LARGEST = 300_000
PAGES = {
    "home": "/",
    "guides": "/guides",
    "guide-start": "/guides/start",
    "guide-log-in": "/guides/log-in",
    "guide-reading": "/guides/reading",
    "guide-members": "/guides/members",
    "guide-dictionary": "/guides/dictionary",
    "status": "/status",
    "directory": "/apps",
    "choosing": "/members/choosing",
    "ledger": "/members/ledger",
}


@pytest.mark.peer("chromium", "node")
def test_every_public_page_can_be_used_by_everybody(sandbox: Sandbox) -> None:
    member = Journey(sandbox.base, "unused", "unused")
    page = member.follow(member.browser.post(f"{sandbox.base}/members/log-in"))
    member.log_in(page, "alma", "sandbox-alma")
    token = sandbox.printed.partition("Bearer ")[2].partition("'")[0]
    assert httpx.get(f"{sandbox.fhir}/Coverage", headers={"Authorization": f"Bearer {token}"}).status_code == 200
    session = member.browser.cookies.get("facade_member")
    assert session
    for shown in look(sandbox.base, PAGES, {"facade_member": session}, PICTURES):
        where = f"{shown['name']} at {shown['width']}"
        assert shown["violations"] == [], where
        assert shown["foreign"] == [], where
        assert shown["complaints"] == [], where
        assert shown["overflow"] <= 0, where
        assert 0 < shown["bytes"] < LARGEST, where
        assert shown["language"] == ("en" if shown["width"] == 1024 else "es"), where
