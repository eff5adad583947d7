"""The database gone, locked or replaced: 503 at the edge, never anything else, and no restart to recover."""

from __future__ import annotations

import os
import shutil
import threading
from pathlib import Path

import pytest
from sqlalchemy.engine import URL

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources.database import migrate, replica_url, schema_version
from fhir_facade.resources.page import Rendered
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.search.query import SearchQuery
from tests.peers.postgresql import Server
from tests.resources.filled import HASHED, Filler, viewer
from tests.resources.world import SOURCE, claim, records, whole


@pytest.fixture
def file(tmp_path: Path) -> URL:
    found = replica_url(None, tmp_path / "state")
    migrate(found)
    Filler(found, tmp_path / "state").sync(whole(records(1, [claim(1, 0)])))
    return found


def everything(resources: ReplicaResources) -> None:
    for work in (
        lambda: resources.read(viewer(1), "Patient", "med-m1"),
        lambda: resources.read_many(viewer(1), ["Patient/med-m1"]),
        lambda: resources.search(viewer(1), SearchQuery(resource_type="Coverage")),
        lambda: resources.match({"medicaid-id": "1"}),
        lambda: resources.represented("med-mom"),
        resources.freshness,
    ):
        with pytest.raises(ClaimsUnavailable):
            work()


def alive(resources: ReplicaResources) -> bool:
    return isinstance(resources.read(viewer(1), "Patient", "med-m1"), Rendered)


def test_a_file_that_vanishes_and_comes_back_is_survived(file: URL, tmp_path: Path) -> None:
    resources = ReplicaResources(file, SOURCE, HASHED)
    assert alive(resources)
    shutil.move(str(tmp_path / "state"), str(tmp_path / "away"))
    everything(resources)
    shutil.move(str(tmp_path / "away"), str(tmp_path / "state"))
    assert alive(resources)
    resources.close()


def test_a_file_put_in_its_place_is_served_at_once(file: URL, tmp_path: Path) -> None:
    resources = ReplicaResources(file, SOURCE, HASHED)
    assert alive(resources)
    other = replica_url(None, tmp_path / "other")
    migrate(other)
    Filler(other, tmp_path / "other").sync(whole(records(2)))
    os.replace(str(other.database), str(file.database))
    assert not alive(resources)
    assert isinstance(resources.read(viewer(2), "Patient", "med-m2"), Rendered)
    resources.close()


@pytest.mark.parametrize("content", [b"", b"no database at all" * 1000])
def test_a_file_that_is_no_replica_is_unavailable(file: URL, content: bytes) -> None:
    resources = ReplicaResources(file, SOURCE, HASHED)
    Path(str(file.database)).unlink()
    Path(str(file.database)).write_bytes(content)
    everything(resources)
    resources.close()


def test_a_file_overwritten_under_an_open_connection_is_no_crash(file: URL) -> None:
    resources = ReplicaResources(file, SOURCE, HASHED)
    assert alive(resources)
    Path(str(file.database)).write_bytes(b"garbage" * 10_000)
    fresh = threading.Thread(target=everything, args=(ReplicaResources(file, SOURCE, HASHED),))
    fresh.start()
    fresh.join()
    resources.close()


def test_a_source_that_was_never_synced_says_what_to_do(file: URL) -> None:
    resources = ReplicaResources(file, "dental", HASHED)
    with pytest.raises(ClaimsUnavailable, match="run fhir-facade sync dental"):
        resources.read(viewer(1), "Patient", "med-m1")
    resources.close()


def test_a_replica_that_was_never_migrated_has_no_version(tmp_path: Path) -> None:
    url = replica_url(None, tmp_path)
    assert schema_version(url) is None
    assert migrate(url) == schema_version(url)


def test_each_thread_and_each_forked_process_reads_on_its_own_connection(file: URL) -> None:
    resources = ReplicaResources(file, SOURCE, HASHED)
    assert alive(resources)
    seen: list[bool] = []
    threads = [threading.Thread(target=lambda: (seen.append(alive(resources)), resources.close())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 4
    child = os.fork()
    if child == 0:
        os._exit(0 if alive(resources) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert alive(resources)
    resources.close()


@pytest.mark.peer("postgresql")
def test_a_server_that_crashes_and_comes_back_is_survived(postgresql: Server, tmp_path: Path) -> None:
    url = replica_url(postgresql.database(), tmp_path)
    migrate(url)
    Filler(url, tmp_path).sync(whole(records(1)))
    resources = ReplicaResources(url, SOURCE, HASHED)
    assert alive(resources)
    postgresql.stop()
    try:
        everything(resources)
    finally:
        postgresql.start()
    assert alive(resources)
    resources.close()


@pytest.mark.peer("postgresql")
def test_partitions_hold_the_same_answers(postgresql: Server, tmp_path: Path) -> None:
    url = replica_url(postgresql.database(), tmp_path)
    migrate(url, partitions=4)
    Filler(url, tmp_path).sync(whole(*(records(n, [claim(n, s) for s in range(3)]) for n in range(1, 9))))
    resources = ReplicaResources(url, SOURCE, HASHED)
    for number in range(1, 9):
        page = resources.search(viewer(number), SearchQuery(resource_type="ExplanationOfBenefit", count=2))
        assert [match.id for match in page.matches] == [f"med-c{number}-0", f"med-c{number}-1"]
    resources.close()


def test_a_server_that_is_not_there_is_unavailable_and_has_no_version(tmp_path: Path) -> None:
    url = replica_url("postgresql://nobody@127.0.0.1:1/nothing", tmp_path)
    with pytest.raises(ClaimsUnavailable, match="cannot be reached"):
        schema_version(url)
    with pytest.raises(ClaimsUnavailable, match="cannot be reached"):
        migrate(url)
    with pytest.raises(ClaimsUnavailable, match="cannot be written"):
        Filler(url, tmp_path).sync(whole(records(1)))
    resources = ReplicaResources(url, SOURCE, HASHED)
    everything(resources)
    resources.close()
