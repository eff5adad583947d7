"""A log-in on the operator's terminal: the evidence it brings, masked, and which member it finds. Nothing is issued."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, urlsplit

from fhir_facade.app.linking import linker_of
from fhir_facade.app.parts import Parts
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.identity import Answer, AskFor, AskPasskey, Attempt, Begin, RedirectTo, VerifiedIdentity
from fhir_facade.login.linking import LinkResult

Ask = Callable[[str, bool], str]
"""Asks the operator for one line; true hides what is typed."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What a log-in brought: issuer, subject and evidence masked, levels, and how it would end.

    ``outcome`` is ``one``, ``none``, ``many``, ``blocked`` or ``weak``; ``matched_by`` names kinds of evidence.
    """

    issuer: str
    subject: str
    evidence: Mapping[str, str]
    ial: int
    aal: int
    acr: str
    proofing: str
    outcome: str
    matched_by: str
    detail: str


def masked(value: str) -> str:
    """The last two characters, and how long it is."""
    return f"{'•' * max(0, len(value) - 2)}{value[-2:]}" if len(value) > 4 else "•" * len(value)


def try_log_in(parts: Parts, provider: str, ask: Ask, tell: Callable[[str], None]) -> Trial:
    """Walk one log-in.

    Args:
        parts: the opened config.
        provider: name of the log-in.
        ask: asks the operator.
        tell: tells the operator where to go.

    Raises:
        ConfigError: there is no such log-in, or it cannot be walked on a terminal.
        LoginError: the log-in was refused, rejected, or cannot be reached.
    """
    if provider not in parts.providers:
        raise ConfigError([f"no log-in {provider}; the config has {', '.join(parts.providers)}"])
    log_in, attempt = parts.providers[provider], _attempt(parts.settings.server.public_base)
    step: Begin | VerifiedIdentity = log_in.begin(attempt)
    while not isinstance(step, VerifiedIdentity):
        attempt = replace(attempt, memory=step.memory)
        step = log_in.finish(attempt, _answer(step, ask, tell))
    if step.nonce != attempt.nonce:
        raise ConfigError([f"{provider}: the plugin gave an identity of another attempt; report it to its author"])
    return _trial(parts, step)


def _answer(step: Begin, ask: Ask, tell: Callable[[str], None]) -> Answer:
    if isinstance(step, AskFor):
        tell(step.hint.format_map(step.values) if step.values else step.hint)
        typed = {one.name: ask(one.label, one.secret) for one in step.fields if one.required}
        return Answer(parameters=typed, method="POST")
    if isinstance(step, RedirectTo):
        tell(f"Open this address in a browser and log in:\n\n{step.url}\n")
        came = ask("The browser ends on a page of the facade that says it is no longer valid; paste its address", False)
        return Answer(parameters=dict(parse_qsl(urlsplit(came.strip()).query)))
    kind = "a passkey" if isinstance(step, AskPasskey) else "a form that another site posts"
    raise ConfigError([f"this log-in needs {kind}: walk it in a browser"])


def _attempt(public_base: str) -> Attempt:
    state, nonce, verifier, name = (secrets.token_urlsafe(32) for _ in range(4))
    return Attempt(
        attempt_id=name, state=state, nonce=nonce, code_verifier=verifier, callback_url=f"{public_base}/login/callback"
    )


def _outcome(parts: Parts, identity: VerifiedIdentity, found: LinkResult) -> str:
    level, least = identity.assurance, parts.settings.oauth
    return "weak" if level.ial < least.minimum_ial or level.aal < least.minimum_aal else found.outcome.value


def _trial(parts: Parts, identity: VerifiedIdentity) -> Trial:
    found = linker_of(parts).preview(identity)
    return Trial(
        issuer=identity.issuer,
        subject=masked(identity.subject),
        evidence={kind: masked(value) for kind, value in identity.evidence.items()},
        ial=identity.assurance.ial,
        aal=identity.assurance.aal,
        acr=identity.assurance.acr,
        proofing=identity.proofing,
        outcome=_outcome(parts, identity, found),
        matched_by=found.matched,
        detail=found.detail,
    )
