"""The log-in itself: begin with a provider, take its answer once, trust nothing that was not checked.

A *visit* is one browser on its way from an app's request to a decision; it may hold several attempts, each good once.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum

from fhir_facade.contracts.errors import ClaimsError, IdentityUnavailable, LoginDenied, LoginError, LoginRejected
from fhir_facade.contracts.identity import (
    Answer,
    AskFor,
    AskPasskey,
    Assurance,
    Attempt,
    Begin,
    HasLogout,
    VerifiedIdentity,
)
from fhir_facade.login.distrust import allowed_headers, fault_of
from fhir_facade.login.keys import LoginKeys, fresh_token, hashed
from fhir_facade.login.linking import Linker, LinkOutcome, Person, facts_of
from fhir_facade.login.ports import LoginChoice, LoginEvent, Record
from fhir_facade.store.logins import AttemptRow, Logins, VisitRow

logger = logging.getLogger(__name__)

VISIT_S = 1800
ATTEMPT_S = 600
DENIALS = 5


class Stop(StrEnum):
    """Why a log-in ended without a member; each has its own page."""

    EXPIRED = "expired"
    DENIED = "denied"
    LOCKED = "locked"
    REJECTED = "rejected"
    UNAVAILABLE = "unavailable"
    WEAK = "weak"
    NONE = "none"
    MANY = "many"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Begun:
    """The browser goes on with ``begin``.

    ``state`` is the attempt's, carried by the facade's own forms; ``denied`` says that the answer before was refused.
    """

    begin: Begin
    state: str
    provider: str
    denied: bool = False


@dataclass(frozen=True, slots=True)
class Linked:
    """The log-in ended in exactly one member, or in one representative with a choice of members."""

    people: tuple[Person, ...]


@dataclass(frozen=True, slots=True)
class Stopped:
    """The log-in ended without a member."""

    why: Stop
    provider: str = ""
    retry_after_s: int = 30


Step = Begun | Linked | Stopped


@dataclass(frozen=True, slots=True)
class Browser:
    """What of the browser's request a provider may see."""

    language: str = "en"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


def _seconds() -> int:
    return int(datetime.now(UTC).timestamp())


