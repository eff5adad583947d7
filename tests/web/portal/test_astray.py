"""People who go astray get a page in their language; programs keep the plain error."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhir_facade.web.agency import Agency
from fhir_facade.web.error_pages import error_page
from fhir_facade.web.fhir_errors import answer_errors
from fhir_facade.web.pages import Pages

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def client() -> FlaskClient:
    app = Flask("astray")
    pages = Pages(Agency("Example Health Plan", "support@example.org"), sandbox=False, secure=False)

    @app.get("/known")
    def known() -> str:
        raise RuntimeError("a secret detail")

    answer_errors(app, (), error_page(pages))
    return app.test_client()


@pytest.mark.parametrize(
    ("method", "path", "status", "said"),
    [
        ("GET", "/unknown", 404, "There is no such page"),
        ("POST", "/known", 405, "There is no such page"),
        ("GET", "/known", 500, "Something went wrong on our side"),
    ],
)
def test_a_browser_gets_a_page(client: FlaskClient, method: str, path: str, status: int, said: str) -> None:
    answer = client.open(path, method=method, headers=HTML)
    assert answer.status_code == status
    assert said in answer.text
    assert "a secret detail" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    assert ("Allow" in answer.headers) == (status == 405)


def test_the_page_speaks_spanish(client: FlaskClient) -> None:
    assert "No existe esta página" in client.get("/unknown", headers=HTML | {"Accept-Language": "es"}).text


@pytest.mark.parametrize("accept", ["application/json", "*/*"])
def test_a_program_keeps_the_plain_error(client: FlaskClient, accept: str) -> None:
    answer = client.get("/unknown", headers={"Accept": accept})
    assert answer.status_code == 404
    assert "Example Health Plan" not in answer.text
