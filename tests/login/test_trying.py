"""A log-in tried on the operator's terminal shows what it brings, masked, and issues nothing."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from fhir_facade.app.trying import masked, try_log_in
from fhir_facade.contracts.errors import ConfigError, LoginDenied


def parts(stage) -> SimpleNamespace:
    settings = SimpleNamespace(server=SimpleNamespace(public_base="http://localhost:8000"))
    return SimpleNamespace(settings=settings, people=stage.members, providers={"password": stage.door})


def typed(password: str):
    return lambda label, hidden: password if hidden else "maria"


def test_the_outcome_is_told_and_identifiers_are_masked(stage) -> None:
    stage.door.evidence = {"medicaid-id": "A1", "mbi": "1EG4TE5MK73"}
    stage.members.by_identifier[("mbi", "1EG4TE5MK73")] = ["Patient/m-1"]
    trial = try_log_in(parts(stage), "password", typed("right"), lambda text: None)
    assert trial.outcome == "one"
    assert trial.evidence == {"medicaid-id": "••", "mbi": "•••••••••73"}
    assert stage.outcomes() == []


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
