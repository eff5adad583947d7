"""A backend service sees organizations and practitioners, and nothing of any member, wherever resources come from."""

from __future__ import annotations

import pytest

from tests.web.fhir.memory import parsed
from tests.web.fhir.outcomes import issue
from tests.web.fhir.served import PLACES, entries
from tests.web.fhir.world import grant_for

MEMBERS_DATA = (
    "Patient",
    "Patient/{patient}",
    "Coverage",
    "Coverage?_include=Coverage:payor",
    "ExplanationOfBenefit",
    "ExplanationOfBenefit?patient={patient}",
    "ExplanationOfBenefit/{claim}",
    "ExplanationOfBenefit/{claim}/_history/1",
    "RelatedPerson",
    "AuditEvent?patient={patient}",
    "Patient/{patient}/ExplanationOfBenefit",
    "Patient/{patient}/$everything",
)


in_copies = pytest.mark.parametrize("served", PLACES[:2], indirect=True)


@pytest.fixture
def service(served):
    """The name of a backend service's token."""
    served.world.grants["service"] = grant_for(None, "system/Organization.rs system/Practitioner.rs")
    served.world.grants["everything"] = grant_for(None, "system/*.rs")
    return "service"


@pytest.fixture
def directory(served, service):
    """Every organization and practitioner of the directory, as ``Type/id``."""
    found = []
    for kind in ("Organization", "Practitioner"):
        bundle = served.bundle(f"{kind}?_count=100&_total=accurate", service)
        assert bundle["total"] == len(entries(bundle))
        found += [f"{kind}/{one['id']}" for one in entries(bundle)]
    return found


@pytest.mark.parametrize("token", ["service", "everything"])
def test_no_members_data_is_reached_with_any_system_scope(served, service, token):
    for path in MEMBERS_DATA:
        answer = served.get(path.format(patient=served.rich, claim=served.claim["id"]), token)
        outcome = issue(answer, 403)
        assert outcome["code"] == "forbidden", path
        assert "Organization and Practitioner alone" in outcome["diagnostics"]


@in_copies
def test_the_directory_has_what_members_claims_name(served, directory):
    named = {served.claim["provider"]["reference"], served.claim["insurer"]["reference"]}
    assert named <= set(directory)
    for reference in directory[:3]:
        assert parsed(served.get(reference, "service"))["id"] == reference.partition("/")[2]


@in_copies
def test_the_directory_is_paged_and_counted(served, directory):
    organizations = [one for one in directory if one.startswith("Organization/")]
    path, seen = "Organization?_count=2", []
    while path:
        bundle = served.bundle(path, "service")
        seen += [f"Organization/{one['id']}" for one in entries(bundle)]
        path = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    assert seen == organizations
    assert served.bundle("Organization?_count=0", "service")["total"] == len(organizations)


@pytest.mark.parametrize("path", ["Organization?_count=100", "Practitioner?_count=100&_include=Practitioner:*"])
def test_nothing_that_names_a_member_comes_along(served, service, path):
    answer = served.get(path, "everything")
    assert answer.status_code in (200, 400)
    assert "Patient/" not in answer.text
    assert {one["resource"]["resourceType"] for one in parsed(answer).get("entry", ())} <= {
        "Organization",
        "Practitioner",
    }


def test_a_scope_that_was_not_given_is_named(served):
    served.world.grants["narrow"] = grant_for(None, "system/Organization.rs")
    answer = served.get("Practitioner", "narrow")
    assert issue(answer, 403)["code"] == "forbidden"
    assert 'scope="system/Practitioner.s"' in answer.headers["WWW-Authenticate"]


def test_a_members_link_gives_a_backend_service_nothing_and_the_other_way_round(served, service):
    members = next(one["url"] for one in served.bundle("Organization?_count=1")["link"] if one["relation"] == "next")
    assert served.get(members, service).status_code == 403


@pytest.mark.parametrize("served", PLACES[2:], indirect=True)
def test_a_live_source_answers_about_members_alone_and_lists_nobody(served, service, directory):
    assert directory == []
    assert served.bundle("Organization?_count=0", service)["total"] == 0
    assert served.get(served.claim["provider"]["reference"], service).status_code == 404