class LoginFlow:
    """Begins and finishes attempts.

    Args:
        choices: the configured log-in systems in the order in which the member sees them.
        logins: where attempts and visits are kept.
        keys: secrets of the log-in.
        linker: finds the member.
        callback_url: absolute URL to which every provider sends the browser back.
        minimum: the least assurance any log-in must reach.
        record: writes the audit line of each outcome.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        choices: Sequence[LoginChoice],
        logins: Logins,
        keys: LoginKeys,
        linker: Linker,
        callback_url: str,
        minimum: Assurance,
        record: Record,
        clock: Callable[[], int] = _seconds,
    ) -> None:
        self.choices = tuple(choices)
        self._logins = logins
        self._keys = keys
        self._linker = linker
        self._callback_url = callback_url
        self._minimum = minimum
        self._record = record
        self._clock = clock

    def now(self) -> int:
        """Seconds since 1970."""
        return self._clock()

    def open(self, visit_id: str) -> VisitRow | None:
        """The visit, begun if it is new; None when it expired."""
        now = self.now()
        self._logins.open_visit(visit_id, now + VISIT_S)
        return self._logins.visit(visit_id, now)

    def known(self, visit_id: str) -> VisitRow | None:
        """The visit, if it was begun and has not expired."""
        return self._logins.visit(visit_id, self.now())

    def logout_url(self, provider: str, back_to: str) -> str | None:
        """Where the person logs out of that log-in system; None where it offers that not, or not now."""
        choice = self._choice(provider)
        if choice is None or not isinstance(choice.provider, HasLogout):
            return None
        try:
            return choice.provider.logout_url(back_to)
        except LoginError:
            return None

    def begin(self, visit_id: str, provider: str, browser: Browser) -> Step:
        """Start an attempt with the provider of that name."""
        choice = self._choice(provider)
        visit = self.open(visit_id)
        if choice is None or visit is None or visit.decided_at is not None:
            return Stopped(Stop.EXPIRED)
        if visit.denials >= DENIALS:
            return Stopped(Stop.LOCKED, provider)
        attempt = self._attempt(fresh_token(), browser, choice, {})
        try:
            begin = choice.provider.begin(attempt)
        except IdentityUnavailable as error:
            return self._stop(Stop.UNAVAILABLE, visit_id, provider, str(error), error.retry_after_s)
        except LoginDenied as error:
            return self._stop(Stop.DENIED, visit_id, provider, str(error))
        except LoginRejected as error:
            return self._stop(Stop.REJECTED, visit_id, provider, str(error))
        return self._begun(visit_id, provider, attempt, begin)

    def visit_of(self, state: str) -> str | None:
        """The visit an attempt belongs to, while it may still be taken."""
        return self._logins.visit_of(hashed(state), self.now())

    def finish(self, visit_id: str, state: str, answer: Answer, browser: Browser) -> Step:
        """Take the attempt once and judge the provider's answer."""
        row = self._logins.take_attempt(hashed(state), visit_id, self.now())
        choice = self._choice(row.provider) if row else None
        memory = self._keys.unseal(row.memory, f"memory {row.attempt_id}") if row else None
        if row is None or choice is None or memory is None:
            return self._stop(Stop.EXPIRED, visit_id, "", "the attempt is unknown, over, or was used already")
        attempt = self._attempt(row.attempt_id, browser, choice, json.loads(memory))
        parked = self._keys.unseal(row.answer, f"answer {row.state_hash}") if row.answer else None
        answer = Answer(**json.loads(parked)) if parked else answer
        answer = replace(answer, headers=allowed_headers(answer.headers, choice))
        return self._judge(visit_id, row, choice, attempt, answer, browser)

    def park(self, state: str, answer: Answer) -> bool:
        """Keep an answer that another site posted without the browser's cookie; the browser then asks again itself."""
        sealed = self._keys.seal(json.dumps(asdict(answer)), f"answer {hashed(state)}")
        return self._logins.park_answer(hashed(state), sealed, self.now())

    def _judge(
        self, visit_id: str, row: AttemptRow, choice: LoginChoice, attempt: Attempt, answer: Answer, browser: Browser
    ) -> Step:
        try:
            verified = choice.provider.finish(attempt, answer)
        except LoginDenied as error:
            return self._denied(visit_id, row, str(error), browser)
        except LoginRejected as error:
            return self._stop(Stop.REJECTED, visit_id, choice.name, str(error))
        except IdentityUnavailable as error:
            return self._stop(Stop.UNAVAILABLE, visit_id, choice.name, str(error), error.retry_after_s)
        except Exception as error:  # a plugin's fault must not log anyone in, nor show a stack to a member
            logger.exception("log-in provider %s failed", choice.name)
            return self._stop(Stop.REJECTED, visit_id, choice.name, f"the plugin raised {type(error).__name__}")
        if isinstance(verified, AskFor | AskPasskey):
            next_attempt = self._attempt(fresh_token(), browser, choice, {})
            return self._begun(visit_id, choice.name, next_attempt, verified)
        fault = fault_of(verified, attempt, self.now())
        if fault:
            return self._stop(Stop.REJECTED, visit_id, choice.name, fault)
        return self._link(visit_id, choice.name, verified)

    def _link(self, visit_id: str, provider: str, identity: VerifiedIdentity) -> Step:
        level = identity.assurance
        if level.ial < self._minimum.ial or level.aal < self._minimum.aal:
            return self._stop(Stop.WEAK, visit_id, provider, f"IAL {level.ial}, AAL {level.aal}")
        try:
            result = self._linker.link(identity, provider, self.now())
        except ClaimsError as error:
            return self._stop(
                Stop.UNAVAILABLE, visit_id, provider, f"members cannot be looked up: {type(error).__name__}"
            )
        if result.outcome is not LinkOutcome.ONE:
            return self._stop(Stop(result.outcome.value), visit_id, provider, result.detail)
        only = result.people[0] if len(result.people) == 1 else None
        self._record(
            LoginEvent(
                outcome="one",
                provider=provider,
                visit=visit_id,
                user=result.people[0].user,
                patient=only.patient if only else None,
                facts=facts_of(identity, result),
            )
        )
        self._logins.identify(
            visit_id,
            provider=provider,
            account=result.account,
            choices=json.dumps([[person.user, person.patient] for person in result.people]),
            chosen_user=only.user if only else None,
            chosen_patient=only.patient if only else None,
            authenticated_at=int(identity.authenticated_at.timestamp()),
            ial=level.ial,
            aal=level.aal,
            acr=level.acr[:256],
        )
        return Linked(result.people)

    def _denied(self, visit_id: str, row: AttemptRow, reason: str, browser: Browser) -> Step:
        denials = self._logins.count_denial(visit_id)
        stopped = self._stop(Stop.DENIED, visit_id, row.provider, reason)
        if denials >= DENIALS:
            return self._stop(Stop.LOCKED, visit_id, row.provider, f"{denials} refused log-ins in one visit")
        if not row.form:
            return stopped
        again = self.begin(visit_id, row.provider, browser)
        return Begun(again.begin, again.state, again.provider, denied=True) if isinstance(again, Begun) else again

    def _stop(self, why: Stop, visit_id: str, provider: str, detail: str, retry_after_s: int = 30) -> Stopped:
        self._record(LoginEvent(outcome=why.value, provider=provider, visit=visit_id, detail=detail))
        return Stopped(why, provider, retry_after_s)

    def _choice(self, name: str) -> LoginChoice | None:
        return next((choice for choice in self.choices if choice.name == name), None)

    def _attempt(self, attempt_id: str, browser: Browser, choice: LoginChoice, memory: Mapping[str, str]) -> Attempt:
        return Attempt(
            attempt_id=attempt_id,
            state=self._keys.derive("state", attempt_id),
            nonce=self._keys.derive("nonce", attempt_id),
            code_verifier=self._keys.derive("verifier", attempt_id),
            callback_url=self._callback_url,
            language=browser.language,
            method=browser.method,
            headers=allowed_headers(browser.headers, choice),
            memory=memory,
        )

    def _begun(self, visit_id: str, provider: str, attempt: Attempt, begin: Begin) -> Begun:
        self._logins.save_attempt(
            AttemptRow(
                state_hash=hashed(attempt.state),
                attempt_id=attempt.attempt_id,
                visit_id=visit_id,
                provider=provider,
                form=isinstance(begin, AskFor | AskPasskey),
                memory=self._keys.seal(json.dumps(dict(begin.memory)), f"memory {attempt.attempt_id}"),
                answer=None,
                expires_at=self.now() + ATTEMPT_S,
            )
        )
        return Begun(begin, attempt.state, provider)
