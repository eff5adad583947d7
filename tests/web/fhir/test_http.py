"""Reads, negotiation, headers and limits."""

from __future__ import annotations

import gzip
import json
import xml.etree.ElementTree as ET

import pytest

from tests.web.fhir.memory import parsed
from tests.web.fhir.outcomes import issue
from tests.web.fhir.world import BASE

CLAIM = "ExplanationOfBenefit/alice-1"


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
    for unreadable in ("yesterday", "Mon, 32 Jan 99999999999999999999 00:00:00", "Mon, 01 Jan 2025 00:00:00 +9999999"):
        assert world.get(CLAIM, If_Modified_Since=unreadable).status_code == 200
    both = {"If_None_Match": 'W/"other"', "If_Modified_Since": "Thu, 02 Jan 2026 00:00:00 GMT"}
    assert world.get(CLAIM, **both).status_code == 200


def test_the_current_version_can_be_read_by_its_name(world):
    version = parsed(world.get(CLAIM))["meta"]["versionId"]
    assert world.get(f"{CLAIM}/_history/{version}").data == world.get(CLAIM).data
    assert world.get(f"{CLAIM}/_history/{version}", If_None_Match=f'W/"{version}"').status_code == 304
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
