"""Every page in a real browser: nobody is kept out, nothing comes from elsewhere, nothing hangs over at 320 pixels."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import NamedMember
from fhir_facade.web.demo import demo_blueprint
from fhir_facade.web.home import home_blueprint
from fhir_facade.web.members import members_blueprint
from fhir_facade.web.portal import PortalRequests
from tests.login.conftest import BROWSER, Stage
from tests.login.test_member_pages import Grants, log_in
from tests.peers.chromium import look
from tests.served import served as on_a_port

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screens" / "login"
LARGEST = 300_000


@pytest.fixture
def served(stage: Stage) -> Iterator[tuple[str, Stage]]:
    """All pages on a port of this machine, with a member who may choose for whom, and their session."""
    desk = stage.desk
    portal = PortalRequests(stage.requests, desk.keys, "http://localhost/", "Example Health Plan", desk.flow.now)
    object.__setattr__(desk, "requests", portal)
    member = NamedMember(username="alma", password="sandbox-alma", story="Has a claim of each kind.", evidence={})
    for blueprint in (
        members_blueprint(desk, portal, Grants()),
        home_blueprint(desk.pages, "http://localhost/fhir", [member], demo=True),
        demo_blueprint(desk.pages, desk.keys, "http://localhost"),
    ):
        stage.app.register_blueprint(blueprint)
    log_in(stage)
    stage.log_in()
    with on_a_port(stage.app) as base:
        yield base, stage


@pytest.mark.peer("chromium", "node")
def test_every_page_can_be_used_by_everybody(served: tuple[str, Stage]) -> None:
    base, stage = served
    pages = {
        "home": "/",
        "demo": "/demo",
        "choose": "/login/request-1",
        "form": "/login/request-1/with/password",
        "consent": "/login/request-1/consent",
        "expired": "/login/nobody-asked",
        "members": "/members",
    }
    session = stage.client.get_cookie("facade_member").value
    report = look(base, pages, {"facade_request": BROWSER, "facade_member": session}, PICTURES)
    assert len(report) == 2 * len(pages)
    for page in report:
        where = f"{page['name']} at {page['width']}"
        assert page["violations"] == [], where
        assert page["foreign"] == [], where
        assert page["complaints"] == [], where
        assert page["overflow"] <= 0, where
        assert 0 < page["bytes"] < LARGEST, f"{where}: {page['bytes']} bytes"
        assert page["language"] == ("en" if page["width"] == 1024 else "es"), where
