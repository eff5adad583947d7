"""The sandbox's claims source: both faces over members that are made when asked for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise

from fhir_facade.contracts.claims import (
    Capabilities,
    Change,
    Checkpoint,
    ClaimPage,
    ClaimQuery,
    Face,
    NamedMember,
    Progress,
    Providers,
    Removed,
    RemovedKind,
)
from fhir_facade.contracts.people import Coverage, Member, Representative
from fhir_facade.contracts.records import Claim
from fhir_facade_claims_synthetic import network, numbers, stories
from fhir_facade_claims_synthetic.chart import Chart, make_chart
from fhir_facade_claims_synthetic.settings import World

_KEPT_CHARTS = 64
_STRETCH = 10
"""Members who are read at a time where several processes read."""
"""Charts kept in memory for live look-ups."""


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far an extract run got: in which world, and the index of the next member."""

    world: World
    following: int

    def text(self) -> str:
        """The watermark as the facade keeps it."""
        world = self.world
        return f"{world.seed}/{world.members}/{world.years}/{world.today.isoformat()}/{self.following}"

    @classmethod
    def parse(cls, text: str) -> Watermark | None:
        """The watermark of a text, or None where it is none."""
        try:
            seed, members, years, today, following = text.split("/")
            return cls(World(int(seed), int(members), int(years), date.fromisoformat(today)), int(following))
        except ValueError:
            return None


