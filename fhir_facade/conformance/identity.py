"""The promises of an identity plugin, as tests: subclass ``IdentityConformance`` and say how a person logs in.

::

    class TestMyLogIn(IdentityConformance):
        def open(self):            # a provider that is ready, opened once per test
            return open_provider(settings, context)

        def answer(self, attempt, begin):   # what comes back when a person logs in properly
            return Answer(parameters={"username": "maria", "password": "right"})

        def refused(self, attempt, begin):  # what comes back when the person cancels or is wrong
            return Answer(parameters={"username": "maria", "password": "wrong"})

Each test names the promise that is broken. Tampered answers: 40 in ordinary runs, 5,000 with
``FHIR_FACADE_COUNTS=full``; the seed is fixed, so that a failure comes back.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fhir_facade.conformance.identity_answers import HOSTILE, fresh_attempt, mutations
from fhir_facade.contracts.errors import LoginDenied, LoginError
from fhir_facade.contracts.identity import (
    Answer,
    AskFor,
    AskPasskey,
    Attempt,
    Begin,
    IdentityProvider,
    PostTo,
    RedirectTo,
    VerifiedIdentity,
)

SEED = 20261122
SHORT, FULL = 40, 5000
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
RECENT = timedelta(minutes=10)
LONG = 16
"""Characters from which a remembered text is taken for a secret rather than for a word such as ``password``."""


class IdentityConformance:
    """Subclass it in a test module; pytest runs every promise against your plugin."""

    bound_elsewhere = False
    """True for a log-in that only the facade's own page serves (a password): its answer names no attempt."""

    def open(self) -> IdentityProvider:
        """A provider, ready to use."""
        raise NotImplementedError

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        """What comes back to the facade when a person logs in properly."""
        raise NotImplementedError

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        """What comes back when the person cancels or gives wrong credentials."""
        raise NotImplementedError

    def test_begin_gives_one_of_the_four_ways_to_go_on(self) -> None:
        """``begin`` answers with RedirectTo, PostTo, AskFor or AskPasskey."""
        with Opened(self) as provider:
            begin = provider.begin(fresh_attempt())
        promise(
            isinstance(begin, RedirectTo | PostTo | AskFor | AskPasskey), "begin() must return one of the four kinds"
        )

    def test_begin_keeps_the_verifier_and_its_memory_from_the_browser(self) -> None:
        """The PKCE verifier never leaves the facade; what ``memory`` holds is not sent out."""
        attempt = fresh_attempt()
        with Opened(self) as provider:
            begin = provider.begin(attempt)
        sent = _sent_out(begin)
        promise(attempt.code_verifier not in sent, "begin() sends the code_verifier to the browser")
        kept = [text for text in begin.memory.values() if len(text) >= LONG]
        promise(not any(text in sent for text in kept), "begin() shows the browser what it wanted remembered")

    def test_begin_leads_to_a_safe_address_that_carries_the_state(self) -> None:
        """A redirect or form goes to https (or this machine) and brings the attempt's state along."""
        attempt = fresh_attempt()
        with Opened(self) as provider:
            begin = provider.begin(attempt)
        if isinstance(begin, RedirectTo | PostTo):
            parts = urlsplit(begin.url)
            promise(parts.scheme == "https" or parts.hostname in LOOPBACK, "begin() leads to an address without https")
            carried = {value for values in parse_qs(parts.query).values() for value in values}
            carried |= set(begin.fields.values()) if isinstance(begin, PostTo) else set()
            promise(attempt.state in carried, "begin() does not bring the attempt's state to the log-in system")

    def test_a_good_answer_gives_a_complete_identity(self) -> None:
        """Issuer, subject, this attempt's nonce, an aware time that is recent, levels 0–3, evidence of plain texts."""
        attempt = fresh_attempt()
        with Opened(self) as provider:
            identity = self._identity(provider, attempt)
        promise(identity.nonce == attempt.nonce, "finish() must give the attempt's own nonce back")
        promise(bool(identity.issuer), "finish() must name the issuer")
        promise(bool(identity.subject), "finish() must name the subject")
        promise(identity.authenticated_at.tzinfo is not None, "authenticated_at must be an aware datetime")
        age = datetime.now(UTC) - identity.authenticated_at
        promise(-RECENT < age < RECENT, "authenticated_at must say when this person logged in")
        levels = (identity.assurance.ial, identity.assurance.aal)
        promise(all(0 <= level <= 3 for level in levels), "assurance levels go from 0 to 3")
        for kind, value in identity.evidence.items():
            promise(isinstance(value, str), f"evidence {kind} must be a text")
            promise(value.strip() == value != "", f"evidence {kind} must be a text without blanks around it")

    def test_the_same_person_is_the_same_subject_for_ever(self) -> None:
        """Two log-ins of one person give one issuer and one subject."""
        with Opened(self) as provider:
            first, second = (self._identity(provider, fresh_attempt()) for _ in range(2))
        same = (first.issuer, first.subject) == (second.issuer, second.subject)
        promise(same, "the same person came back as another subject")

    def test_a_refusal_is_login_denied(self) -> None:
        """Cancelled or wrong credentials raise LoginDenied: no identity, no other exception."""
        attempt = fresh_attempt()
        with Opened(self) as provider:
            begin = provider.begin(attempt)
            outcome = _outcome(provider, _remembering(attempt, begin), self.refused(attempt, begin))
        promise(isinstance(outcome, LoginDenied), f"a refusal must raise LoginDenied, not give {_kind(outcome)}")

    def test_an_answer_to_another_attempt_is_rejected(self) -> None:
        """An answer belongs to one attempt: nobody logs in with the answer to another one."""
        mine, other = fresh_attempt(), fresh_attempt()
        with Opened(self) as provider:
            begin = provider.begin(mine)
            if self.bound_elsewhere or isinstance(begin, AskFor):
                return
            other_begin = provider.begin(other)
            outcome = _outcome(provider, _remembering(mine, begin), self.answer(other, other_begin))
        promise(isinstance(outcome, LoginError), "finish() took the answer to another attempt")

    def test_no_answer_at_all_logs_nobody_in(self) -> None:
        """An empty answer raises a LoginError, or asks again."""
        attempt = fresh_attempt()
        with Opened(self) as provider:
            begin = provider.begin(attempt)
            outcome = _outcome(provider, _remembering(attempt, begin), Answer(parameters={}))
        promise(isinstance(outcome, LoginError | AskFor), f"an empty answer gave {_kind(outcome)}")

    def test_tampered_answers_log_nobody_in(self) -> None:
        """Any change to an answer makes it worthless, and raises nothing but a LoginError."""
        chance = random.Random(SEED)  # noqa: S311 - repeatable, not secret
        wanted = FULL if os.environ.get("FHIR_FACADE_COUNTS") == "full" else SHORT
        tried = 0
        with Opened(self) as provider:
            while tried < wanted:
                attempt = fresh_attempt()
                begin = provider.begin(attempt)
                good = self.answer(attempt, begin)
                for what, bad in self.tampered(good, chance):
                    outcome = _outcome(provider, _remembering(attempt, begin), bad)
                    promise(isinstance(outcome, LoginError | AskFor), f"{what} gave {_kind(outcome)}")
                    tried += 1

    def test_hostile_values_raise_nothing_but_login_errors(self) -> None:
        """A megabyte, controls, other encodings, SQL, LDAP, XML and path tricks: refused, never an exception."""
        attempt = fresh_attempt()
        with Opened(self) as provider:
            begin = provider.begin(attempt)
            good = self.answer(attempt, begin)
            for name in good.parameters:
                for value in HOSTILE:
                    bad = replace(good, parameters={**good.parameters, name: value})
                    outcome = _outcome(provider, _remembering(attempt, begin), bad)
                    promise(isinstance(outcome, LoginError | AskFor), f"{name}={value[:40]!r} gave {_kind(outcome)}")

    def test_errors_repeat_no_secret(self) -> None:
        """What the person typed, and the answer's codes and assertions, stand in no error message."""
        attempt = fresh_attempt()
        with Opened(self) as provider:
            begin = provider.begin(attempt)
            bad = self.refused(attempt, begin)
            outcome = _outcome(provider, _remembering(attempt, begin), bad)
        for name, value in bad.parameters.items():
            leaked = len(value) >= 6 and value in str(outcome) and name not in {"error", "iss"}
            promise(not leaked, f"the error message repeats the value of {name}")

    def test_four_people_may_log_in_at_the_same_time(self) -> None:
        """A provider is opened once and used from several threads; each gets an identity of their own attempt."""
        attempts = [fresh_attempt() for _ in range(4)]
        with Opened(self) as provider, ThreadPoolExecutor(4) as pool:
            identities = list(pool.map(lambda attempt: self._identity(provider, attempt), attempts))
        nonces = [identity.nonce for identity in identities]
        promise(nonces == [attempt.nonce for attempt in attempts], "concurrent log-ins got each other's answers")

    def test_check_says_what_is_wrong_in_sentences(self) -> None:
        """``check`` gives texts, and none where the set-up works."""
        with Opened(self) as provider:
            faults = list(provider.check())
        promise(faults == [], f"check() complains about a set-up that works: {faults}")

    def tampered(self, good: Answer, chance: random.Random) -> Iterator[tuple[str, Answer]]:
        """Answers that differ from a good one, each with a name; override to add your protocol's own tricks."""
        yield from mutations(good, chance)

    def _identity(self, provider: IdentityProvider, attempt: Attempt) -> VerifiedIdentity:
        begin = provider.begin(attempt)
        outcome = _outcome(provider, _remembering(attempt, begin), self.answer(attempt, begin))
        promise(isinstance(outcome, VerifiedIdentity), f"a good answer must give an identity, not {_kind(outcome)}")
        return outcome  # type: ignore[return-value]


