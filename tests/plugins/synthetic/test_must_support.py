"""The complete members show every must-support element and slice of CARIN Blue Button 2.0.0."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

from fhir_facade.fhir.mapper import Mapped, Mapper
from tests.conformance.must_support import missing, profiles

from .population import named

BASE = "C4BB-ExplanationOfBenefit"
OF_MEMBER = {
    "ingrid": f"{BASE}-Inpatient-Institutional",
    "otto": f"{BASE}-Outpatient-Institutional",
    "priya": f"{BASE}-Professional-NonClinician",
    "roxana": f"{BASE}-Pharmacy",
    "oralia": f"{BASE}-Oral",
}
Resources = dict[str, dict[str, Any]]


@lru_cache
def resources(username: str) -> Resources:
    """A member's resources by reference, in the order of the mapper: claims newest first."""
    mapped = list(Mapper("synthetic", "2.0.0", False).resources(named(username).records()))
    assert all(isinstance(each, Mapped) for each in mapped)
    return {f"{each.type}/{each.id}": each.resource for each in mapped if isinstance(each, Mapped)}


def benefits(username: str) -> list[dict[str, Any]]:
    return [each for each in resources(username).values() if each["resourceType"] == "ExplanationOfBenefit"]


def referenced(first: dict[str, Any]) -> list[str]:
    """References of a claim in the order in which test kits follow them."""
    parties = [first["insurer"], first["provider"], first["payee"]["party"]]
    parties += [each["provider"] for each in first["careTeam"]] + [each["coverage"] for each in first["insurance"]]
    return [each["reference"] for each in parties]


def first_referenced(username: str, resource_type: str) -> dict[str, Any]:
    names = (each for each in referenced(benefits(username)[0]) if each.startswith(f"{resource_type}/"))
    return resources(username)[next(names)]


@pytest.mark.parametrize(("username", "profile"), OF_MEMBER.items())
def test_the_claims_of_each_complete_member_show_their_profile_whole(username, profile):
    assert missing(profiles()[profile], benefits(username)) == []
    assert missing(profiles()[BASE], benefits(username)) == []


@pytest.mark.parametrize("profile", [name for name in profiles() if name.startswith(BASE)])
def test_alma_shows_every_profile_of_claims_on_her_first_page(profile):
    page = benefits("alma")[:10]
    own = [each for each in page if each["meta"]["profile"][0].split("|")[0].endswith(profile)]
    assert missing(profiles()[profile], own or page) == []


@pytest.mark.parametrize("username", [*OF_MEMBER, "alma"])
@pytest.mark.parametrize("resource_type", ["Coverage", "Organization", "Practitioner", "RelatedPerson"])
def test_the_first_resource_that_a_kit_follows_is_complete(username, resource_type):
    resource = first_referenced(username, resource_type)
    assert missing(profiles()[f"C4BB-{resource_type}"], [resource]) == []


@pytest.mark.parametrize("username", [*OF_MEMBER, "alma"])
def test_the_patient_is_complete(username):
    assert missing(profiles()["C4BB-Patient"], resources(username).values()) == []


@pytest.mark.parametrize("username", [*OF_MEMBER, "alma"])
def test_at_least_five_references_of_the_first_claim_resolve(username):
    names = set(referenced(benefits(username)[0]))
    assert len(names) >= 5
    assert names <= resources(username).keys()


@pytest.mark.parametrize("username", [*OF_MEMBER, "alma"])
def test_the_insurer_is_the_payor_of_the_focal_cover_and_of_no_other(username):
    for each in benefits(username):
        for insurance in each["insurance"]:
            cover = resources(username)[insurance["coverage"]["reference"]]
            assert insurance["focal"] == (cover["payor"][0]["reference"] == each["insurer"]["reference"])


def test_all_eleven_profiles_are_walked():
    assert len(profiles()) == 11


@pytest.mark.parametrize("carin", ["2.0.0", "2.1.0", "2.2.0"])
def test_no_version_of_the_guide_rejects_a_claim_with_a_story(carin):
    mapper = Mapper("synthetic", carin, False)
    for username in (*OF_MEMBER, "alma", "dean", "adele", "rhea", "duane", "nia", "sam", "greta", "bea", "dorothy"):
        mapped = list(mapper.resources(named(username).records()))
        assert all(isinstance(each, Mapped) for each in mapped)
