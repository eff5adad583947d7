"""Reads, negotiation, headers and limits."""

from __future__ import annotations

import gzip
import json
import xml.etree.ElementTree as ET

import pytest

from tests.web.fhir.memory import parsed
from tests.web.fhir.world import BASE

CLAIM = "ExplanationOfBenefit/alice-1"


def issue(response, status):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/fhir+json")
    body = parsed(response)
    assert body["resourceType"] == "OperationOutcome"
    assert response.headers["X-Request-Id"] in json.dumps(body)
    return body["issue"][0]


def test_a_read_has_the_resource_and_its_validators(world):
    response = world.get(CLAIM)
    resource = parsed(response)
    assert resource["id"] == "alice-1"
    assert response.headers["ETag"] == f'W/"{resource["meta"]["versionId"]}"'
    assert response.headers["Last-Modified"] == "Thu, 02 Jan 2025 03:04:05 GMT"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Type"] == "application/fhir+json; charset=utf-8"


@pytest.mark.parametrize("make", ['W/"{0}"', '"{0}"', 'W/"x", W/"{0}"', '"a","{0}"', "*"])
def test_an_unchanged_resource_is_not_sent_again(world, make):
    version = parsed(world.get(CLAIM))["meta"]["versionId"]
    response = world.get(CLAIM, If_None_Match=make.format(version))
    assert response.status_code == 304
    assert response.data == b""
    assert "ETag" in response.headers


def test_dates_are_a_condition_where_no_tag_is(world):
    assert world.get(CLAIM, If_Modified_Since="Thu, 02 Jan 2025 03:04:05 GMT").status_code == 304
    assert world.get(CLAIM, If_Modified_Since="Thu, 02 Jan 2025 03:04:04 GMT").status_code == 200
    assert world.get(CLAIM, If_Modified_Since="yesterday").status_code == 200
    both = {"If_None_Match": 'W/"other"', "If_Modified_Since": "Thu, 02 Jan 2026 00:00:00 GMT"}
    assert world.get(CLAIM, **both).status_code == 200


def test_the_current_version_can_be_read_by_its_name(world):
    version = parsed(world.get(CLAIM))["meta"]["versionId"]
    assert world.get(f"{CLAIM}/_history/{version}").data == world.get(CLAIM).data
    assert "current version" in issue(world.get(f"{CLAIM}/_history/000000000000"), 404)["diagnostics"]


@pytest.mark.parametrize("path", [CLAIM, "ExplanationOfBenefit?_count=2", "metadata"])
def test_head_is_get_without_a_body(world, path):
    got, head = world.get(path, X_Request_Id="r"), world.send("HEAD", path, X_Request_Id="r")
    assert (head.status_code, head.data) == (200, b"")
    same = ("Content-Type", "ETag", "Last-Modified", "Cache-Control", "X-Request-Id")
    assert [head.headers.get(name) for name in same] == [got.headers.get(name) for name in same]


JSON_SPELLINGS = [
    "application/fhir+json",
    "application/json",
    "text/json",
    "*/*",
    "application/*",
    "application/fhir+json; fhirVersion=4.0",
    "application/fhir+json;fhirVersion=4.0.1;q=0.5, application/fhir+xml;q=0.4",
    "text/turtle, application/json;q=0.1",
    "",
]


@pytest.mark.parametrize("accept", JSON_SPELLINGS)
def test_every_spelling_of_json_is_answered_by_json(world, accept):
    response = world.get(CLAIM, Accept=accept)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("application/fhir+json")


def test_the_version_that_was_asked_for_is_repeated(world):
    response = world.get(CLAIM, Accept="application/fhir+json; fhirVersion=4.0")
    assert response.headers["Content-Type"] == "application/fhir+json; fhirVersion=4.0; charset=utf-8"


@pytest.mark.parametrize("format_", ["json", "application/json", "application/fhir%2Bjson", "application/fhir+json"])
def test_format_wins_over_accept(world, format_):
    response = world.get(f"{CLAIM}?_format={format_}", Accept="application/fhir+xml")
    assert response.headers["Content-Type"].startswith("application/fhir+json")


