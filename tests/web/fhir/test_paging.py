"""Page links: whose they are, how long they last, what they reveal."""

from __future__ import annotations

import pytest

from fhir_facade.search.cursor import Cursors
from tests.web.fhir.memory import MemoryResources, member, parsed
from tests.web.fhir.test_http import issue
from tests.web.fhir.test_search import ids, link
from tests.web.fhir.world import World, grant_for

PATHS = [
    "ExplanationOfBenefit?_count=2",
    "Patient/alice/ExplanationOfBenefit?_count=2",
    "Patient/alice/$everything?_count=2",
]


@pytest.mark.parametrize("path", PATHS)
def test_a_changed_page_link_is_refused(world, path):
    url = link(world.get(path), "next")
    assert issue(world.get(url[:-5] + "AAAAA"), 400)["code"] == "value"
    assert issue(world.get(url + "!"), 400)["code"] == "value"
    assert issue(world.get(url.partition("_cursor=")[0] + "_cursor=x"), 400)["code"] == "value"


@pytest.mark.parametrize("path", PATHS[:2])
def test_a_page_link_is_good_for_its_member_and_app_alone(world, path):
    url = link(world.get(path), "next")
    world.grants["other-app"] = grant_for("alice", app="another")
    assert issue(world.get(url, "bob"), 403)["code"] == "forbidden"
    assert issue(world.get(url, "other-app"), 403)["code"] == "forbidden"


def test_a_page_link_of_another_search_is_refused(world):
    url = link(world.get("ExplanationOfBenefit?_count=2&type=oral,pharmacy"), "next")
    assert issue(world.get(url.replace("type=oral,pharmacy", "type=oral")), 400)["code"] == "value"
    assert issue(world.get(url.replace("ExplanationOfBenefit", "Coverage")), 400)["code"] == "value"


def test_an_expired_page_link_is_gone():
    now = [1000.0]
    resources = MemoryResources()
    member(resources, "alice", claims=5)
    world = World(resources, cursors=Cursors(b"s" * 32, lifetime_s=60, clock=lambda: now[0]))
    url = link(world.get("ExplanationOfBenefit?_count=2"), "next")
    now[0] += 61
    gone = issue(world.get(url), 410)
    assert gone["code"] == "not-found"
    assert "start the search again" in gone["diagnostics"]


def test_a_page_link_works_in_another_process_with_the_same_secret(world):
    url = link(world.get("ExplanationOfBenefit?_count=2"), "next")
    other = World(world.resources)
    assert ids(other.get(url)) == ids(world.get(url))


def test_repeated_parameters_of_a_page_link_change_nothing(world):
    url = link(world.get("ExplanationOfBenefit?_count=2&type=oral,pharmacy"), "next")
    assert ids(world.get(url + "&_count=2&type=oral,pharmacy")) == ids(world.get(url))


def test_the_page_size_may_change_on_the_way(world):
    url = link(world.get("ExplanationOfBenefit?_count=2"), "next")
    assert ids(world.get(url.replace("_count=2", "_count=3"))) == ["alice-4", "alice-3", "alice-2"]


def test_a_page_link_shows_nothing_of_the_member(world):
    url = link(world.get("ExplanationOfBenefit?_count=2"), "next")
    assert "alice" not in url
    assert "2024" not in url


def test_one_query_is_made_for_a_page():
    calls = []

    class Counting(MemoryResources):
        def search(self, viewer, query, after=None, before=None):
            calls.append(query)
            return super().search(viewer, query, after, before)

    resources = Counting()
    member(resources, "alice", claims=5)
    world = World(resources)
    bundle = parsed(world.get("ExplanationOfBenefit?_count=2"))
    assert len(calls) == 1
    assert len(bundle["entry"]) == 2
