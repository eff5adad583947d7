"""A log-in tried on the operator's terminal shows what it brings, masked, and issues nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fhir_facade.app.trying import masked, try_log_in
from fhir_facade.contracts.errors import ConfigError, LoginDenied
from fhir_facade.contracts.sections import LoginSettings, OAuthSettings
from fhir_facade.contracts.settings import Secret

COMBINATION = "birth-date+family+postal-code"


def parts(stage, **oauth: int) -> SimpleNamespace:
    settings = SimpleNamespace(
        server=SimpleNamespace(public_base="http://localhost:8000", environment="production"),
        keys=SimpleNamespace(identifiers=Secret("test", "i" * 32), identifiers_before=()),
        login=LoginSettings(match=(("birth-date", "family", "postal-code"),)),
        oauth=OAuthSettings(**oauth),
    )
    store = stage.logins._store
    return SimpleNamespace(settings=settings, people=stage.members, providers={"password": stage.door}, store=store)


def typed(password: str):
    return lambda label, hidden: password if hidden else "maria"


def test_the_outcome_is_told_and_identifiers_are_masked(stage) -> None:
    stage.door.evidence = {"medicaid-id": "A1", "mbi": "1EG4TE5MK73"}
    stage.members.by_identifier[("mbi", "1EG4TE5MK73")] = ["Patient/m-1"]
    trial = try_log_in(parts(stage), "password", typed("right"), lambda text: None)
    assert trial.outcome == "one"
    assert trial.evidence == {"medicaid-id": "••", "mbi": "•••••••••73"}
    assert stage.outcomes() == []


@pytest.mark.parametrize(
    ("evidence", "outcome", "matched"),
    [
        ({"medicaid-id": "nobody"}, "none", "medicaid-id"),
        ({"medicaid-id": "TWO"}, "many", "medicaid-id"),
        ({"medicaid-id": "BLOCKED"}, "blocked", "medicaid-id"),
        ({"birth-date": "1980-02-01", "family": "Lopez", "postal-code": "60601"}, "one", COMBINATION),
        ({"family": "Lopez", "given": "Maria"}, "none", ""),
    ],
)
def test_every_outcome_can_be_tried(stage, evidence, outcome, matched) -> None:
    stage.members.by_identifier |= {
        ("medicaid-id", "TWO"): ["Patient/m-1", "Patient/m-2"],
        ("medicaid-id", "BLOCKED"): ["Patient/m-3"],
        (COMBINATION, "1980-02-01|lopez|60601"): ["Patient/m-1"],
    }
    stage.logins.block("Patient/m-3", 1)
    stage.door.evidence = evidence
    trial = try_log_in(parts(stage), "password", typed("right"), lambda text: None)
    assert (trial.outcome, trial.matched_by) == (outcome, matched)
    assert bool(trial.detail) == (outcome != "one")


def test_a_log_in_below_the_minimum_is_told_as_weak(stage) -> None:
    assert try_log_in(parts(stage, minimum_ial=2), "password", typed("right"), lambda text: None).outcome == "weak"


def test_a_trial_leaves_no_link(stage) -> None:
    try_log_in(parts(stage), "password", typed("right"), lambda text: None)
    assert stage.logins.verified_at("Patient/m-1") is None


def test_a_wrong_password_is_said(stage) -> None:
    with pytest.raises(LoginDenied):
        try_log_in(parts(stage), "password", typed("wrong"), lambda text: None)


def test_an_unknown_log_in_is_named(stage) -> None:
    with pytest.raises(ConfigError, match="no log-in saml"):
        try_log_in(parts(stage), "saml", typed("right"), lambda text: None)


@pytest.mark.parametrize("value", ["", "1", "1234", "123456789"])
def test_masking_never_shows_more_than_two_characters(value: str) -> None:
    assert len(masked(value)) == len(value)
    assert sum(sign != "•" for sign in masked(value)) <= 2
