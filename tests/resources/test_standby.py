"""A PostgreSQL primary killed under load: reads go on from its hot standby, and none of them is wrong."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from fhir_facade.app import readiness_checks, require_current_schemas, source_figures
from fhir_facade.contracts import impatience
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.resources import places
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.search.query import SearchQuery
from fhir_facade.settings import load
from tests.peers.postgresql import Server, frozen
from tests.resources.filled import HASHED, Filler, viewer
from tests.resources.world import SOURCE, claim, records, whole

pytestmark = pytest.mark.peer("postgresql")
EOB = SearchQuery(resource_type="ExplanationOfBenefit", count=5)


@pytest.fixture
def pair() -> Iterator[tuple[Server, Server, URL, URL]]:
    """A filled primary and a standby that has everything."""
    folder = Path(tempfile.mkdtemp(prefix="facade-pair-"))
    folder.chmod(0o777)
    primary = Server(folder / "primary")
    started = [primary]
    try:
        primary.create()
        primary.start()
        url = replica_url(primary.database(), folder)
        migrate(url)
        Filler(url, folder).sync(whole(*(records(n, [claim(n, s) for s in range(8)]) for n in range(1, 6))))
        standby = primary.standby(folder / "standby")
        started.append(standby)
        standby.start()
        yield primary, standby, url, url.set(port=standby.port)
    finally:
        for server in started:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_reads_go_on_from_the_standby_when_the_primary_is_killed(pair: tuple[Server, Server, URL, URL]) -> None:
    primary, _, first, second = pair
    resources = ReplicaResources(first, SOURCE, HASHED, [second])
    expected = {n: resources.search(viewer(n), EOB) for n in range(1, 6)}
    stop, wrong, failed, right = threading.Event(), [], [], []

    def read() -> None:
        while not stop.is_set():
            for number, page in expected.items():
                try:
                    (right if resources.search(viewer(number), EOB) == page else wrong).append(number)
                except ClaimsUnavailable as error:
                    failed.append(str(error))
        resources.close()

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    time.sleep(0.5)
    primary.stop()
    before = len(right)
    time.sleep(1.5)
    stop.set()
    for thread in threads:
        thread.join()
    resources.close()
    assert before > 0
    assert len(right) > before
    assert wrong == []
    assert failed == []


def test_a_standby_that_is_down_is_skipped(pair: tuple[Server, Server, URL, URL]) -> None:
    _, standby, first, second = pair
    standby.stop()
    resources = ReplicaResources(first, SOURCE, HASHED, [second])
    for _ in range(4):
        assert len(resources.search(viewer(1), EOB).matches) == 5
        resources.close()


def test_a_standby_too_far_behind_is_not_read(
    pair: tuple[Server, Server, URL, URL], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, _, second = pair
    monkeypatch.setattr(places, "MOST_LAG_S", -1)
    resources = ReplicaResources(second, SOURCE, HASHED)
    with pytest.raises(ClaimsUnavailable, match="behind"):
        resources.search(viewer(1), EOB)
    resources.close()


def test_a_standby_that_its_primary_feeds_no_more_is_read_only_when_the_primary_is_gone(
    pair: tuple[Server, Server, URL, URL], caplog: pytest.LogCaptureFixture
) -> None:
    primary, standby, first, second = pair
    resources = ReplicaResources(first, SOURCE, HASHED, [second])
    cut_off(second)
    with sa.create_engine(first, poolclass=sa.NullPool).begin() as connection:
        connection.execute(sa.text("DELETE FROM resource WHERE id LIKE 'med-c1-%'"))
    for _ in range(4):
        assert resources.search(viewer(1), EOB).matches == ()
        resources.close()
    assert {record.fault for record in caplog.records} == {"CutOff"}
    assert str(standby.port) in caplog.records[0].database
    primary.stop()
    assert len(resources.search(viewer(1), EOB).matches) == 5
    resources.close()


def cut_off(standby: URL) -> None:
    """Let a standby look for its primary where there is none."""
    with (
        sa.create_engine(standby, poolclass=sa.NullPool)
        .connect()
        .execution_options(isolation_level="AUTOCOMMIT") as connection
    ):
        connection.execute(sa.text("ALTER SYSTEM SET primary_conninfo = 'host=127.0.0.1 port=1'"))
        connection.execute(sa.text("SELECT pg_reload_conf()"))
        for _ in range(100):
            if not connection.scalar(sa.text("SELECT count(*) FROM pg_stat_wal_receiver")):
                return
            time.sleep(0.1)
    pytest.fail("the standby is still fed")


def test_the_service_is_ready_and_starts_as_long_as_a_standby_answers(
    pair: tuple[Server, Server, URL, URL], small_config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    primary, standby, first, second = pair
    for name, url in (("FIRST", first), ("SECOND", second)):
        monkeypatch.setenv(name, url.render_as_string(hide_password=False))
    named = 'url = { env = "FIRST" }\nreplicas = [{ env = "SECOND" }]'
    small_config.write_text(f"{small_config.read_text()}\n[replica]\n{named}\n".replace('"medical"', f'"{SOURCE}"'))
    settings = load(small_config)
    ready = readiness_checks(settings)["replica"]
    assert ready()
    primary.stop()
    assert ready()
    require_current_schemas(settings)
    assert {name for name, _, source, _ in source_figures(settings)() if source == SOURCE} > {"fhir_facade_source_late"}
    standby.stop()
    with pytest.raises(ClaimsUnavailable, match=str(primary.port)):
        ready()


def test_a_standby_that_freezes_is_given_up_and_the_read_goes_on_elsewhere(
    pair: tuple[Server, Server, URL, URL], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(impatience, "SILENCE_S", 1.0)
    _, standby, first, second = pair
    readers = [ReplicaResources(first, SOURCE, HASHED, [second]) for _ in range(2)]
    threads = [ThreadPoolExecutor(1) for _ in range(4)]
    try:
        asked = [(reader, thread) for reader in readers for thread in threads]
        assert all(len(page.matches) == 5 for page in pages(asked)), "each thread holds a connection somewhere"
        with frozen(standby):
            begun = time.monotonic()
            assert all(len(page.matches) == 5 for page in pages(asked))
            assert time.monotonic() - begun < 15
    finally:
        for reader in readers:
            for thread in threads:
                thread.submit(reader.close).result()
        for thread in threads:
            thread.shutdown()


def pages(asked: Sequence[tuple[ReplicaResources, ThreadPoolExecutor]]) -> list[Any]:
    """A page by each reader in each thread."""
    return [one.result() for one in [thread.submit(reader.search, viewer(1), EOB) for reader, thread in asked]]
