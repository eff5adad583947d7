"""Every page in a real browser, for everybody: at a desk, on a small phone in Spanish, on paper, without JavaScript.

The list of pages is held against the routes of the application, so that a new page cannot be forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from fhir_facade.app import create_app
from fhir_facade.settings import load
from fhir_facade.web.language import catalog
from tests.e2e.cast import Cast
from tests.e2e.conftest import Sandbox
from tests.e2e.stations import ASTRAY, PAGES, PROGRAMS, Station
from tests.e2e.test_sandbox import config_of
from tests.peers.browser import Chromium, chromium

PICTURES = Path(__file__).resolve().parents[2] / "build" / "screens" / "pages"
LARGEST = 300_000
STATIONS = [station for stations in PAGES.values() for station in stations] + list(ASTRAY)


@pytest.fixture(scope="module")
def cast(sandbox: Sandbox) -> Cast:
    return Cast(sandbox)


@pytest.fixture(scope="module")
def browser(sandbox: Sandbox) -> Iterator[Chromium]:
    with chromium(sandbox.base) as found:
        yield found


@pytest.fixture(scope="module")
def app(sandbox: Sandbox) -> Flask:
    return create_app(load(config_of(sandbox), {"FHIR_FACADE_STATE": str(sandbox.state)}))


def test_every_page_is_surveyed(app: Flask) -> None:
    routes = {str(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    pages = {route for route in routes if not route.startswith(PROGRAMS)} | set(PAGES)
    assert pages - set(PAGES) == set(), "pages that nobody looks at: add them to tests/e2e/stations.py"
    assert pages - routes == set(), "pages that are gone: remove them from tests/e2e/stations.py"
    assert len({station.name for station in STATIONS}) == len(STATIONS)


@pytest.mark.peer("chromium", "node")
@pytest.mark.parametrize("station", STATIONS, ids=lambda station: station.name)
def test_a_page_keeps_nobody_out(cast: Cast, browser: Chromium, station: Station) -> None:
    seen = browser.survey(station.address(cast), cast.cookies(station.who), PICTURES / station.name)
    assert seen["status"] == station.status
    assert seen["violations"] == []
    assert seen["unreached"] == []
    assert seen["foreign"] == []
    assert seen["complaints"] == []
    assert max(seen["wide"], seen["narrow"]) <= 0, "it hangs over the edge"
    assert "default-src 'none'" in seen["policy"]
    assert not re.search("unsafe|\\*|http:|https:", without_app(seen["policy"]))
    if station.bare:
        return
    assert 0 < seen["bytes"] < LARGEST
    assert seen["cut"] == [], "it is cut off on paper"
    assert seen["language"] == "es"
    assert english(seen["texts"]) == []
    assert seen["plain"]["dead"] == [], "it does nothing without JavaScript"
    assert seen["plain"]["words"] >= 5


def without_app(policy: str) -> str:
    """The policy without the one address that forms of a log-in may lead to: the app that asked."""
    return re.sub(r"(form-action 'self') https?://[\w.:-]+", r"\1", policy)


def english(texts: list[str]) -> list[str]:
    """English texts of the portal on a page that should be in Spanish."""
    spanish = set(catalog("es").values())
    known = {text for text in catalog("en").values() if text not in spanish and " " in text}
    return [text for text in texts if text in known]
