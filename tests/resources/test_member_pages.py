"""A source that gives a whole page at once is asked once a page, and is believed no more than any other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from fhir_facade.contracts.claims import ClaimQuery, MemberRecords
from fhir_facade.contracts.errors import ClaimsInvalid
from fhir_facade.contracts.whole_pages import MemberPage
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.live import LiveResources
from fhir_facade.search.query import SearchQuery
from tests.resources.filled import viewer
from tests.resources.test_live import EOB, Liar, search
from tests.resources.world import SOURCE, claim, coverage, member, organization, practitioner


class Whole(Liar):
    """One that gives a whole page at once, counts every question, and lies there."""

    def __init__(self, **lies: Callable[..., Any]) -> None:
        super().__init__(**lies)
        self.questions: list[str] = []

    def _say(self, question: str, truth: Any, *about: Any) -> Any:
        self.questions.append(question)
        return super()._say(question, truth, *about)

    def member_page(self, query: ClaimQuery) -> MemberPage | None:
        return self._say("member_page", page(query), query)  # type: ignore[no-any-return]


def page(query: ClaimQuery, claims: int = 5, **more: Any) -> MemberPage:
    """The true page."""
    number = int(query.member_id[1:])
    every = [claim(number, sequence) for sequence in range(claims)]
    rest = [one for one in every if query.after is None or (one.service_start, one.claim_id) < query.after]
    records = MemberRecords(
        member=member(number),
        coverages=(coverage(number),),
        claims=tuple(rest[: query.count]),
        organizations=(organization(), organization("clinic")),
        practitioners=(practitioner("house"),),
    )
    return MemberPage(records=replace(records, **more), more=len(rest) > query.count)


def claims_of(*claims: object) -> Callable[[ClaimQuery], MemberPage]:
    """A page with these in place of its claims."""

    def lie(query: ClaimQuery) -> MemberPage:
        true = page(query)
        return replace(true, records=replace(true.records, claims=claims))

    return lie


def records_of(records: Any) -> Callable[[ClaimQuery], MemberPage]:
    """A page with that in place of its records."""
    return lambda _: MemberPage(records=records, more=False)


def resources(source: Liar) -> LiveResources:
    return LiveResources(source, Mapper(SOURCE), no_labels, 5)


def ids(source: Liar, number: int = 1) -> list[str]:
    found = resources(source).search(viewer(number), SearchQuery(resource_type=EOB, count=10))
    return [one.id for one in found.matches]


def test_a_page_is_one_question_and_says_what_single_questions_say() -> None:
    whole, plain = Whole(), Liar()

    assert search(resources(whole)) == search(resources(plain))
    assert whole.questions == ["member_page"]


def test_later_pages_go_on_from_the_last_claim() -> None:
    whole = Whole(member_page=lambda query: page(query, claims=5))
    live, found, after = resources(whole), [], None
    while True:
        answer = live.search(viewer(1), SearchQuery(resource_type=EOB, count=2), after)
        found += [match.id for match in answer.matches]
        if answer.next is None:
            break
        after = answer.next

    assert found == [f"med-c1-{sequence}" for sequence in range(5)]
    assert set(whole.questions) == {"member_page"}


@pytest.mark.parametrize(
    ("lie", "shown"),
    [
        (lambda query: page(query, member=member(2)), 0),
        (lambda query: page(query, coverages=(coverage(2),)), 0),
        (claims_of(claim(2, 0), claim(1, 1)), 1),
        (lambda query: page(replace(query, member_id="m2")), 0),
        (lambda _: None, 0),
    ],
)
def test_what_is_another_members_is_left_out(lie: Callable[[ClaimQuery], Any], shown: int) -> None:
    found = ids(Whole(member_page=lie))

    assert len(found) == shown
    assert not any("c2" in one for one in found)


@pytest.mark.parametrize(
    "lie",
    [
        lambda _: "text",
        lambda _: 1 / 0,
        records_of(None),
        records_of([member(1)]),
        records_of(MemberRecords(member="x")),  # type: ignore[arg-type]
        claims_of("x"),
        claims_of(claim(1, 1), claim(1, 0)),
        claims_of(*(claim(1, sequence) for sequence in range(50))),
        lambda query: replace(page(query, claims=0), more=True),
        lambda query: page(query, organizations="x"),
        lambda query: page(query, organizations=7),
    ],
)
def test_a_page_that_breaks_the_contract_is_a_typed_error(lie: Callable[[ClaimQuery], Any]) -> None:
    with pytest.raises(ClaimsInvalid):
        ids(Whole(member_page=lie))


@pytest.mark.parametrize("given", [(), (organization("other"),), (organization(), organization())])
def test_providers_that_a_page_leaves_out_are_asked_for(given: Sequence[Any]) -> None:
    whole = Whole(member_page=lambda query: page(query, organizations=tuple(given)))

    assert len(ids(whole)) == 5
    assert whole.questions == ["member_page", "providers"]
