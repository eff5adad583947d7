"""Tokens, ids, paths, methods, sizes, encodings and origins that are refused, and links that never lie."""

from __future__ import annotations

import pytest

from tests.web.fhir.outcomes import issue
from tests.web.fhir.world import BASE

CLAIM = "ExplanationOfBenefit/alice-1"


def test_no_token_is_answered_by_a_bare_challenge(world):
    response = world.get("ExplanationOfBenefit", token="")
    assert issue(response, 401)["code"] == "login"
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="FHIR"'


def test_a_bad_token_is_named_so(world):
    response = world.get("ExplanationOfBenefit", token="garbage")
    assert issue(response, 401)["code"] == "login"
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


def test_an_expired_token_is_told_from_an_unknown_one(world):
    response = world.get("ExplanationOfBenefit", token="expired")
    assert issue(response, 401)["code"] == "expired"
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("path", ["ExplanationOfBenefit", CLAIM, "Patient/alice/ExplanationOfBenefit", "Patient/alice"])
def test_a_missing_scope_is_forbidden(world, path):
    from tests.web.fhir.world import grant_for

    world.grants["none"] = grant_for("alice", "patient/Coverage.rs openid")
    response = world.get(path, "none")
    assert issue(response, 403)["code"] == "forbidden"
    assert 'error="insufficient_scope"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("interaction", ["", "/_history/1"])
def test_foreign_and_unknown_ids_are_answered_alike(world, interaction):
    foreign = world.get(f"ExplanationOfBenefit/bob-1{interaction}", X_Request_Id="r")
    unknown = world.get(f"ExplanationOfBenefit/bob-9{interaction}", X_Request_Id="r")
    assert issue(foreign, 404)["code"] == "not-found"
    assert foreign.data == unknown.data
    assert dict(foreign.headers) == dict(unknown.headers)


def test_deleted_resources_are_gone_for_their_member_alone(world):
    world.resources.delete("alice", "ExplanationOfBenefit", "alice-1")
    assert issue(world.get(CLAIM), 410)["code"] == "deleted"
    assert issue(world.get(CLAIM, "bob"), 404)["code"] == "not-found"


@pytest.mark.parametrize("path", ["ExplanationOfBenefit/a_b", "ExplanationOfBenefit/" + "x" * 65, "Patient/%ff"])
def test_what_is_no_id_is_a_bad_request(world, path):
    assert issue(world.get(path), 400)["code"] == "value"


UNKNOWN = [
    "Observation",
    "Observation/1",
    "",
    "ExplanationOfBenefit/1/_history",
    "Patient/alice/$everything/x",
    "$export",
]


@pytest.mark.parametrize("path", UNKNOWN)
def test_unknown_paths_are_answered_by_an_outcome(world, path):
    assert issue(world.get(path), 404)["code"] == "not-supported"


@pytest.mark.parametrize("path", ["/Patient", "ExplanationOfBenefit//alice-1"])
def test_doubled_slashes_are_unknown_paths(world, path):
    assert issue(world.get(path), 404)["code"] == "not-supported"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "FOO", "OPTIONS"])
@pytest.mark.parametrize("path", [CLAIM, "metadata", "ExplanationOfBenefit"])
def test_methods_that_are_not_offered_name_those_that_are(world, method, path):
    response = world.send(method, path)
    assert issue(response, 405)["code"] == "not-supported"
    assert "GET" in response.headers["Allow"]


def test_a_search_is_posted_as_a_form(world):
    for content_type in ("application/json", "multipart/form-data; boundary=x", ""):
        response = world.send("POST", "ExplanationOfBenefit/_search", data="type=oral", Content_Type=content_type)
        assert issue(response, 415)["code"] == "not-supported"


FORM = {"Content_Type": "application/x-www-form-urlencoded"}


def test_what_is_too_large_is_refused(world):
    assert issue(world.get("ExplanationOfBenefit?type=" + "x" * 9000), 414)["code"] == "too-long"
    assert issue(world.get("Nothing?type=" + "x" * 9000), 414)["code"] == "too-long"
    assert issue(world.get("ExplanationOfBenefit", X_Padding="x" * 17_000), 431)["code"] == "too-long"
    too_long = world.send("POST", "ExplanationOfBenefit/_search", data="type=" + "x" * 70_000, **FORM)
    assert issue(too_long, 413)["code"] == "too-long"
    many = "&".join(f"type={n}" for n in range(100))
    assert issue(world.get(f"ExplanationOfBenefit?{many}"), 400)["code"] == "too-costly"


@pytest.mark.parametrize("query", ["type=%zz", "type=%", "type=%ff", "%ff=x", "type=a%00b"])
def test_bad_encodings_are_bad_requests(world, query):
    assert issue(world.get(f"ExplanationOfBenefit?{query}"), 400)["code"] == "value"
    assert issue(world.send("POST", "ExplanationOfBenefit/_search", data=query, **FORM), 400)["code"] == "value"


def test_a_value_that_is_wrong_is_never_repeated(world):
    response = world.get("ExplanationOfBenefit?service-date=%3Cscript%3E")
    assert issue(response, 400)["expression"] == ["http.service-date"]
    assert "script" not in response.get_data(as_text=True)


def test_every_answer_forbids_guessing_and_storing(world):
    for path in (CLAIM, "ExplanationOfBenefit", "Nothing"):
        headers = world.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store"
        assert "Server" not in headers
        assert "X-Powered-By" not in headers


KNOWN, STRANGER = "https://app.example", "https://evil.example"


def test_known_origins_may_read_answers_and_strangers_may_not(world):
    response = world.get(CLAIM, Origin=KNOWN)
    assert response.headers["Access-Control-Allow-Origin"] == KNOWN
    assert "X-Request-Id" in response.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in world.get(CLAIM, Origin=STRANGER).headers
    assert world.get("ExplanationOfBenefit/unknown", Origin=KNOWN).headers["Access-Control-Allow-Origin"] == KNOWN
    assert world.get("metadata", token="", Origin=STRANGER).headers["Access-Control-Allow-Origin"] == "*"
    assert "Origin" in response.headers["Vary"]


def test_a_preflight_is_answered_without_a_token(world):
    asked = {"Origin": KNOWN, "Access_Control_Request_Method": "GET"}
    response = world.send("OPTIONS", CLAIM, token="", **asked)
    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == KNOWN
    assert "Authorization" in response.headers["Access-Control-Allow-Headers"]
    assert "GET" in response.headers["Access-Control-Allow-Methods"]
    stranger = world.send("OPTIONS", CLAIM, token="", Origin=STRANGER, Access_Control_Request_Method="GET")
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_links_are_built_from_the_public_base_whatever_the_request_says(world):
    spoof = {
        "Host": "evil.example",
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "gopher",
        "Forwarded": "host=e",
    }
    for path in (
        "ExplanationOfBenefit?_count=2&_include=ExplanationOfBenefit:*",
        "metadata",
        "Patient/alice/$everything",
    ):
        response = world.get(path, **spoof)
        assert response.status_code == 200
        assert b"evil.example" not in response.data
        assert BASE.encode() in response.data
