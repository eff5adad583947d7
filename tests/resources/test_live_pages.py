"""Pages of a live source go on from the last claim; one that gives member and cover at once is not believed either."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fhir_facade.contracts.claims import ClaimPage, ClaimQuery, MemberRecords
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable
from fhir_facade.contracts.records import Claim
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.live import LiveResources
from fhir_facade.search.query import SearchQuery
from tests.resources.filled import viewer
from tests.resources.test_live import EOB, Liar, live, search
from tests.resources.world import SOURCE, claim, coverage, member


def one_day(ids: Sequence[str]) -> tuple[list[Claim], Callable[[ClaimQuery], ClaimPage]]:
    """Claims of one day in the order of ``ids``, and what answers with them."""
    day, lines = claim(1, 0).service_start, claim(1, 0).lines
    claims = [replace(claim(1, 0), claim_id=one, service_start=day, service_end=day, lines=lines) for one in ids]

    def page(query: ClaimQuery) -> ClaimPage:
        start = ids.index(query.after[1]) + 1 if query.after is not None and query.after[1] else 0
        rest = claims[start:]
        return ClaimPage(claims=tuple(rest[: query.count]), more=len(rest) > query.count)

    return claims, page


def walked(resources: LiveResources, count: int) -> list[str]:
    found, after = [], None
    while True:
        answer = resources.search(viewer(1), SearchQuery(resource_type=EOB, count=count), after)
        found += [match.id for match in answer.matches]
        if answer.next is None:
            return found
        after = answer.next


def test_a_source_with_another_order_within_a_day_is_refused_before_a_claim_is_lost() -> None:
    _, page = one_day(sorted((f"c1-{s}" for s in range(30)), key=lambda one: one[::-1]))

    with pytest.raises(ClaimsInvalid, match="out of order"):
        walked(live(search=page), 4)


def test_ids_too_long_to_be_told_page_by_the_order_of_their_hashes_without_loss() -> None:
    claims, page = one_day([f"{'x' * 58}{s:03}" for s in range(30)])

    found = walked(live(search=page), 4)

    assert found == sorted(found)
    assert len(set(found)) == len(claims)


def test_a_day_with_many_claims_costs_a_page_no_more_than_any_other() -> None:
    _, page = one_day([f"c1-{s:04}" for s in range(1_000)])
    source = Liar(search=page)
    resources = LiveResources(source, Mapper(SOURCE), no_labels, 5)

    first = resources.search(viewer(1), SearchQuery(resource_type=EOB, count=10))
    resources.search(viewer(1), SearchQuery(resource_type=EOB, count=10), first.next)

    assert [asked.count for asked in source.asked] == [11, 11]


def test_a_source_that_hangs_for_one_member_answers_about_another() -> None:
    resources = live(seconds=0.3, member=lambda one: time.sleep(5) if one == "m2" else member(1))
    with pytest.raises(ClaimsUnavailable):
        search(resources, 2)

    assert len(search(resources, 1)) == 5


class Covered(Liar):
    """One that gives member and cover at once, and lies there."""

    def covered_member(self, member_id: str) -> MemberRecords | None:
        return self._say("covered_member", MemberRecords(member=member(1), coverages=(coverage(1),)), member_id)  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("lie", "covers"),
    [
        (lambda _: MemberRecords(member=member(1), coverages=(coverage(2), coverage(1))), ["med-v1"]),
        (lambda _: MemberRecords(member=member(2), coverages=(coverage(1),)), []),
        (lambda _: None, []),
    ],
)
def test_a_member_with_cover_of_others_is_not_believed_either(lie: Callable[..., Any], covers: list[str]) -> None:
    resources = LiveResources(Covered(covered_member=lie), Mapper(SOURCE), no_labels, 5)

    found = resources.search(viewer(1), SearchQuery(resource_type="Coverage")).matches

    assert [one.id for one in found] == covers


@pytest.mark.parametrize("lie", ["text", 7, [member(1)], MemberRecords(member="x", coverages=None)])  # type: ignore[arg-type]
def test_something_else_than_a_member_with_cover_is_a_typed_error(lie: Any) -> None:
    resources = LiveResources(Covered(covered_member=lambda _: lie), Mapper(SOURCE), no_labels, 5)

    with pytest.raises(ClaimsInvalid):
        search(resources)
