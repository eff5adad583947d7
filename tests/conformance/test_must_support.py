"""The sandbox's named members show every must-support element and slice of CARIN Blue Button 2.0.0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from fhir_facade_claims_synthetic.stories import STORIES
from tests.conformance.guides import GUIDES
from tests.conformance.must_support import missing, profiles
from tests.conformance.sources import synthetic

Json = dict[str, Any]

EOB = "C4BB-ExplanationOfBenefit"
SHOWCASES = {
    "ingrid": ("Inpatient-Institutional",),
    "otto": ("Outpatient-Institutional",),
    "priya": ("Professional-NonClinician",),
    "roxana": ("Pharmacy",),
    "oralia": ("Oral",),
    "alma": (
        "Inpatient-Institutional",
        "Outpatient-Institutional",
        "Professional-NonClinician",
        "Pharmacy",
        "Oral",
    ),
}
"""The kinds of claim that each showcase member has, all of them complete."""


@cache
def sandbox() -> tuple[dict[str, Json], list[list[Json]]]:
    """Every resource by reference, and the claims of each member in the order in which a search gives them."""
    everything: dict[str, Json] = {}
    claims: dict[str, list[Json]] = {}
    for one in synthetic(len(STORIES), 5).emit(next(guide for guide in GUIDES if guide.carin == "2.0.0")):
        resource = json.loads(one.body)
        everything[f"{resource['resourceType']}/{resource['id']}"] = resource
        if resource["resourceType"] == "Patient":
            claims[f"Patient/{resource['id']}"] = []
    for resource in everything.values():
        if resource["resourceType"] == "ExplanationOfBenefit":
            claims[resource["patient"]["reference"]].append(resource)
    for mine in claims.values():
        mine.sort(key=lambda eob: eob["id"])
        mine.sort(key=lambda eob: eob["billablePeriod"]["start"], reverse=True)
    return everything, list(claims.values())


def claims_of(username: str) -> list[Json]:
    return sandbox()[1][[story.username for story in STORIES].index(username)]


def with_profile(pool: Iterator[Json] | list[Json], profile: str) -> list[Json]:
    return [each for each in pool if any(url.endswith(f"/{profile}|2.0.0") for url in each["meta"]["profile"])]


def references(eob: Json) -> list[str]:
    """The references of a claim in the order in which the public test kit follows them."""
    found = [eob["insurer"], eob["provider"], eob.get("payee", {}).get("party", {})]
    found += [each["provider"] for each in eob.get("careTeam", [])]
    found += [each["coverage"] for each in eob["insurance"]]
    return [each["reference"] for each in found if "reference" in each]


def first(username: str, kind: str) -> Json:
    """The one resource of a type that the kit judges: the first that a member's first claim names."""
    for eob in claims_of(username):
        for reference in references(eob):
            if reference.startswith(f"{kind}/"):
                return sandbox()[0][reference]
    raise AssertionError(f"no claim of {username} names a {kind}")


@pytest.mark.parametrize("profile", profiles())
def test_the_named_members_show_every_must_support_element(profile: str) -> None:
    everything = list(sandbox()[0].values())
    pool = everything if profile == EOB else with_profile(everything, profile)
    assert missing(profiles()[profile], pool) == []


def test_all_eleven_profiles_are_walked() -> None:
    assert len(profiles()) == 11


def test_an_element_that_no_resource_shows_is_missed() -> None:
    everything = [dict(each) for each in sandbox()[0].values()]
    for each in everything:
        each.pop("payee", None)
    facts = profiles()[f"{EOB}-Oral"]
    assert missing(facts, with_profile(everything, f"{EOB}-Oral")) == ["payee", "payee.type", "payee.party"]


def test_a_slice_with_another_code_is_missed() -> None:
    patients = [dict(each) for each in sandbox()[0].values() if each["resourceType"] == "Patient"]
    for each in patients:
        each["identifier"] = [one for one in each["identifier"] if one["type"]["coding"][0]["code"] != "um"]
    lacking = missing(profiles()["C4BB-Patient"], patients)
    assert lacking == [
        "identifier:uniquememberid.system",
        "identifier:uniquememberid.value",
        "identifier:uniquememberid",
    ]


@pytest.mark.parametrize("username", SHOWCASES)
def test_each_showcase_member_shows_every_must_support_element_of_their_kinds(username: str) -> None:
    pool = claims_of(username)
    lacking = {
        kind: missing(profiles()[f"{EOB}-{kind}"], with_profile(pool, f"{EOB}-{kind}")) for kind in SHOWCASES[username]
    }
    assert lacking == {kind: [] for kind in SHOWCASES[username]}
    assert missing(profiles()[EOB], pool) == []


@pytest.mark.parametrize("username", SHOWCASES)
def test_each_showcase_member_has_claims_of_their_kinds_alone(username: str) -> None:
    kinds = {eob["meta"]["profile"][0].removesuffix("|2.0.0").rsplit(f"{EOB}-")[1] for eob in claims_of(username)}
    assert kinds == set(SHOWCASES[username])


@pytest.mark.parametrize("username", SHOWCASES)
@pytest.mark.parametrize("kind", ["Coverage", "Organization", "Practitioner", "RelatedPerson"])
def test_the_first_one_that_the_first_claims_name_is_complete(username: str, kind: str) -> None:
    assert missing(profiles()[f"C4BB-{kind}"], [first(username, kind)]) == []


@pytest.mark.parametrize("username", SHOWCASES)
def test_the_first_claim_answers_every_search_and_include(username: str) -> None:
    eob = claims_of(username)[0]
    assert eob["payee"]["party"]
    assert eob["careTeam"][0]["provider"]
    assert eob["item"][0].get("servicedDate") or eob["item"][0].get("servicedPeriod") or eob["billablePeriod"]["start"]
    others = [eob["insurer"]["reference"], eob["provider"]["reference"]]
    party = eob["payee"]["party"]["reference"]
    assert not party.startswith("Organization/") or party in others


@pytest.mark.parametrize("username", SHOWCASES)
def test_the_patient_of_each_showcase_member_is_complete(username: str) -> None:
    patient = sandbox()[0][claims_of(username)[0]["patient"]["reference"]]
    assert missing(profiles()["C4BB-Patient"], [patient]) == []


def test_every_claim_of_the_named_members_is_complete_in_outcome() -> None:
    assert {eob["outcome"] for claims in sandbox()[1] for eob in claims} == {"complete"}


def test_the_insurer_is_the_payor_of_the_focal_cover_and_of_no_other() -> None:
    everything, members = sandbox()
    for eob in (eob for claims in members for eob in claims):
        for insurance in eob["insurance"]:
            if reference := insurance["coverage"].get("reference"):
                payor = everything[reference]["payor"][0]["reference"]
                assert (payor == eob["insurer"]["reference"]) is insurance["focal"]