@pytest.mark.parametrize("path", [CLAIM, "ExplanationOfBenefit", "metadata", "ExplanationOfBenefit/unknown"])
@pytest.mark.parametrize("accept", ["text/turtle", "application/fhir+json; fhirVersion=3.0", "image/png"])
def test_formats_that_are_not_offered_are_refused_everywhere_by_json(world, path, accept):
    assert issue(world.get(path, Accept=accept), 406)["code"] == "not-supported"


@pytest.mark.parametrize("accept", ["application/fhir+xml", "application/xml", "text/xml", "text/xml;q=0.9,*/*;q=0.1"])
def test_xml_is_written(world, accept):
    response = world.get("ExplanationOfBenefit?_count=2&_include=ExplanationOfBenefit:patient", Accept=accept)
    assert response.headers["Content-Type"] == "application/fhir+xml; charset=utf-8"
    root = ET.fromstring(response.data)  # noqa: S314 - our own answer
    assert root.tag == "{http://hl7.org/fhir}Bundle"
    claim = root.find(".//{http://hl7.org/fhir}ExplanationOfBenefit")
    names = [each.tag.rpartition("}")[2] for each in claim]
    assert names.index("identifier") < names.index("status") < names.index("type") < names.index("item")


def test_errors_are_written_in_the_format_that_was_asked_for(world):
    root = ET.fromstring(world.get("ExplanationOfBenefit/unknown", Accept="application/fhir+xml").data)  # noqa: S314
    assert root.tag == "{http://hl7.org/fhir}OperationOutcome"


def test_a_browser_sees_a_page_that_runs_nothing(world):
    world.resources.add(
        "alice",
        {
            "resourceType": "Organization",
            "id": "evil",
            "meta": {"lastUpdated": "2025-01-02T03:04:05.000+00:00"},
            "name": "<script>alert(1)</script>\" onload='x' https://evil.example/",
        },
    )
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    response = world.get("Organization/evil", Accept=browser)
    assert response.headers["Content-Type"].startswith("text/html")
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    text = response.get_data(as_text=True)
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert 'href="https://evil' not in text
    assert f'href="{BASE}/' in world.get("ExplanationOfBenefit?_count=2", Accept=browser).get_data(as_text=True)
    by_program = world.get("Organization/evil", Accept=browser, X_Requested_With="XMLHttpRequest")
    assert by_program.headers["Content-Type"].startswith(("application/fhir+json", "application/fhir+xml"))


def test_pretty_is_indented_and_keeps_digits(world):
    response = world.get("ExplanationOfBenefit?_pretty=true")
    assert b'\n  "type": "searchset"' in response.data
    assert b'"value": 100.10' in response.data


@pytest.mark.parametrize(
    ("accept", "is_zipped"),
    [
        ("gzip", True),
        ("gzip;q=0", False),
        ("br, gzip;q=0.5", True),
        ("*", True),
        ("identity", False),
        ("deflate", False),
    ],
)
def test_gzip_is_used_as_the_q_values_say(world, accept, is_zipped):
    response = world.get("ExplanationOfBenefit", Accept_Encoding=accept)
    assert ("Content-Encoding" in response.headers) is is_zipped
    if is_zipped:
        assert json.loads(gzip.decompress(response.data))["total"] == 7
    assert "Accept-Encoding" in response.headers["Vary"]


def test_small_bodies_are_not_zipped(world):
    assert "Content-Encoding" not in world.get("Organization/payer", Accept_Encoding="gzip").headers


@pytest.mark.parametrize(("sent", "is_kept"), [("abc-1.2_3", True), ("x" * 65, False), ("a b", False), ("a;b", False)])
def test_a_request_id_is_kept_where_it_is_plain(world, sent, is_kept):
    answered = world.get("ExplanationOfBenefit/unknown", X_Request_Id=sent)
    assert (answered.headers["X-Request-Id"] == sent) is is_kept
    issue(answered, 404)


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


def test_a_token_without_a_member_is_forbidden(world):
    from tests.web.fhir.world import grant_for

    world.grants["service"] = grant_for(None, "system/*.rs")
    assert issue(world.get("ExplanationOfBenefit", "service"), 403)["code"] == "forbidden"


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
