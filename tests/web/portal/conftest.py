"""A stage with the pages for developers and staff."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest
from werkzeug.serving import make_server

from fhir_facade.web.assets import static_blueprint
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
    server = make_server("127.0.0.1", 0, stage.app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


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
