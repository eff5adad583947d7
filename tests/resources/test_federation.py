"""Several sources answer as one, and never by halves without saying so."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.resources.federation import Federation
from fhir_facade.resources.live import LiveResources
from fhir_facade.resources.page import Viewer
from fhir_facade.resources.paging import RankedResources
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.search.query import SearchQuery, SortKey
from fhir_facade.sync.run import SyncPlan, sync
from tests.resources.filled import HASHED
from tests.resources.test_live import Liar
from tests.resources.world import claim, records, representative, whole

EOB = "ExplanationOfBenefit"
ME = Viewer(patient="one")


class Down:
    """A source that cannot answer, or hangs."""

    def __init__(self, seconds: float = 0) -> None:
        self.seconds = seconds

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object) -> object:
            time.sleep(self.seconds)
            raise ClaimsUnavailable("down")

        return fail


@pytest.fixture
def sources(tmp_path: Path) -> Iterator[dict[str, RankedResources]]:
    """Three replicas with interleaved claims of one person."""
    url = replica_url(None, tmp_path)
    migrate(url)
    opened = {}
    for number, name in enumerate(("med", "dental", "rx"), 1):
        claims = [claim(number, s) for s in range(number, 20, 4)]
        people = (representative(number, f"rep{number}"),)
        fill(url, name, records(number, claims, representatives=people), tmp_path)
        opened[name] = ReplicaResources(url, name, HASHED)
    yield dict(opened)
    for found in opened.values():
        found.close()


def fill(url: URL, name: str, piece: Any, state: Path) -> None:
    plan = SyncPlan(
        name=name,
        replica=url,
        mapper=Mapper(name),
        rendering="r",
        labels=no_labels,
        hashed=HASHED,
        state=state,
        patient_of=lambda *_: ME.patient,
    )
    report = sync(whole(piece), plan)
    assert report.rejected == 0


def walk(federation: Federation, query: SearchQuery) -> list[str]:
    found, after, last = [], None, None
    while True:
        page = federation.search(ME, query, after)
        found += [match.id for match in page.matches]
        if page.next is None:
            break
        after, last = page.next, page
    if last is not None and page.previous is not None:
        back = federation.search(ME, query, before=page.previous)
        assert [m.id for m in back.matches] == [m.id for m in last.matches]
    return found


@pytest.mark.parametrize("sort", [(), (SortKey("_lastUpdated", True),), (SortKey("service-date"),)])
def test_pages_of_three_sources_are_one_order_without_loss(
    sources: dict[str, RankedResources], sort: tuple[SortKey, ...]
) -> None:
    federation = Federation(sources, 30)
    query = SearchQuery(resource_type=EOB, count=4, sort=sort)
    found = walk(federation, query)
    assert sorted(found) == sorted(f"{n}-c{i}-{s}" for i, n in enumerate(sources, 1) for s in range(i, 20, 4))
    days = [int(identifier.rpartition("-")[2]) for identifier in found]
    assert days == (sorted(days, reverse=True) if sort else sorted(days))
    counted = federation.search(ME, SearchQuery(resource_type=EOB, count=0))
    assert counted.total == len(found)


def test_a_person_whom_all_sources_know_is_one_patient(sources: dict[str, RankedResources]) -> None:
    federation = Federation(sources, 30)
    page = federation.search(ME, SearchQuery(resource_type="Patient"))
    assert [match.id for match in page.matches] == [ME.patient]
    assert federation.search(ME, SearchQuery(resource_type="Patient", count=0)).total == 1
    assert federation.read(ME, "Patient", ME.patient) == sources["med"].read(ME, "Patient", ME.patient)


def test_reads_go_to_the_source_whose_id_it_is(sources: dict[str, RankedResources]) -> None:
    federation = Federation({**sources, "rx": Down()}, 30)  # type: ignore[dict-item]
    assert federation.read(ME, EOB, "dental-c2-2") is not None
    assert federation.read(ME, EOB, "dental-c1-1") is None
    assert federation.read(ME, EOB, "unknown-c1-1") is None
    found = federation.read_many(ME, [f"{EOB}/dental-c2-2", f"{EOB}/med-c1-1", f"{EOB}/dental-c2-2"])
    assert [one.id for one in found] == ["dental-c2-2", "med-c1-1"]
    with pytest.raises(ClaimsUnavailable):
        federation.read(ME, EOB, "rx-c3-3")


@pytest.mark.parametrize("down", [Down(), Down(seconds=30)])
def test_a_source_that_is_down_or_slow_refuses_or_is_named(
    sources: dict[str, RankedResources], down: Any, caplog: pytest.LogCaptureFixture
) -> None:
    query = SearchQuery(resource_type=EOB, count=50)
    broken = {**sources, "dental": down}
    begun = time.monotonic()
    with pytest.raises(ClaimsUnavailable) as refused:
        Federation(broken, 1).search(ME, query)
    assert refused.value.source == "dental"
    assert not caplog.records
    page = Federation(broken, 2, partial=True).search(ME, query)
    assert time.monotonic() - begun < 15
    assert page.missing == ("dental",)
    assert {match.id.partition("-")[0] for match in page.matches} == {"med", "rx"}
    told = {(record.getMessage(), vars(record)["source"]) for record in caplog.records}
    assert told == {("an answer leaves a source out", "dental")}


def test_nothing_is_left_when_every_source_is_down() -> None:
    with pytest.raises(ClaimsUnavailable):
        Federation({"a": Down(), "b": Down()}, 1, partial=True).search(ME, SearchQuery(resource_type=EOB))  # type: ignore[dict-item]


def test_who_somebody_is_needs_every_source_even_where_parts_are_allowed(sources: dict[str, RankedResources]) -> None:
    whole_ = Federation(sources, 30, partial=True)
    assert whole_.match({"medicaid-id": "MCD000001"}) == [f"Patient/{ME.patient}"]
    assert whole_.match({"medicaid-id": "REP-rep2"}) == ["RelatedPerson/dental-rep2"]
    assert whole_.represented("dental-rep2") == [ME.patient]
    broken = Federation({**sources, "rx": Down()}, 30, partial=True)  # type: ignore[dict-item]
    with pytest.raises(ClaimsUnavailable):
        broken.match({"medicaid-id": "MCD000001"})
    with pytest.raises(ClaimsUnavailable):
        broken.represented("dental-rep2")


def test_freshness_names_every_source(sources: dict[str, RankedResources]) -> None:
    fresh = Federation({**sources, "rx": Down()}, 30).freshness()  # type: ignore[dict-item]
    known = {one.source: one.published is not None for one in fresh}
    assert known == {"med": True, "dental": True, "rx": False}


def test_live_and_replica_merge(sources: dict[str, RankedResources]) -> None:
    live = LiveResources(Liar(), Mapper("live"), no_labels, 30)
    federation = Federation({"med": sources["med"], "live": live}, 30)
    mine = Viewer(patient="live-m1")
    found = federation.search(mine, SearchQuery(resource_type=EOB)).matches
    assert [match.id for match in found] == [f"live-c1-{s}" for s in range(5)]


def test_nobody_is_found_where_no_source_knows_the_identifier(sources: dict[str, RankedResources]) -> None:
    assert Federation(sources, 30).match({"medicaid-id": "nobody"}) == []
