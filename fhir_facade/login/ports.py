"""What the log-in needs of other rooms: the members, the app's request that is being decided, and the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from fhir_facade.access.scopes import Scopes
from fhir_facade.contracts.identity import IdentityProvider, ReadsHeaders


@dataclass(frozen=True, slots=True)
class LoginChoice:
    """One configured log-in system.

    ``name`` is as in the config, ``label`` as the member reads it; ``headers`` are those of the request that the plugin
    may see, in lower case.
    """

    name: str
    label: str
    provider: IdentityProvider
    headers: frozenset[str] = frozenset()


WITHHELD_HEADERS = frozenset({"cookie", "authorization", "proxy-authorization"})
"""Headers that no plugin may see, whatever it asks for."""


def login_choice(name: str, label: str, provider: IdentityProvider) -> LoginChoice:
    """The configured log-in system with the headers that its plugin names."""
    wanted = provider.headers if isinstance(provider, ReadsHeaders) else ()
    return LoginChoice(name, label or name, provider, frozenset(map(str.lower, wanted)) - WITHHELD_HEADERS)


class People(Protocol):
    """Members and representatives, as far as linking a log-in to them goes.

    Raises (all methods):
        ClaimsUnavailable: the claims source cannot answer now.
    """

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """References whose match keys equal the unique identifiers in ``evidence``."""
        ...

    def represented(self, representative: str) -> Sequence[str]:
        """Patient ids for whom the ``RelatedPerson/…`` may act today."""
        ...

    def age(self, patient: str) -> int | None:
        """The member's age in years; None where it is not known."""
        ...

    def stands(self, patient: str) -> bool:
        """Whether there is such a member, whose record was not merged into another."""
        ...

    def name(self, patient: str) -> str | None:
        """The member's name as a page shows it; None when there is no such member."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AppCard:
    """An app as the consent page introduces it; absent texts are empty.

    ``attested`` says whether it answered the privacy questions of the CARIN code of conduct.
    """

    app_id: str
    name: str
    website: str = ""
    privacy_url: str = ""
    terms_url: str = ""
    support: str = ""
    attested: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRequest:
    """What an app asks for, validated by the authorization endpoint and waiting for the member's decision.

    ``scopes`` is the most the app may get; ``once`` says that it may not come back; ``ends`` is the last instant of the
    grant, absent where only the member or the operator ends it. ``returns_to`` is the app's own address.
    """

    authorization_id: str
    app: AppCard
    scopes: Scopes
    once: bool
    ends: datetime | None
    returns_to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The member's yes.

    ``patient`` is the ``Patient.id`` whose data it is, ``user`` the reference of who said so, ``withheld`` the security
    labels that stay hidden from the app; the rest says how the person logged in.
    """

    patient: str
    user: str
    scopes: Scopes
    withheld: frozenset[str]
    authenticated_at: datetime
    acr: str = ""
    ial: int = 0
    aal: int = 0


class AppRequests(Protocol):
    """The requests of apps that wait for a decision."""

    def waiting(self, authorization_id: str, browser: str | None) -> AppRequest | None:
        """The request, if it waits and ``browser`` (the value of the binding cookie) is the one that started it."""
        ...

    def allow(self, request: AppRequest, decision: Decision) -> str:
        """Record the yes; the app's redirect URL with its code."""
        ...

    def refuse(self, request: AppRequest) -> str:
        """Record the no; the app's redirect URL with ``error=access_denied``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginEvent:
    """One line for the audit trail: no identifier, no evidence value, no answer of the log-in system.

    ``outcome`` is a stable word; ``patient`` and ``user`` are the facade's own ids, where a link was made.
    """

    outcome: str
    provider: str
    visit: str
    detail: str = ""
    patient: str | None = None
    user: str | None = None
    app_id: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


Record = Callable[[LoginEvent], None]
"""Writes one event; raises when it cannot, and then nothing happens for the member either."""
