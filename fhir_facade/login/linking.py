"""From a verified identity to exactly one member, or to a plain reason why not.

Only unique identifiers match, or combinations that the operator configured; a name alone matches nobody. Four
outcomes: one, none, many, blocked. Only *one* goes on, and only it writes a link.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from fhir_facade.contracts.evidence import SHARED, combined
from fhir_facade.contracts.identity import VerifiedIdentity
from fhir_facade.login.identifiers import IdentifierHash
from fhir_facade.login.ports import People
from fhir_facade.store.logins import IN_DOUBT, LinkRow, Logins


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
    """What was found; ``people`` is filled for *one* alone: the member, and those the person may act for.

    ``matched`` names the kinds of evidence that led there; ``changed`` says that their values differ from last time.
    """

    outcome: LinkOutcome
    account: str
    people: tuple[Person, ...] = ()
    detail: str = ""
    matched: str = ""
    changed: bool = False


def facts_of(identity: VerifiedIdentity, result: LinkResult) -> dict[str, str]:
    """What the audit line says of a log-in that found its member: how sure it is and what led there, no values."""
    level = identity.assurance
    return {
        "ial": str(level.ial),
        "aal": str(level.aal),
        "acr": level.acr,
        "proofing": identity.proofing,
        "matched": result.matched,
        "identifier": "changed" if result.changed else "",
    }


def keys_of(evidence: Mapping[str, str], combinations: Sequence[Sequence[str]]) -> list[dict[str, str]]:
    """What to match with, best first: all unique identifiers together, else each configured combination.

    A combination such as ``("birth-date", "family", "ssn-last4")`` becomes one key of the kind
    ``birth-date+family+ssn-last4``. A kind that is named in a combination counts in it alone, unless it is also
    configured by itself.
    """
    together = [kinds for kinds in combinations if len(kinds) > 1]
    not_alone = SHARED | {kind for kinds in together for kind in kinds}
    not_alone -= {kinds[0] for kinds in combinations if len(kinds) == 1} - SHARED
    unique = {kind: value for kind, value in evidence.items() if kind not in not_alone and value.strip()}
    if unique:
        return [unique]
    return [{key[0]: key[1]} for kinds in together if (key := combined(kinds, evidence))]


class Linker:
    """Finds the member a verified identity belongs to.

    Every log-in verifies the account's link anew. A link that an account's own log-in no longer leads to is in doubt
    until another log-in proves it.

    Args:
        people: where members are looked up.
        logins: where links are kept.
        hashing: makes account and identifier hashes.
        combinations: configured deterministic combinations of demographic kinds.
        gone: told the reference of a member who exists no longer, when an account moves away from it.
    """

    def __init__(
        self,
        people: People,
        logins: Logins,
        hashing: IdentifierHash,
        combinations: Sequence[Sequence[str]] = (),
        gone: Callable[[str], object] = lambda reference: None,
    ) -> None:
        self._people = people
        self._logins = logins
        self._hashing = hashing
        self._combinations = combinations
        self._gone = gone

    def link(self, identity: VerifiedIdentity, provider: str, now: int) -> LinkResult:
        """The outcome; a link is written for *one* alone.

        Raises:
            ClaimsUnavailable: the claims source cannot answer now.
        """
        account, *older = self._accounts(identity)
        for former in older:
            self._logins.rename_account(former, account)
        used, found = self._first_match(keys_of(identity.evidence, self._combinations))
        known = self._logins.links(account)
        result = self._judge(account, known, used, found)
        lost = [link for link in known if link.reference not in found]
        if result.outcome is not LinkOutcome.ONE:
            self._doubt(lost)
            return result
        self._leave(lost)
        proved = self._hashing.all("evidence", "\x1f".join(f"{kind}={used[kind]}" for kind in sorted(used)))
        for reference in found:
            self._logins.link(
                LinkRow(account=account, reference=reference, provider=provider, evidence=proved[0], verified_at=now)
            )
        return replace(result, changed=any(link.reference in found and link.evidence not in proved for link in known))

    def preview(self, identity: VerifiedIdentity) -> LinkResult:
        """The outcome that ``link`` would have now; nothing is written.

        Raises:
            ClaimsUnavailable: the claims source cannot answer now.
        """
        accounts = self._accounts(identity)
        known = [link for account in accounts for link in self._logins.links(account)]
        return self._judge(accounts[0], known, *self._first_match(keys_of(identity.evidence, self._combinations)))

    def _accounts(self, identity: VerifiedIdentity) -> Sequence[str]:
        """The account's hashes, that under the current key first."""
        return self._hashing.all("account", f"{identity.issuer}\x1f{identity.subject}")

    def _doubt(self, lost: Sequence[LinkRow]) -> None:
        for link in lost:
            self._logins.link(replace(link, verified_at=IN_DOUBT))

    def _leave(self, lost: Sequence[LinkRow]) -> None:
        """The account is its new member's alone; a member it moved away from is gone at the source."""
        for link in lost:
            self._logins.unlink(link.account, link.reference)
            if link.reference.startswith("Patient/"):
                self._gone(link.reference)

    def _first_match(self, keys: Sequence[dict[str, str]]) -> tuple[dict[str, str], tuple[str, ...]]:
        """What was matched with, and whom it found; the last that was tried where nobody was found."""
        for key in keys:
            found = tuple(dict.fromkeys(self._people.match(key)))
            if found:
                return key, found
        return (keys[-1] if keys else {}), ()

    def _judge(
        self, account: str, known: Sequence[LinkRow], used: Mapping[str, str], found: tuple[str, ...]
    ) -> LinkResult:
        by, members = ",".join(sorted(used)), [one for one in found if one.startswith("Patient/")]

        def ended(outcome: LinkOutcome, detail: str) -> LinkResult:
            return LinkResult(outcome, account, detail=detail, matched=by)

        if not used:
            return ended(LinkOutcome.NONE, "the log-in brought no usable identifier")
        if not found:
            return ended(LinkOutcome.NONE, f"no member carries {by}")
        if len(members) > 1 or ("+" in by and len(found) - len(members) > 1):
            return ended(LinkOutcome.MANY, f"{len(found)} people carry {by}")
        if self._logins.blocked(found):
            return ended(LinkOutcome.BLOCKED, "an operator blocked log-ins to this member")
        if members and any(self._stands(link) for link in known if link.reference != members[0]):
            return ended(LinkOutcome.BLOCKED, "the account belonged to another member, who still exists")
        people = self._choices(found)
        if not people:
            return ended(LinkOutcome.NONE, "the representative may act for nobody today")
        return LinkResult(LinkOutcome.ONE, account, people, matched=by)

    def _stands(self, link: LinkRow) -> bool:
        """Whether the link leads to a member who was neither merged nor removed at the source."""
        kind, _, patient = link.reference.partition("/")
        return kind == "Patient" and self._people.stands(patient)

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
