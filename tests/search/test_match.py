"""Date, token, reference and string vectors of R4, held against the matcher."""

from __future__ import annotations

import pytest

from fhir_facade.search.index import index
from fhir_facade.search.match import matches
from fhir_facade.search.parse import parse

BASE = "https://claims.example.gov/fhir"
SEARCHES = [
    *("eq2024", "eq2024-02", "gt2024-02", "lt2024-02", "ge2024-02", "le2024-02"),
    *("gt2024-02-01", "ge2024-02-01", "sa2024-02-01", "eb2024-02-01", "ap2024-02-01"),
]
DATE_TABLE = {
    "day": ({"item": [{"servicedDate": "2024-02-01"}]}, "++--++-+--+"),
    "period": ({"billablePeriod": {"start": "2024-01-28", "end": "2024-02-03"}}, "+--+-+++--+"),
    "open end": ({"billablePeriod": {"start": "2024-02-10"}}, "--+-+-+++--"),
    "open start": ({"billablePeriod": {"end": "2024-02-10"}}, "---+-+++--+"),
}
DATE_VECTORS = [
    (target, search, expected == "+")
    for target, (_, row) in DATE_TABLE.items()
    for search, expected in zip(SEARCHES, row, strict=True)
]


def claim(**elements):
    return {"resourceType": "ExplanationOfBenefit", "id": "a-1", **elements}


def found(resource, *pairs):
    return matches(parse(resource["resourceType"], pairs, base=BASE).query, index(resource))


def test_there_are_44_date_vectors():
    assert len(DATE_VECTORS) == 44


@pytest.mark.parametrize(("target", "search", "expected"), DATE_VECTORS)
def test_a_date_matches_as_its_range_says(target, search, expected):
    assert found(claim(**DATE_TABLE[target][0]), ("service-date", search)) is expected


@pytest.mark.parametrize(
    ("stored", "search", "expected"),
    [
        ("2024-03-10", "2024-03-10", True),
        ("2024-03-10", "ne2024-03-10", False),
        ("2024-03-10", "gt2024-03-09T00:00:00+00:00", True),
        ("2024-03-10", "gt2024-03-09T00:00:00 00:00", True),
        ("2024-03-10T23:30:00-05:00", "2024-03-11", True),
        ("2024-03-10T10:00:00.123Z", "2024-03-10T10:00:00.123Z", True),
        ("2024-03-10T10:00:00.123Z", "2024-03-10T10:00:00Z", True),
        ("2024-03-10T10:00:00.123Z", "2024-03-10T10:00", True),
        ("2024-03-10T10:00:00Z", "gt2024-03-10T10:00:00Z", False),
        ("9999-12-31", "9999", True),
        ("2016-06-01", "gt2016", False),
        ("2017-01-01", "gt2016", True),
    ],
)
def test_dates_keep_their_precision_and_zone(stored, search, expected):
    assert found(claim(created=stored), ("created", search)) is expected


def test_two_bounds_may_be_met_by_two_lines():
    resource = claim(item=[{"servicedDate": "2024-01-01"}, {"servicedDate": "2024-12-31"}])
    assert found(resource, ("service-date", "lt2024-02"), ("service-date", "gt2024-11"))


TYPED = claim(
    type={"coding": [{"system": "http://t", "code": "Oral"}, {"code": "local"}]},
    identifier=[{"system": "urn:x", "value": "AbC"}],
    status="active",
)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("type", "oral", True),
        ("type", "ORAL", True),
        ("type", "http://t|oral", True),
        ("type", "http://other|oral", False),
        ("type", "|oral", False),
        ("type", "|local", True),
        ("type", "http://t|", True),
        ("type", "http://other|", False),
        ("type", "vision,oral", True),
        ("type:not", "oral", False),
        ("type:not", "vision", True),
        ("type:missing", "false", True),
        ("use:not", "claim", True),
        ("use:missing", "true", True),
        ("use:missing", "false", False),
        ("identifier", "AbC", True),
        ("identifier", "abc", False),
        ("identifier", "urn:x|AbC", True),
        ("status", "active", True),
        ("status", "http://hl7.org/fhir/explanationofbenefit-status|active", True),
        ("_id", "a-1", True),
        ("_id", "A-1", False),
        ("_id", "b,a-1", True),
    ],
)
def test_a_token_matches_by_system_and_code(name, value, expected):
    assert found(TYPED, (name, value)) is expected


REFERRING = claim(
    patient={"reference": "Patient/p1"},
    provider={"reference": "Organization/o1", "identifier": {"system": "npi", "value": "12"}},
    insurer={"reference": "https://elsewhere.example/fhir/Organization/x"},
)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("patient", "p1", True),
        ("patient", "Patient/p1", True),
        ("patient", BASE + "/Patient/p1", True),
        ("patient", BASE.replace("https", "http") + "/Patient/p1", True),
        ("patient", BASE + ".evil.example/Patient/p1", False),
        ("patient:Patient", "p1", True),
        ("patient", "p2", False),
        ("patient", "https://elsewhere.example/fhir/Patient/p1", False),
        ("patient", "p2,p1", True),
        ("patient", "Patient/p1/_history/3", True),
        ("provider", "o1", True),
        ("provider", "Practitioner/o1", False),
        ("provider:Organization", "o1", True),
        ("provider:identifier", "npi|12", True),
        ("provider:identifier", "13", False),
        ("insurer", "https://elsewhere.example/fhir/Organization/x", True),
        ("insurer", "x", False),
        ("coverage:missing", "true", True),
        ("provider:missing", "true", False),
    ],
)
def test_a_reference_matches_in_every_spelling(name, value, expected):
    assert found(REFERRING, (name, value)) is expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("name", "clin", True),
        ("name", "CLÍNICA", True),
        ("name", "salud", False),
        ("name:contains", "salud", True),
        ("name:exact", "Clínica Salud", True),
        ("name:exact", "Clinica Salud", False),
        ("name", "other\\, inc", True),
    ],
)
def test_a_string_matches_its_start_without_case_and_accents(name, value, expected):
    resource = {"resourceType": "Organization", "id": "o", "name": "Clínica Salud", "alias": ["Other, Inc"]}
    assert found(resource, (name, value)) is expected


@pytest.mark.parametrize(("value", "expected"), [("http://p|2.2.0", True), ("http://p", True), ("http://", False)])
def test_a_profile_is_found_with_and_without_its_version(value, expected):
    assert found(claim(meta={"profile": ["http://p|2.2.0"]}), ("_profile", value.replace("|", "\\|"))) is expected
    assert found(claim(meta={"profile": ["http://p|2.2.0"]}), ("_profile", value)) is expected