class SyntheticSource:
    """Invented members.

    Args:
        world: the population.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._chart = lru_cache(maxsize=_KEPT_CHARTS)(lambda index: make_chart(world, index))

    @property
    def capabilities(self) -> Capabilities:
        """Both faces; every run without a watermark is a snapshot."""
        return Capabilities(
            faces=frozenset({Face.LIVE, Face.EXTRACT}),
            snapshot=True,
            match_keys=("medicaid-id", "mbi", "person-id"),
        )

    def progress(self) -> Progress:
        """Members of the population."""
        return Progress(unit="members", total=self._world.members)

    def changes(self, watermark: str | None) -> Iterator[Change]:
        """Every member from the watermark on; with the watermark of a finished run of the same world, nothing.

        A watermark of another world starts over and removes what that world had and this one has not. A claim that was
        deleted is handed over before it is removed, as it happened: a copy that never saw it could not say it is gone.
        """
        reached = Watermark.parse(watermark) if watermark else None
        before = reached.world if reached and reached.world != self._world else None
        first = reached.following if reached and before is None else 0
        for index in range(first, self._world.members):
            yield from self._member_changes(index, before)
            yield Checkpoint(watermark=Watermark(self._world, index + 1).text())
        if before:
            yield from self._members_gone(before)
        yield Checkpoint(watermark=Watermark(self._world, self._world.members).text(), finished=True)

    def stretches(self, watermark: str | None) -> Sequence[str]:
        """Some members each; the last one also removes the members of another world who are gone."""
        reached = Watermark.parse(watermark) if watermark else None
        first = reached.following if reached and reached.world == self._world else 0
        bounds = [*range(first, self._world.members, _STRETCH), self._world.members]
        cuts = list(pairwise(bounds)) or [(first, self._world.members)]
        return [json.dumps([start, end, watermark]) for start, end in cuts]

    def read(self, stretch: str) -> Iterator[Change]:
        """The members of one stretch."""
        start, end, watermark = json.loads(stretch)
        reached = Watermark.parse(watermark) if watermark else None
        before = reached.world if reached and reached.world != self._world else None
        for index in range(start, end):
            yield from self._member_changes(index, before)
        last = end == self._world.members
        if last and before:
            yield from self._members_gone(before)
        yield Checkpoint(watermark=Watermark(self._world, end).text(), finished=last)

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """Members and representatives whose keys equal all the evidence that is known here."""
        known = {kind: value for kind, value in evidence.items() if kind in self.capabilities.match_keys}
        found = []
        for chart in (self._chart(index) for index in self._candidates(known)):
            if _holds(known, {key.kind: key.value for key in chart.member.match_keys}):
                found.append(chart.member.member_id)
            for each in chart.representatives:
                if _holds(known, {key.kind: key.value for key in each.match_keys}):
                    found.append(f"representative:{each.representative_id}")
        return found

    def member(self, member_id: str) -> Member | None:
        """The member, or None."""
        chart = self._chart_of(member_id)
        return chart.member if chart else None

    def coverages(self, member_id: str) -> Sequence[Coverage]:
        """All cover of the member, newest first."""
        chart = self._chart_of(member_id)
        return chart.coverages if chart else ()

    def representatives(self, member_id: str) -> Sequence[Representative]:
        """Those who may act for the member."""
        chart = self._chart_of(member_id)
        return chart.representatives if chart else ()

    def represented(self, representative_id: str) -> Sequence[str]:
        """The member whom the representative stands by."""
        index = numbers.index_of("r", representative_id)
        chart = self._chart_of(numbers.local_id("m", index)) if index is not None else None
        known = {each.representative_id for each in chart.representatives} if chart else set()
        return [chart.member.member_id] if chart and representative_id in known else []

    def claim(self, member_id: str, claim_id: str) -> Claim | None:
        """The claim if it is this member's."""
        chart = self._chart_of(member_id)
        claims = chart.claims if chart else ()
        return next((claim for claim in claims if claim.claim_id == claim_id), None)

    def search(self, query: ClaimQuery) -> ClaimPage:
        """One page of a member's claims."""
        chart = self._chart_of(query.member_id)
        wanted = [claim for claim in (chart.claims if chart else ()) if _wanted(query, claim)]
        return ClaimPage(claims=tuple(wanted[: query.count]), more=len(wanted) > query.count)

    def providers(self, ids: Sequence[str]) -> Providers:
        """The organizations and practitioners of these ids."""
        return network.providers(list(ids))

    def named_members(self) -> Sequence[NamedMember]:
        """Everybody who can log in to the sandbox."""
        return stories.named_members(self._world.seed)

    def check(self) -> Sequence[str]:
        """Nothing can be wrong once the source is open."""
        return ()

    def close(self) -> None:
        """Forget the charts."""
        self._chart.cache_clear()

    def _chart_of(self, member_id: str) -> Chart | None:
        index = numbers.index_of("m", member_id)
        if index is None or index >= self._world.members or member_id != numbers.local_id("m", index):
            return None
        return self._chart(index)

    def _candidates(self, evidence: Mapping[str, str]) -> list[int]:
        seed = self._world.seed
        indexes = {
            numbers.index_of_medicaid_id(seed, evidence.get("medicaid-id", "")),
            numbers.index_of_mbi(evidence.get("mbi", "")),
            *stories.indexes_of_person(seed, evidence.get("person-id", "")),
        }
        return sorted(index for index in indexes if index is not None and index < self._world.members)

    def _member_changes(self, index: int, before: World | None) -> Iterator[Change]:
        chart = make_chart(self._world, index)
        yield chart.records()
        if chart.deleted:
            yield replace(chart.records(), claims=chart.deleted)
        gone = {claim.claim_id for claim in chart.deleted}
        if before and index < before.members:
            named = {claim.claim_id for claim in chart.claims}
            gone |= {claim.claim_id for claim in make_chart(before, index).claims} - named
        for claim_id in sorted(gone):
            yield Removed(
                kind=RemovedKind.CLAIM,
                record_id=claim_id,
                member_id=chart.member.member_id,
                removed_at=chart.member.last_updated,
            )

    def _members_gone(self, before: World) -> Iterator[Change]:
        for index in range(self._world.members, before.members):
            member_id = numbers.local_id("m", index)
            yield Removed(kind=RemovedKind.MEMBER, record_id=member_id, member_id=member_id)


def _holds(evidence: Mapping[str, str], keys: Mapping[str, str]) -> bool:
    return bool(evidence) and all(keys.get(kind) == value for kind, value in evidence.items())


def _wanted(query: ClaimQuery, claim: Claim) -> bool:
    if query.after and not _follows(query.after, claim):
        return False
    tests = (
        query.claim_ids is None or claim.claim_id in query.claim_ids,
        query.kinds is None or claim.kind in query.kinds,
        query.identifiers is None or any(_is_number(each.value, claim) for each in query.identifiers),
        query.service_from is None or (claim.service_end or claim.service_start) >= query.service_from,
        query.service_to is None or claim.service_start <= query.service_to,
        _within(claim.last_updated, query.updated_from, query.updated_to),
    )
    return all(tests)


def _follows(after: tuple[date, str], claim: Claim) -> bool:
    day, claim_id = after
    return claim.service_start < day or (claim.service_start == day and claim.claim_id > claim_id)


def _is_number(value: str, claim: Claim) -> bool:
    return value == claim.claim_number.value or value in {each.value for each in claim.other_identifiers}


def _within(moment: datetime, first: datetime | None, last: datetime | None) -> bool:
    return (first is None or moment >= first) and (last is None or moment <= last)
