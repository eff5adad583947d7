"""SMART scopes: versions 1 and 2, wildcards, granular scopes, narrowing."""

from __future__ import annotations

import pytest

from fhir_facade.access.scopes import Scopes

PHARMACY = "patient/ExplanationOfBenefit.rs?type=http://terminology.hl7.org/CodeSystem/claim-type|pharmacy"
ORAL = PHARMACY.replace("pharmacy", "oral")


@pytest.mark.parametrize(
    "text",
    ["patient/Patient.rs", "patient/*.read", "user/Coverage.r", "system/*.cruds", "openid fhirUser", PHARMACY],
)
def test_a_scope_comes_back_as_it_was_written(text):
    assert str(Scopes.parse(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "patient/Patient.sr",
        "patient/Patient.",
        "patient/patient.rs",
        "patient/Patient",
        "Patient/Patient.rs",
        "patient/Patient.rs?",
        "patient/Patient.rs?name=x",
        "patient/ExplanationOfBenefit.rs?type",
        "patient/ExplanationOfBenefit.rs?type=",
        "patient/ExplanationOfBenefit.rs?patient=other",
        "patient/*.rs?type=x",
        "patient/Patient.readx",
        "launch",
        "admin",
        "",
        "patient/Patient.rs\n",
    ],
)
def test_what_is_not_understood_gives_nothing(text):
    assert not Scopes.parse(text)


@pytest.mark.parametrize(
    ("text", "resource", "interaction", "allowed"),
    [
        ("patient/Patient.r", "Patient", "r", True),
        ("patient/Patient.r", "Patient", "s", False),
        ("patient/Patient.rs", "Coverage", "r", False),
        ("patient/*.rs", "Practitioner", "r", True),
        ("patient/*.rs", "AuditEvent", "s", False),
        ("patient/AuditEvent.rs", "AuditEvent", "s", True),
        ("patient/*.read", "Patient", "s", True),
        ("patient/*.write", "Patient", "r", False),
        ("patient/Coverage.*", "Coverage", "s", True),
        ("openid", "Patient", "r", False),
    ],
)
def test_a_scope_allows_what_it_says_and_no_more(text, resource, interaction, allowed):
    assert Scopes.parse(text).allows(resource, interaction) is allowed


def test_granular_scopes_are_alternatives():
    scopes = Scopes.parse(f"{PHARMACY} {ORAL}")
    system = "http://terminology.hl7.org/CodeSystem/claim-type"
    assert scopes.constraints("ExplanationOfBenefit") == (
        (("type", f"{system}|pharmacy"),),
        (("type", f"{system}|oral"),),
    )


def test_an_unlimited_scope_beside_a_granular_one_lifts_the_limit():
    assert Scopes.parse(f"{PHARMACY} patient/*.rs").constraints("ExplanationOfBenefit") == ()


def test_the_limit_is_taken_for_the_interaction_asked():
    scopes = Scopes.parse(f"{PHARMACY} patient/ExplanationOfBenefit.r")
    assert scopes.constraints("ExplanationOfBenefit", "r") == ()
    assert len(scopes.constraints("ExplanationOfBenefit", "s")) == 1


@pytest.mark.parametrize(
    ("asked", "allowed", "granted"),
    [
        ("patient/*.rs", "patient/Patient.rs patient/Coverage.rs", "patient/Patient.rs patient/Coverage.rs"),
        ("patient/Patient.cruds", "patient/*.rs", "patient/Patient.rs"),
        ("patient/*.read", "patient/*.rs", "patient/*.read"),
        ("patient/Patient.*", "patient/*.rs", "patient/Patient.read"),
        ("patient/Patient.read", "patient/Patient.r", "patient/Patient.r"),
        ("system/*.rs", "patient/*.rs", ""),
        ("openid offline_access", "openid", "openid"),
        ("patient/ExplanationOfBenefit.rs", PHARMACY, PHARMACY),
        (PHARMACY, "patient/*.rs", PHARMACY),
        ("patient/AuditEvent.rs", "patient/*.rs", ""),
    ],
)
def test_an_app_gets_what_it_asked_within_what_it_may(asked, allowed, granted):
    assert str(Scopes.parse(asked).within(Scopes.parse(allowed))) == granted


def test_two_different_limits_hold_both():
    both = Scopes.parse(PHARMACY).within(Scopes.parse(ORAL))
    assert len(both.constraints("ExplanationOfBenefit")[0]) == 2


@pytest.mark.parametrize(
    ("earlier", "asked", "granted", "holds"),
    [
        ("patient/*.rs", "patient/*.rs", "patient/Coverage.rs", True),
        ("patient/Coverage.rs", "patient/*.rs", "patient/Coverage.rs", False),
        ("patient/*.rs", "patient/Coverage.rs", "patient/Coverage.rs", False),
        ("patient/*.rs", "patient/*.rs profile", "patient/Patient.rs patient/Coverage.rs", True),
        ("openid profile", "openid profile", "openid", True),
        ("patient/ExplanationOfBenefit.rs", "patient/*.rs", PHARMACY, True),
        (PHARMACY, "patient/ExplanationOfBenefit.rs", PHARMACY, False),
        (f"{PHARMACY} {ORAL}", "patient/ExplanationOfBenefit.rs", PHARMACY, True),
        (PHARMACY, "patient/ExplanationOfBenefit.rs", f"{PHARMACY} {ORAL}", False),
        (PHARMACY, "patient/ExplanationOfBenefit.rs", "patient/ExplanationOfBenefit.rs", False),
        ("patient/*.rs", "patient/*.r", "patient/*.r", False),
    ],
)
def test_an_earlier_grant_is_too_wide_when_it_gives_what_was_declined_now(earlier, asked, granted, holds):
    held = Scopes.parse(earlier).hold_what_was_declined(Scopes.parse(asked), Scopes.parse(granted))
    assert held is holds


def test_a_member_who_keeps_demographics_back_leaves_the_rest():
    left = Scopes.parse("openid profile patient/*.rs").without(types={"Patient"}, plain={"profile"})
    assert not left.allows("Patient", "r")
    assert left.allows("ExplanationOfBenefit", "s")
    assert "profile" not in left
    assert "openid" in left
