"""Searches and reads are answered in front of the framework, and just as its routes answer them."""

from __future__ import annotations

import pytest
from werkzeug.test import Client, create_environ, run_wsgi_app

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.search.cursor import Cursors
from fhir_facade.web.fhir_direct import Direct
from fhir_facade.web.request_id import is_asked, request_id
from tests.web.fhir.world import World

SAME = [
    ("ExplanationOfBenefit?_count=3", {}),
    ("ExplanationOfBenefit?_count=3", {"Accept-Encoding": "gzip"}),
    ("ExplanationOfBenefit?_count=3&_format=xml&_pretty=true", {}),
    ("ExplanationOfBenefit?_count=3", {"Accept": "text/html"}),
    ("ExplanationOfBenefit?_count=3", {"Origin": "https://app.example"}),
    ("ExplanationOfBenefit?patient=bob", {}),
    ("ExplanationOfBenefit?_count=many", {}),
    ("ExplanationOfBenefit?_count=%zz", {}),
    ("ExplanationOfBenefit?_format=png", {}),
    ("ExplanationOfBenefit", {"Authorization": "Bearer expired"}),
    ("ExplanationOfBenefit?_id=" + "x" * 9_000, {}),
    ("Coverage", {"X-Request-Id": "mine"}),
    ("Patient/alice", {}),
    ("Patient/bob", {}),
    ("Patient/bob", {"Accept": "application/fhir+xml"}),
    ("Patient/alice?_elements=name", {}),
    ("Patient/alice", {"If-None-Match": "*"}),
    ("AuditEvent?_count=2", {}),
]


@pytest.fixture
def world(world, monkeypatch):
    monkeypatch.setattr("fhir_facade.search.cursor.os.urandom", lambda size: b"n" * size)
    return World(world.resources, cursors=Cursors(b"s" * 32, clock=lambda: 1_800_000_000))


def answered(app, environ):
    body, status, headers = run_wsgi_app(app, dict(environ), buffered=True)
    return status, sorted(headers), b"".join(body)


@pytest.mark.parametrize(("path", "headers"), SAME)
def test_an_answer_is_the_same_in_front_of_the_framework_and_behind_it(world, path, headers):
    sent = {"Authorization": "Bearer alice", "X-Request-Id": "same"} | headers
    environ = create_environ(f"/fhir/{path}", headers=sent)
    direct = world.app.wsgi_app
    assert isinstance(direct, Direct)
    assert answered(direct, environ) == answered(direct._behind, environ)
    assert len(set(map(str, world.audited))) <= 1


@pytest.mark.parametrize(("method", "path"), [("HEAD", "Patient/alice"), ("GET", "Patient/"), ("GET", "metadata")])
def test_what_is_not_plainly_a_search_or_read_goes_through_the_framework(world, method, path):
    environ = create_environ(f"/fhir/{path}", method=method, headers={"Authorization": "Bearer alice"})
    asked = []
    world.app.wsgi_app._behind = lambda environ, start_response: asked.append(environ) or []
    world.app.wsgi_app(environ, lambda status, headers: None)
    assert asked == [environ]


def test_what_happens_on_the_way_knows_the_name_of_the_request(world):
    named = []
    world = World(world.resources, audit=lambda access: named.append(request_id()))
    world.get("Patient/alice", X_Request_Id="mine")
    world.get("Patient/alice/Coverage", X_Request_Id="behind")
    assert named == ["mine", "behind"]
    assert not is_asked()


def test_a_source_that_fails_is_answered_alike(world, monkeypatch):
    def fail(*_, **__):
        raise ClaimsUnavailable("down")

    monkeypatch.setattr(world.resources, "search", fail)
    answer = Client(world.app).get("/fhir/Coverage", headers={"Authorization": "Bearer alice"})
    assert (answer.status_code, answer.json["resourceType"]) == (503, "OperationOutcome")


def test_an_answer_that_cannot_be_written_is_an_outcome(world, monkeypatch):
    monkeypatch.setattr("fhir_facade.web.fhir_answer.to_xml", lambda *_, **__: 1 / 0)
    answer = world.get("Patient/alice?_format=xml")
    assert (answer.status_code, answer.json["resourceType"]) == (500, "OperationOutcome")
