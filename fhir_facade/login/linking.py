"""From a verified identity to exactly one member, or to a plain reason why not.

Only unique identifiers match, or combinations that the operator configured; a name alone matches nobody. Four
outcomes: one, none, many, blocked. Only *one* goes on, and only it writes a link.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from fhir_facade.contracts.identity import VerifiedIdentity
from fhir_facade.login.identifiers import IdentifierHash, normal
from fhir_facade.login.ports import People
from fhir_facade.store.logins import LinkRow, Logins

DEMOGRAPHIC = frozenset(
    {
        "birth-date",
        "family",
        "given",
        "middle",
        "name",
        "postal-code",
        "city",
        "state",
        "street",
        "gender",
        "email",
        "phone",
    }
)
"""Kinds of evidence that many people share: never a key by themselves."""


class LinkOutcome(StrEnum):
    """How looking for the member ended."""

    ONE = "one"
    NONE = "none"
    MANY = "many"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Person:
    """For whom one may choose: ``user`` is who logged in (a reference), ``patient`` whose data it is (a Patient id)."""

    user: str
    patient: str

    @property
    def represents(self) -> bool:
        """Whether this is acting for somebody else."""
        return self.user.startswith("RelatedPerson/")


@dataclass(frozen=True, slots=True)
class LinkResult:
    """What was found; ``people`` is filled for *one* alone: the member, and those the person may act for."""

    outcome: LinkOutcome
    account: str
    people: tuple[Person, ...] = ()
    detail: str = ""


def keys_of(evidence: Mapping[str, str], combinations: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """What to match with, best first: all unique identifiers together, else each configured combination.

    A combination such as ``("birth-date", "family", "postal-code")`` becomes one key of the kind
    ``birth-date+family+postal-code``, which the claims source must carry as a match key.
    """
    unique = {kind: value for kind, value in evidence.items() if kind not in DEMOGRAPHIC and value.strip()}
    if unique:
        return [unique]
    complete = [kinds for kinds in combinations if all(evidence.get(kind, "").strip() for kind in kinds)]
    return [{"+".join(kinds): "+".join(normal(evidence[kind]) for kind in kinds)} for kinds in complete]


class Linker:
    """Finds the member a verified identity belongs to.

    Args:
        people: where members are looked up.
        logins: where links are kept.
        hashing: makes account and identifier hashes.
        combinations: configured deterministic combinations of demographic kinds.
    """

    def __init__(
        self, people: People, logins: Logins, hashing: IdentifierHash, combinations: Sequence[Sequence[str]] = ()
    ) -> None:
        self._people = people
        self._logins = logins
        self._hashing = hashing
        self._combinations = combinations

    def link(self, identity: VerifiedIdentity, provider: str, now: int) -> LinkResult:
        """The outcome; a link is written for *one* alone.

        Raises:
            ClaimsUnavailable: the claims source cannot answer now.
        """
        known = self._hashing.all("account", f"{identity.issuer}\x1f{identity.subject}")
        account = known[0]
        for older in known[1:]:
            self._logins.rename_account(older, account)
        keys = keys_of(identity.evidence, self._combinations)
        if not keys:
            return LinkResult(LinkOutcome.NONE, account, detail="the log-in brought no usable identifier")
        used, found = self._first_match(keys)
        result = self._judge(account, found)
        if result.outcome is LinkOutcome.ONE:
            evidence = self._hashing("evidence", "\x1f".join(f"{kind}={used[kind]}" for kind in sorted(used)))
            for reference in found:
                self._logins.link(
                    LinkRow(account=account, reference=reference, provider=provider, evidence=evidence, verified_at=now)
                )
        return result

    def _first_match(self, keys: Sequence[dict[str, str]]) -> tuple[dict[str, str], tuple[str, ...]]:
        for key in keys:
            found = tuple(dict.fromkeys(self._people.match(key)))
            if found:
                return key, found
        return {}, ()

    def _judge(self, account: str, found: tuple[str, ...]) -> LinkResult:
        members = [reference for reference in found if reference.startswith("Patient/")]
        if len(members) > 1:
            return LinkResult(LinkOutcome.MANY, account, detail=f"{len(members)} members carry the identifier")
        if not found:
            return LinkResult(LinkOutcome.NONE, account, detail="no member carries the identifier")
        if self._logins.blocked(found):
            return LinkResult(LinkOutcome.BLOCKED, account, detail="an operator blocked log-ins to this member")
        if members and not self._may_move(account, members[0]):
            return LinkResult(
                LinkOutcome.BLOCKED, account, detail="the account belonged to another member, who still exists"
            )
        people = self._choices(found)
        if not people:
            return LinkResult(LinkOutcome.NONE, account, detail="the representative may act for nobody today")
        return LinkResult(LinkOutcome.ONE, account, people)

    def _choices(self, found: Sequence[str]) -> tuple[Person, ...]:
        own = [
            Person(reference, reference.partition("/")[2]) for reference in found if reference.startswith("Patient/")
        ]
        acting = [
            Person(reference, patient)
            for reference in found
            if reference.startswith("RelatedPerson/")
            for patient in self._people.represented(reference)
        ]
        known = {person.patient for person in own}
        return tuple(own + [person for person in acting if person.patient not in known])

    def _may_move(self, account: str, member: str) -> bool:
        """An account may move to another member only when the former one is gone (merged or removed at the source)."""
        former = [
            link.reference
            for link in self._logins.links(account)
            if link.reference.startswith("Patient/") and link.reference != member
        ]
        for reference in former:
            if self._people.name(reference.partition("/")[2]) is not None:
                return False
            self._logins.unlink(account, reference)
        return True
