"""A stage with the pages for developers and staff."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_facade.web.assets import static_blueprint
from tests.served import served as on_a_port
from tests.web.portal.stage import Browser, Stage, build


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = build(tmp_path)
    yield made
    made.store.close()


@pytest.fixture
def served(stage: Stage) -> Iterator[str]:
    """The stage's pages on a port of this machine."""
    stage.app.register_blueprint(static_blueprint())
    with on_a_port(stage.app) as base:
        yield base


@pytest.fixture
def ada(stage: Stage) -> Browser:
    """A developer with a second factor."""
    browser = stage.browser().developer()
    browser.add_second_factor()
    return browser


@pytest.fixture
def asked(stage: Stage, ada: Browser) -> str:
    """The id of a request that was submitted."""
    ada.request(ada.register())
    return stage.registry.reviews.all()[0].review_id
