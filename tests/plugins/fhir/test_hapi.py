"""Against a real HAPI server that holds the sandbox's resources: a member sees what the sandbox itself shows."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fhir_facade.access import sensitivity
from fhir_facade.access.sensitive_resources import resource_labels
from fhir_facade.contracts.claims import ExtractSource, LiveSource, MemberRecords, Removed
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade.resources.live import LiveResources
from fhir_facade.resources.page import Rendered, Resources, Viewer
from fhir_facade.resources.rendering import render
from fhir_facade.resources.upstream import UpstreamResources
from fhir_facade.search.query import SearchQuery
from fhir_facade_claims_fhir.source import FhirSource
from fhir_facade_claims_synthetic import plugin as synthetic
from tests.peers import hapi
from tests.plugins.fhir.payer import TOKEN, settings
from tests.plugins.fhir.payer import source as opened
from tests.plugins.fhir.server import Upstream

pytestmark = pytest.mark.peer("java")

MEMBERS = 21
EOB = "ExplanationOfBenefit"
KINDS = ("Patient", "Coverage", "ExplanationOfBenefit", "Organization", "Practitioner")


class World:
    """The sandbox's members, directly and behind HAPI."""

    def __init__(self, folder: Path) -> None:
        self.source = synthetic.open(synthetic.settings(members=MEMBERS), SourceContext(name="plan", scratch=folder))
        assert isinstance(self.source, ExtractSource)
        assert isinstance(self.source, LiveSource)
        mapper, labels = Mapper("plan"), sensitivity.load().labels
        changes = list(self.source.changes(None))
        pieces = [change for change in changes if isinstance(change, MemberRecords)]
        mapped = [one for piece in pieces for one in mapper.resources(piece, labels=labels)]
        self.resources = {f"{m.type}/{m.id}": render(m) for m in mapped if isinstance(m, Mapped)}
        for removed in (change for change in changes if isinstance(change, Removed)):
            self.resources.pop(f"ExplanationOfBenefit/plan-{removed.record_id}", None)
        self.patients = sorted({r.id for r in self.resources.values() if r.type == "Patient"})
        self.direct = LiveResources(self.source, mapper, labels, seconds=60)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="module")
def upstream(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[FhirSource]:
    folder = tmp_path_factory.mktemp("hapi")
    bodies = [one.body for one in world.resources.values() if one.type in KINDS]
    with hapi.serving(bodies, folder, TOKEN) as base:
        found = json.loads(next(one.body for one in world.resources.values() if one.type == "Patient"))
        system = found["identifier"][0]["system"]
        usual = {"identifiers": {"member-number": system}, "types": KINDS, "parameters": ("_lastUpdated",)}
        source = opened(Upstream(base=base), page_size=7, timeout_s=8, **usual)
        yield source
        source.close()


@pytest.fixture(scope="module")
def through(upstream: FhirSource) -> UpstreamResources:
    return UpstreamResources("mco", upstream, partial(resource_labels, sensitivity.load()), seconds=60)


def shown(over: Resources, viewer: Viewer, kind: str) -> list[Rendered]:
    """The first two pages: one member's history is long, and each page of an upstream reads all of it."""
    query = SearchQuery(resource_type=kind, count=40)
    page = over.search(viewer, query)
    further = over.search(viewer, query, after=page.next).matches if page.next else ()
    return [*page.matches, *further]


def plain(body: bytes) -> Any:
    """A resource without its version and without the name of the second source; numbers as written."""
    read = json.loads(body.replace(b'"mco-plan-', b'"plan-').replace(b"/mco-plan-", b"/plan-"), parse_float=str)
    del read["meta"]["versionId"]
    return read


def test_hapi_declares_all_that_is_asked_of_it(upstream: FhirSource) -> None:
    assert upstream.check() == []


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("withheld", [frozenset(), frozenset({sensitivity.PART_2})])
def test_every_member_sees_the_same_through_hapi_digit_by_digit(
    world: World, through: UpstreamResources, kind: str, withheld: frozenset[str], full_counts: bool
) -> None:
    total = 0
    for patient in world.patients if full_counts else world.patients[:7]:
        here = shown(world.direct, Viewer(patient=patient, withheld=withheld), kind)
        there = shown(through, Viewer(patient=f"mco-{patient}", withheld=withheld), kind)
        assert [plain(one.body) for one in there] == [plain(one.body) for one in here]
        assert [one.labels for one in there] == [one.labels for one in here]
        total += len(here)

    assert total > 0


def test_a_member_is_found_and_another_is_not_shown(world: World, through: UpstreamResources) -> None:
    first, second = world.patients[:2]
    identifier = json.loads(world.resources[f"Patient/{first}"].body)["identifier"][0]["value"]

    assert through.match({"member-number": identifier}) == [f"Patient/mco-{first}"]
    assert through.read(Viewer(patient=f"mco-{first}"), "Patient", f"mco-{second}") is None


def test_a_wrong_token_is_told_by_check(upstream: FhirSource) -> None:
    from dataclasses import replace

    from fhir_facade.contracts.settings import Secret
    from fhir_facade_claims_fhir import plugin

    wrong = replace(settings(Upstream(base=upstream.base.url)), token=Secret("env:TOKEN", "another"))
    (fault,) = plugin.open(wrong, SourceContext(name="mco", scratch=Path())).check()

    assert "401" in fault


def test_pages_after_the_first_cost_hapi_no_request_each(
    world: World, upstream: FhirSource, figure: Callable[[str], None]
) -> None:
    through = UpstreamResources("mco", upstream, partial(resource_labels, sensitivity.load()), seconds=60)
    claims = Counter(
        json.loads(one.body)["patient"]["reference"] for one in world.resources.values() if one.type == EOB
    )
    (longest, count) = claims.most_common(1)[0]
    viewer, query = Viewer(patient=f"mco-{longest.removeprefix('Patient/')}"), SearchQuery(resource_type=EOB, count=10)
    asked: list[str] = []
    upstream.client._session.hooks["response"].append(lambda response, **_: asked.append(response.url))
    found, costs, after = list[str](), list[int](), None
    while True:
        before = len(asked)
        page = through.search(viewer, query, after)
        found += [one.id for one in page.matches]
        costs.append(len(asked) - before)
        if page.next is None:
            break
        after = page.next
    upstream.client._session.hooks["response"].clear()

    assert len(set(found)) == len(found) == count
    assert costs[0] <= -(-count // 7)
    assert set(costs[1:]) == {0}
    figure(f"{count} claims behind HAPI: {costs[0]} requests for the first page, none for the other {len(costs) - 1}")
