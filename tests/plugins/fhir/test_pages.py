"""A search reads the upstream once, for its first page; the pages that follow are cut from what it read."""

from __future__ import annotations

import zlib

import pytest

from fhir_facade.resources.kept import KeptHistories
from fhir_facade.resources.page import Viewer
from fhir_facade.resources.upstream import UpstreamResources
from fhir_facade.resources.upstream_member import UpstreamMember
from fhir_facade.search.parse import parse
from fhir_facade.search.query import SearchQuery
from tests.plugins.fhir.payer import EOB, VIEWER, claim, found, ids, payer, resources
from tests.plugins.fhir.server import Upstream, serving


def query_of(asked: list[tuple[str, str]]) -> SearchQuery:
    return parse(EOB, asked, base="https://facade.example.org/fhir").query


def walked(over: UpstreamResources, upstream: Upstream, query: SearchQuery) -> tuple[list[str], list[int]]:
    """The ids of every page, and how many requests each page took."""
    seen, costs, after = list[str](), list[int](), None
    while True:
        before = len(upstream.asked)
        page = over.search(VIEWER, query, after)
        seen += ids(list(page.matches))
        costs.append(len(upstream.asked) - before)
        if page.next is None:
            return seen, costs
        after = page.next


@pytest.mark.parametrize("claims", [20, 200])
def test_a_page_after_the_first_asks_the_upstream_nothing_whatever_the_history(claims: int) -> None:
    with serving(payer(claims)) as upstream:
        seen, costs = walked(resources(upstream), upstream, SearchQuery(resource_type=EOB, count=10))

    assert seen == [f"mco-claim-{n:03}" for n in range(claims - 1, -1, -1)]
    assert costs == [claims // 2, *[0] * (claims // 10 - 1)]


def test_a_filtered_search_pages_out_of_what_it_read_first() -> None:
    with serving(payer(40)) as upstream:
        asked = query_of([("service-date", "ge2025-01-11"), ("_count", "10")])
        seen, costs = walked(resources(upstream), upstream, asked)

    assert seen == [f"mco-claim-{n:03}" for n in range(39, 9, -1)]
    assert costs[1:] == [0, 0]


def test_a_new_search_shows_what_is_there_now() -> None:
    with serving(payer(4)) as upstream:
        over = resources(upstream)
        before = ids(found(over, EOB))
        upstream.resources.append(claim(7))

        assert ids(found(over, EOB)) == ["mco-claim-007", *before]


def test_pages_go_on_after_what_was_read_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fhir_facade.resources.kept.LONGEST_S", -1.0)
    with serving(payer(25)) as upstream:
        seen, costs = walked(resources(upstream), upstream, SearchQuery(resource_type=EOB, count=10))

    assert len(set(seen)) == 25
    assert min(costs) > 0


def test_a_page_with_its_total_reads_the_upstream_once() -> None:
    with serving(payer(20)) as upstream:
        asked = query_of([("_total", "accurate"), ("_count", "10")])
        page = resources(upstream).search(VIEWER, asked)

    assert page.total == 20
    assert len(upstream.asked) == 10


def test_what_is_kept_is_one_members_alone_and_withheld_as_ever() -> None:
    with serving(payer(12)) as upstream:
        over, query = resources(upstream), SearchQuery(resource_type=EOB, count=10)
        after = over.search(VIEWER, query).next

        assert after is not None
        assert over.search(Viewer(patient="mco-ben"), query, after).matches == ()
        assert len(over.search(VIEWER, query, after).matches) == 2


def test_histories_beyond_the_bound_are_forgotten_oldest_first() -> None:
    with serving(payer(12)) as upstream:
        shaped = list(resources(upstream)._history(VIEWER, _member(upstream), EOB, (), None))
    each = len(zlib.compress(shaped[0].rendered.body, 1)) + 500
    kept = KeptHistories(most=2 * 12 * each)
    for name in ("one", "two", "three"):
        assert len(list(kept.keep(name, shaped))) == 12

    assert kept.get("one", 60) is None
    assert [one.rendered for one in kept.get("three", 60) or ()] == [one.rendered for one in shaped]
    assert len(list(KeptHistories(most=each).keep("huge", shaped))) == 12


def _member(upstream: Upstream) -> UpstreamMember:
    found = resources(upstream)._member(VIEWER)
    assert found is not None
    return found
