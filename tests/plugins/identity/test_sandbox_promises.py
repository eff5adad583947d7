"""The sandbox log-in keeps the promises of every log-in."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher

from fhir_facade.conformance.identity import IdentityConformance
from fhir_facade.contracts.identity import Account, Answer, Attempt, Begin
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade_identity_sandbox import SandboxProvider, SandboxSettings, plugin
from tests.plugins.identity.complaining import complaints

ALMA = Account(
    username="alma",
    password_hash=PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash("sandbox-alma"),
    subject="alma",
    evidence={"medicaid-id": "1234567890"},
)


class Accounts:
    def find(self, username: str) -> Account | None:
        return ALMA if username.casefold() == "alma" else None


class TestSandbox(IdentityConformance):
    def open(self) -> SandboxProvider:
        context = IdentityContext(accounts=Accounts(), production=False, public_base="http://localhost:8000")
        return plugin.open(SandboxSettings(), context)

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"username": "alma", "password": "sandbox-alma"}, method="POST")

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"username": "alma", "password": "wrong password"}, method="POST")


def test_a_plugin_that_takes_any_password_breaks_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SandboxProvider, "_is_password_of", lambda self, account, password: True)
    assert "a refusal must raise LoginDenied, not give VerifiedIdentity" in complaints(
        TestSandbox(), "test_a_refusal_is_login_denied"
    )
