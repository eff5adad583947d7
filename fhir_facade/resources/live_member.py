"""One member at a live source, during one request: every record checked before anything is made of it.

A source that ignores the member, breaks its order, or never ends a page is not believed: foreign records are dropped
and logged, anything that would make pages wrong is ``ClaimsInvalid``. All of it runs in the one thread that a request
has at its source.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import chain
from typing import Any, Protocol, TypeVar

from fhir_facade.contracts.claims import (
    ClaimPage,
    ClaimQuery,
    FindsCoveredMember,
    LiveSource,
    MemberRecords,
    Providers,
)
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade.contracts.people import Coverage, Member, Organization, Practitioner, Representative
from fhir_facade.contracts.records import Claim, PartyKind
from fhir_facade.contracts.whole_pages import FindsMemberPage, MemberPage
from fhir_facade.resources.asking import Deadline, records_of

_LOG = logging.getLogger(__name__)

_PAGE = 100
_FURTHER = 4
"""A search that goes on asks for this many times more with each further question."""

_PROVIDERS = 500


class OfMember(Protocol):
    """A record that says whose it is."""

    @property
    def member_id(self) -> str:
        """The source's id of the member."""
        ...


R = TypeVar("R", bound=OfMember)


class LiveMember:
    """What a source says about one member.

    Args:
        name: of the source.
        source: the source.
        deadline: of the request.
        member_id: the source's id of the member.
    """

    def __init__(self, name: str, source: LiveSource, deadline: Deadline, member_id: str) -> None:
        self._name = name
        self._source = source
        self._deadline = deadline
        self._known: dict[str, Any] = {}
        self._first: tuple[ClaimQuery, ClaimPage] | None = None
        self._given = Providers()
        self.member_id = member_id

    @property
    def member(self) -> Member | None:
        """The member's own record."""
        self._ask_for_both()
        return next(iter(self._once("member", lambda: _some(self._source.member(self.member_id)), Member)), None)

    @property
    def coverages(self) -> Sequence[Coverage]:
        """All cover."""
        self._ask_for_both()
        return self._once("coverages", lambda: self._source.coverages(self.member_id), Coverage)

    @property
    def representatives(self) -> Sequence[Representative]:
        """Those who may act for the member."""
        return self._once("representatives", lambda: self._source.representatives(self.member_id), Representative)

    def _ask_for_both(self) -> None:
        """Member and cover by one question, where the source can."""
        source = self._source
        if "member" in self._known or not isinstance(source, FindsCoveredMember):
            return
        self._keep(self._one(lambda: source.covered_member(self.member_id), MemberRecords))

    def _keep(self, found: MemberRecords | None) -> None:
        self._known["member"] = [] if found is None else self._own(self._many(lambda: (found.member,), Member))
        self._known["coverages"] = [] if found is None else self._own(self._many(lambda: found.coverages, Coverage))

    def expect(self, query: ClaimQuery) -> None:
        """Ask at once for everything on the page that ``claims`` is asked for next, where the source can."""
        source = self._source
        if self._known or not isinstance(source, FindsMemberPage):
            return
        asked = _clamped(query)
        page = self._one(lambda: source.member_page(asked), MemberPage)
        if page is None:
            self._keep(None)
            return
        (found,) = self._many(lambda: (page.records,), MemberRecords)
        self._keep(found)
        self._first = asked, ClaimPage(claims=found.claims, more=page.more)
        self._given = Providers(organizations=found.organizations, practitioners=found.practitioners)

    def _once(self, name: str, question: Callable[[], Iterable[object]], kind: type[R]) -> Sequence[R]:
        """The member's own records of a kind, asked for once.

        Not a ``cached_property``: before Python 3.12 that locks out every other request, for as long as a source hangs.
        """
        if name not in self._known:
            self._known[name] = self._own(self._many(question, kind))
        found: Sequence[R] = self._known[name]
        return found

    def claim(self, claim_id: str) -> Claim | None:
        """One claim."""
        found = self._one(lambda: self._source.claim(self.member_id, claim_id), Claim)
        if found is None or not self._own([found]) or found.claim_id != claim_id:
            return None
        return found

    def claims(self, query: ClaimQuery) -> Iterator[Sequence[Claim]]:
        """Claims after ``query.after``, page by page, newest service first; ``query.count`` in the first page.

        Raises:
            ClaimsInvalid: a page is too long or empty before the end, breaks the order or repeats a claim.
        """
        last = (date.max, "") if query.after is None else query.after
        query = _clamped(query)
        while True:
            page = self._asked(query)
            claims = self._page(page, query.count)
            for claim in claims:
                place = (claim.service_start, claim.claim_id)
                if place[0] > last[0] or (place[0] == last[0] and place[1] <= last[1]):
                    raise ClaimsInvalid("unordered", f"source {self._name} gave claims out of order")
                last = place
            yield self._own(claims)
            if page is None or not page.more:
                return
            if not claims:
                raise ClaimsInvalid("stuck", f"source {self._name} says that more follows but does not go on")
            query = replace(query, after=last, count=min(query.count * _FURTHER, _PAGE))

    def _asked(self, query: ClaimQuery) -> ClaimPage | None:
        first, self._first = self._first, None
        if first is not None and first[0] == query:
            return first[1]
        return self._one(lambda: self._source.search(query), ClaimPage)

    def _page(self, page: ClaimPage | None, count: int) -> Sequence[Claim]:
        if page is None:
            return ()
        claims = self._many(lambda: page.claims, Claim)
        if len(claims) > count:
            raise ClaimsInvalid("too-many", f"source {self._name} gave {len(claims)} claims for {count}")
        return claims

    def records(self, claims: Sequence[Claim]) -> MemberRecords | None:
        """The member with these claims and everything they and the covers name; None for an unknown member.

        Representatives are asked for where there are no claims, or where one names a representative.
        """
        if self.member is None:
            return None
        payors = (cover.payor_id for cover in self.coverages)
        providers = self.providers(chain(payors, *(claim.named() for claim in claims)))
        acting = self.representatives if not claims or _name_representatives(claims) else ()
        return MemberRecords(
            member=self.member,
            coverages=tuple(self.coverages),
            claims=tuple(claims),
            organizations=providers.organizations,
            practitioners=providers.practitioners,
            representatives=tuple(acting),
        )

    def providers(self, ids: Iterable[str]) -> Providers:
        """The providers of these ids; what was not asked for is dropped."""
        wanted = sorted(set(ids))
        found = self._wanted(wanted, [self._given])
        there = {one.organization_id for one in found.organizations}
        if there.union(one.practitioner_id for one in found.practitioners).issuperset(wanted):
            return found
        starts = range(0, len(wanted), _PROVIDERS)
        return self._wanted(wanted, [one for start in starts if (one := self._ask(wanted[start : start + _PROVIDERS]))])

    def _ask(self, ids: Sequence[str]) -> Providers | None:
        return self._one(lambda: self._source.providers(ids), Providers)

    def _wanted(self, ids: Sequence[str], given: Sequence[Providers]) -> Providers:
        """Those of ``given`` that were asked for."""
        asked = set(ids)
        organizations = [one for some in given for one in self._many(lambda s=some: s.organizations, Organization)]  # type: ignore[misc]
        practitioners = [one for some in given for one in self._many(lambda s=some: s.practitioners, Practitioner)]  # type: ignore[misc]
        return Providers(
            organizations=tuple(one for one in organizations if one.organization_id in asked),
            practitioners=tuple(one for one in practitioners if one.practitioner_id in asked),
        )

    def _one(self, question: Callable[[], object], kind: type[T]) -> T | None:
        found = self._many(lambda: _some(question()), kind)
        return found[0] if found else None

    def _many(self, question: Callable[[], Iterable[object]], kind: type[T]) -> list[T]:
        if not self._deadline.left():
            raise ClaimsUnavailable(f"source {self._name} took too long")  # nobody waits for the answer any more
        return records_of(self._name, question, kind)

    def _own(self, records: Sequence[R]) -> list[R]:
        own = [record for record in records if record.member_id == self.member_id]
        if len(own) < len(records):
            count = len(records) - len(own)
            _LOG.error("source %s gave %d records of other members; they were dropped", self._name, count)
        return own


T = TypeVar("T")


def _clamped(query: ClaimQuery) -> ClaimQuery:
    return replace(query, count=min(max(query.count, 1), _PAGE))


def _some(found: object) -> tuple[object, ...]:
    return () if found is None else (found,)


def _name_representatives(claims: Sequence[Claim]) -> bool:
    parties = [claim.payee.party for claim in claims if claim.payee is not None and claim.payee.party is not None]
    return any(party.kind is PartyKind.REPRESENTATIVE for party in parties)
