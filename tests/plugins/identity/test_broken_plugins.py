"""The conformance suite finds each broken promise and names it."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from fhir_facade.conformance.identity import IdentityConformance
from fhir_facade.contracts.errors import LoginDenied, LoginRejected
from fhir_facade.contracts.identity import (
    Answer,
    AskFor,
    Assurance,
    Attempt,
    Begin,
    Field,
    PostTo,
    RedirectTo,
    VerifiedIdentity,
)
from fhir_facade.store.local_accounts import LocalAccounts
from fhir_facade_identity_local.passwords import Passwords
from tests.plugins.identity import test_local as local
from tests.plugins.identity.complaining import complaints

PROMISES = [name for name in dir(IdentityConformance) if name.startswith("test_")]


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


def tell_memory(self: Sound, attempt: Attempt) -> RedirectTo:
    secret = "a secret that was to be remembered"
    return RedirectTo(url=f"https://idp.example/?state={attempt.state}&more={secret}", memory={"secret": secret})


def post_in_clear(self: Sound, attempt: Attempt) -> PostTo:
    return PostTo(url="http://idp.example/", fields={"RelayState": attempt.state})


def refuse_everybody(self: Sound, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
    raise LoginDenied("refused")


def share(self: Any, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
    """Keeps the attempt in the provider instead of in its own hands."""
    self.last = attempt
    time.sleep(0.05)
    return Sound.finish(self, attempt, answer) and self.identity(self.last)


CASES = {
    "begin() must return one of the four kinds": broken(begin=lambda self, attempt: "https://idp.example"),
    "begin() sends the code_verifier": broken(begin=leak),
    "begin() leads to an address without https": broken(
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
    "begin() shows the browser what it wanted remembered": broken(begin=tell_memory),
    "evidence medicaid-id must be a text": changed(evidence={"medicaid-id": 7}),
    "a good answer must give an identity": broken(finish=refuse_everybody),
    "concurrent log-ins got each other's answers": type("Shared", (Sound,), {"finish": share, "last": None}),
    "complains about a set-up that works": broken(check=lambda self: ["something"]),
}


class FormSuite(Suite):
    """For a log-in by user name and password on the facade's own page."""

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"username": "maria", "password": "right password"}, method="POST")

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"username": "maria", "password": "wrong password"}, method="POST")


class SoundForm(Sound):
    """A password log-in that keeps every promise."""

    def begin(self, attempt: Attempt) -> Begin:
        return AskFor(fields=(Field(name="username", label="User name"), Field(name="password", label="Password")))

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        if answer.parameters != {"username": "maria", "password": "right password"}:
            raise LoginDenied("the user name or the password is wrong")
        return self.identity(attempt)


def forms(accept: Callable[[str, str], bool], message: str = "wrong") -> type[Sound]:
    """A password log-in that takes what ``accept`` takes."""

    def finish(self: Sound, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        typed = answer.parameters.get("username", ""), answer.parameters.get("password", "")
        if not accept(*typed):
            raise LoginDenied(message.format(password=typed[1]))
        return self.identity(attempt)

    return type("BrokenForm", (SoundForm,), {"finish": finish})


FORM_CASES = {
    "a refusal must raise LoginDenied": forms(lambda username, password: username == "maria"),
    "password without gave VerifiedIdentity": forms(
        lambda name, word: name == "maria" and word in ("", "right password")
    ),
    "password cut gave VerifiedIdentity": forms(
        lambda name, word: name == "maria" and len(word) > 6 and "right password".startswith(word)
    ),
    "password longer gave VerifiedIdentity": forms(
        lambda name, word: name == "maria" and word.startswith("right password")
    ),
    "username without gave VerifiedIdentity": forms(lambda name, word: word == "right password"),
    "an empty answer gave VerifiedIdentity": forms(lambda name, word: not name or word == "right password"),
    "the error message repeats the value of password": forms(
        lambda name, word: word == "right password", "not {password}"
    ),
}


def test_sound_plugins_pass() -> None:
    assert complaints(Suite(Sound)) == ""
    assert complaints(FormSuite(SoundForm)) == ""


def test_a_form_that_another_site_receives_needs_https_too() -> None:
    assert "begin() leads to an address without https" in complaints(Suite(broken(begin=post_in_clear)))


@pytest.mark.parametrize("promise", FORM_CASES)
def test_a_broken_promise_of_a_password_log_in_is_named(promise: str) -> None:
    assert promise in complaints(FormSuite(FORM_CASES[promise]))


def test_no_promise_is_without_a_plugin_that_breaks_it() -> None:
    kinds = [*((Suite, kind) for kind in CASES.values()), *((FormSuite, kind) for kind in FORM_CASES.values())]
    broken_ones = {name for suite, kind in kinds for name in PROMISES if complaints(suite(kind), name)}
    assert broken_ones == set(PROMISES)


@pytest.mark.parametrize("promise", CASES)
def test_a_broken_promise_is_named(promise: str) -> None:
    random.seed(1)
    assert promise in complaints(Suite(CASES[promise]))


accounts = local.accounts


def test_a_local_log_in_that_takes_any_password_breaks_a_promise(
    accounts: LocalAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = local.TestLocal()
    suite.accounts = accounts
    provider = suite.open()
    invitation = local.invite(accounts)
    local.step(provider, local.start(provider), username="maria", password=local.PASSWORD, invitation=invitation)
    monkeypatch.setattr(Passwords, "fits", lambda self, password_hash, typed: True)
    assert "a refusal must raise LoginDenied, not give VerifiedIdentity" in complaints(
        suite, "test_a_refusal_is_login_denied"
    )
