"""Who somebody is: an account, a session, how a log-in ended, and what may be typed about a person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from fhir_facade.registry.faults import Fault

Role = Literal["developer", "reviewer", "operator", "auditor"]
STAFF: tuple[Role, ...] = ("reviewer", "operator", "auditor")

PAGES: Mapping[str, tuple[str, ...]] = {
    "reviewer": ("review",),
    "operator": ("review", "sources", "log-ins", "keys"),
    "auditor": ("review", "sources", "log-ins", "keys", "audit"),
}
"""Role → the staff pages it sees."""

ACTS: Mapping[str, tuple[str, ...]] = {"review": ("reviewer", "operator"), "keys": ("operator",), "audit": ("auditor",)}
"""Page → the roles that may do something there; others only look."""

_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as the other parts know it."""

    account_id: str
    email: str
    name: str
    organization: str
    role: str
    language: str
    second_factor: bool

    @property
    def pages(self) -> tuple[str, ...]:
        """The staff pages it sees."""
        return PAGES.get(self.role, ())

    def acts(self, page: str) -> bool:
        """Whether it may do something on a staff page."""
        return self.role in ACTS.get(page, ())

    @property
    def staff(self) -> bool:
        """Whether it works for the agency."""
        return self.role in STAFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A session: the account, whether a one-time code was given, and the name of the session in the store."""

    account: Account
    proven: bool
    session: str

    @property
    def complete(self) -> bool:
        """Whether nothing more has to be proven; staff always need a second factor."""
        return self.proven or not (self.account.second_factor or self.account.staff)


class LogIn(StrEnum):
    """How a log-in ended, as the last part of its message's key."""

    IN = "in"
    WRONG = "wrong"
    LOCKED = "locked"
    UNVERIFIED = "unverified"
    ELSEWHERE = "elsewhere"
    """Staff who have a log-in system of their own."""


def faults_of_person(email: str, name: str, organization: str) -> list[Fault]:
    """What is wrong with who somebody says they are."""
    faults = []
    if len(email) > 254 or _EMAIL.fullmatch(email.strip()) is None or ".." in email:
        faults.append(Fault("email", "fault.email"))
    for field, text in (("name", name), ("organization", organization)):
        if not 1 <= len(text.strip()) <= 200 or not text.strip().isprintable():
            faults.append(Fault(field, f"fault.{field}"))
    return faults
