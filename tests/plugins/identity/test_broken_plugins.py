"""The conformance suite finds each broken promise and names it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_facade.conformance.identity import IdentityConformance
from fhir_facade.contracts.errors import LoginDenied, LoginRejected
from fhir_facade.contracts.identity import (
    Answer,
    Assurance,
    Attempt,
    Begin,
    RedirectTo,
    VerifiedIdentity,
)


class Sound:
    """A log-in that keeps every promise: the answer is signed by repeating a secret with the state."""

    def begin(self, attempt: Attempt) -> Begin:
        return RedirectTo(url=f"https://idp.example/?state={attempt.state}")

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        if answer.parameters.get("error") == "access_denied":
            raise LoginDenied("refused")
        if answer.parameters != {"state": attempt.state, "proof": f"sound-{attempt.state}"}:
            raise LoginRejected("not the answer")
        return self.identity(attempt)

    def identity(self, attempt: Attempt) -> VerifiedIdentity:
        return VerifiedIdentity(
            issuer="https://idp.example",
            subject="maria",
            nonce=attempt.nonce,
            authenticated_at=datetime.now(UTC),
            assurance=Assurance(ial=1),
            evidence={"medicaid-id": "A1"},
        )

    def check(self) -> list[str]:
        return []

    def close(self) -> None:
        return None


class Suite(IdentityConformance):
    __test__ = False

    def __init__(self, kind: type[Sound]) -> None:
        self._kind = kind

    def open(self) -> Any:
        return self._kind()

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"state": attempt.state, "proof": f"sound-{attempt.state}"})

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"state": attempt.state, "error": "access_denied"})


def broken(**parts: Callable[..., Any]) -> type[Sound]:
    return type("Broken", (Sound,), parts)


def changed(**values: Any) -> type[Sound]:
    return broken(identity=lambda self, attempt: replace(Sound.identity(self, attempt), **values))


def swallow(self: Sound, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
    return self.identity(attempt)


def trust_the_query(self: Sound, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
    if "error" in answer.parameters:
        raise LoginDenied("refused")
    if not answer.parameters.get("proof", "").startswith("sound-"):
        raise LoginRejected("no proof")
    return self.identity(attempt)


def stumble(self: Sound, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
    if "\x00" in "".join(answer.parameters.values()):
        raise ValueError("embedded null byte")
    return Sound.finish(self, attempt, answer)


def babble(self: Sound, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
    if "error" in answer.parameters:
        raise LoginDenied(f"refused: {answer.parameters}")
    return Sound.finish(self, attempt, answer)


def confuse(self: Sound, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
    if "error" in answer.parameters:
        raise LoginRejected("refused")
    return Sound.finish(self, attempt, answer)


def leak(self: Sound, attempt: Attempt) -> RedirectTo:
    return RedirectTo(url=f"https://idp.example/?state={attempt.state}&verifier={attempt.code_verifier}")


CASES = {
    "begin() must return one of the four kinds": broken(begin=lambda self, attempt: "https://idp.example"),
    "begin() sends the code_verifier": broken(begin=leak),
    "an address without https": broken(
        begin=lambda self, attempt: RedirectTo(url=f"http://idp.example/?state={attempt.state}")
    ),
    "does not bring the attempt's state": broken(begin=lambda self, attempt: RedirectTo(url="https://idp.example/")),
    "must give the attempt's own nonce back": changed(nonce="another"),
    "must name the issuer": changed(issuer=""),
    "must name the subject": changed(subject=""),
    "must be an aware datetime": changed(authenticated_at=datetime(2026, 1, 1)),  # noqa: DTZ001 - the fault
    "must say when this person logged in": changed(authenticated_at=datetime(2020, 1, 1, tzinfo=UTC)),
    "levels go from 0 to 3": changed(assurance=Assurance(ial=9)),
    "must be a text without blanks": changed(evidence={"medicaid-id": " A1"}),
    "came back as another subject": broken(
        identity=lambda self, attempt: replace(Sound.identity(self, attempt), subject=attempt.state)
    ),
    "a refusal must raise LoginDenied": broken(finish=confuse),
    "took the answer to another attempt": broken(finish=trust_the_query),
    "an empty answer gave": broken(finish=swallow),
    "state without gave": broken(finish=trust_the_query),
    "finish() raised ValueError": broken(finish=stumble),
    "the error message repeats the value": broken(finish=babble),
    "complains about a set-up that works": broken(check=lambda self: ["something"]),
}


def complaints(kind: type[Sound]) -> str:
    """Everything the suite says about a plugin."""
    suite, said = Suite(kind), []
    for name in dir(suite):
        if name.startswith("test_"):
            try:
                getattr(suite, name)()
            except (AssertionError, AttributeError) as error:
                said.append(str(error))
    return "\n".join(said)


def test_a_sound_plugin_passes() -> None:
    assert complaints(Sound) == ""


@pytest.mark.parametrize("promise", CASES)
def test_a_broken_promise_is_named(promise: str) -> None:
    random.seed(1)
    assert promise in complaints(CASES[promise])
