"""A developer sees how the own app is used: requests per day, errors by kind, and when it last came."""

from __future__ import annotations

import time

import pytest

from fhir_facade.store.tallies import APP, Tally
from fhir_facade.web.app_use import is_error
from tests.web.portal.conftest import stage
from tests.web.portal.stage import Stage

__all__ = ["stage"]


def used(stage: Stage, app_id: str, **numbers: int) -> None:
    """Requests that were counted: kind and answer joined by ``_``, and how many."""
    stage.clock.now = int(time.time())
    tally = Tally(stage.store, wait_s=60)
    for what, number in numbers.items():
        for _ in range(number):
            tally.add(APP, app_id, what.replace("_", " ", 1))
    tally.flush()


def test_a_developer_sees_requests_errors_and_the_last_use(stage: Stage) -> None:
    ada = stage.browser().developer()
    app_id = ada.register()
    assert "No request came in the last 30 days" in ada.get(f"/developers/apps/{app_id}").text
    used(stage, app_id, search_200=1200, read_404=3, access_401=2, token_invalid_grant=1)
    ada.log_in("ada@buddy.example")
    page = ada.get(f"/developers/apps/{app_id}").text
    assert "<td>1,206</td><td>6</td>" in page
    assert "Last used:" in page
    for said in ("belongs to another member", "Use the refresh token", "was used before", "invalid_grant"):
        assert said in page


def test_nobody_else_sees_the_use_of_an_app(stage: Stage) -> None:
    ada, eve = stage.browser().developer(), stage.browser().developer("eve@other.example")
    app_id = ada.register()
    used(stage, app_id, search_200=7)
    eve.log_in("eve@other.example")
    assert eve.get(f"/developers/apps/{app_id}").status_code == 404


@pytest.mark.parametrize(("what", "error"), [("search 200", False), ("read 304", False), ("read 404", True)])
def test_a_status_from_400_is_an_error(what: str, error: bool) -> None:
    assert is_error(what) is error
    assert is_error("token invalid_client")