def promise(kept: bool, broken: str) -> None:
    """Fail with the sentence that names the broken promise."""
    if not kept:
        raise AssertionError(broken)


class Opened:
    """A provider that is closed at the end, whatever the test finds."""

    def __init__(self, case: IdentityConformance) -> None:
        self._provider = case.open()

    def __enter__(self) -> IdentityProvider:
        return self._provider

    def __exit__(self, *_: object) -> None:
        self._provider.close()


def _outcome(
    provider: IdentityProvider, attempt: Attempt, answer: Answer
) -> VerifiedIdentity | AskFor | AskPasskey | Exception:
    """What finish did; another exception than a LoginError breaks the promise and is reported as that."""
    try:
        return provider.finish(attempt, answer)
    except LoginError as error:
        return error
    except Exception as error:
        raise AssertionError(f"finish() raised {type(error).__name__}: {error}; only LoginErrors may") from error


def _remembering(attempt: Attempt, begin: Begin) -> Attempt:
    return replace(attempt, memory=begin.memory)


def _sent_out(begin: Begin) -> str:
    if isinstance(begin, RedirectTo):
        return begin.url
    if isinstance(begin, PostTo):
        return begin.url + "".join(begin.fields.values())
    return begin.options if isinstance(begin, AskPasskey) else begin.hint


def _kind(outcome: Any) -> str:
    return f"{type(outcome).__name__} ({outcome})" if isinstance(outcome, Exception) else type(outcome).__name__


def parameters(url: str) -> Mapping[str, str]:
    """The query parameters of a URL as single values, for subclasses that read where a browser was sent."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
