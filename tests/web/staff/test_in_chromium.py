"""The staff's pages, the history of the service and the use of an app, full of data, in a real browser."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from fhir_facade.oauth.keys import rotate
from fhir_facade.store.standing import MINUTES, Seen, Standing, SyncRun
from fhir_facade.store.tallies import APP, DAY_S, LOG_IN, Tally
from fhir_facade.web.assets import static_blueprint
from fhir_facade.web.status import status_blueprint
from tests.served import served as on_a_port
from tests.web.portal.stage import Browser
from tests.web.portal.test_in_chromium import seen
from tests.web.staff.office import Office, disclose
from tests.web.staff.test_status_history import Clock, status_of

pytestmark = pytest.mark.peer("chromium", "node")


@pytest.fixture
def served(office: Office) -> Iterator[str]:
    """The office on a port of this machine, after some busy weeks."""
    office.reject(*[("claims.csv", str(line), "the claim has no service date") for line in range(1, 61)])
    office.reject(("claims", "CLM-2024-0099871", "member MBI 1EG4-TE5-MK73 has no coverage"))
    standing, stage, clock = Standing(office.stage.store), office.stage, Clock()
    for night in range(5):
        started = stage.clock.now - night * DAY_S
        standing.ran(
            SyncRun("medical", started, started + 340, "failed" if night == 2 else "finished", 12345, 7, 8, 61)
        )
    clock.now = time.time()
    day = int(clock.now) // DAY_S
    days = [Seen("store", (day - back) * MINUTES, back not in (3, 40), {}) for back in range(60) if back != 30]
    standing.saw(sorted(days, key=lambda one: one.minute))
    rotate(office.keys, stage.clock.now)
    tally = Tally(stage.store, wait_s=60)
    for outcome, number in {"one": 40, "none": 7, "many": 2, "denied": 5, "allowed": 33}.items():
        for _ in range(number):
            tally.add(LOG_IN, "oidc", outcome)
    tally.close()
    stage.app.register_blueprint(static_blueprint())
    stage.app.register_blueprint(status_blueprint(stage.desk.pages, status_of(stage.store, clock, [True])))
    with on_a_port(stage.app) as base:
        yield base


def used(office: Office) -> tuple[Browser, str]:
    """A developer, and the page of an app that is used."""
    ada = office.stage.browser().developer()
    app_id = ada.register()
    office.stage.clock.now = int(time.time())
    tally = Tally(office.stage.store, wait_s=60)
    for what, number in {"search 200": 60, "read 404": 4, "access 401": 3, "token invalid_grant": 1}.items():
        for _ in range(number):
            tally.add(APP, app_id, what)
    tally.close()
    ada.log_in("ada@buddy.example")
    return ada, f"/developers/apps/{app_id}"


def test_pages_full_of_data_can_be_used_by_everybody(office: Office, served: str) -> None:
    disclose(office, 60)
    pages = {"full-sources": "/staff/sources", "full-source": "/staff/sources/medical?page=1"}
    pages |= {"full-log-ins": "/staff/log-ins", "full-keys": "/staff/keys", "full-status": "/status"}
    seen(served, office.staff("operator"), pages)
    ada, path = used(office)
    seen(served, ada, {"full-app-use": path})
