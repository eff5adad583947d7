"""A run that is killed at any moment resumes, and ends where an undisturbed one ends."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import URL

from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.resources.database import migrate, replica_url, writer
from fhir_facade.resources.frames import Opener
from fhir_facade.resources.schema import link, match_key, member, representation, resource, seen, source, tombstone
from fhir_facade.sync.lock import AlreadySyncing
from fhir_facade.sync.rows import load_dictionary
from fhir_facade.sync.run import sync
from fhir_facade_claims_synthetic import SyntheticSettings
from fhir_facade_claims_synthetic import plugin as synthetic
from tests.resources.filled import Filler
from tests.resources.world import SOURCE, whole

MEMBERS = 24


def start(url: URL, state: Path, members: int = MEMBERS) -> int:
    """A process of its own that syncs invented members; its id, once it reads the source."""
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        os.read(reading, 1)
        os.close(reading)
        return child
    status = 1
    try:
        context = SourceContext(name=SOURCE, scratch=state)
        population = synthetic.open(SyntheticSettings(members=members, years=1), context)
        sync(population, Filler(url, state).plan(batch=100), lambda *_: os.write(writing, b"x"))  # type: ignore[arg-type]
        status = 0
    finally:
        os._exit(status)
    raise AssertionError("unreachable")


def ended(process: int, within: float) -> bool:
    """Whether the process ends by itself in that time; a running one is killed."""
    until = time.monotonic() + within
    while time.monotonic() < until:
        if os.waitpid(process, os.WNOHANG)[0]:
            return True
        time.sleep(0.005)
    kill(process)
    return False


def kill(process: int) -> None:
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)


def end_state(url: URL) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is served, without what may differ: keys, dictionaries, times of the run."""
    with writer(url).connect() as connection:
        patients = {found.key: found.patient for found in connection.execute(sa.select(member))}
        openers = {key: Opener(load_dictionary(connection, key)) for key in range(50)}
        row = resource.c
        columns = (row.member, row.type, row.rank, row.id, row.version, row.updated, row.labels, row.low, row.high)
        resources = [
            (patients.get(found[0], "shared"), *found[1:9], openers[found.dictionary].body(found.body))
            for found in connection.execute(sa.select(*columns, row.terms, row.dictionary, row.body))
        ]
        others = {
            table.name: [
                (patients[found.member], *(v for k, v in found._mapping.items() if k not in ("member", "removed")))
                for found in connection.execute(sa.select(table))
            ]
            for table in (link, tombstone, match_key, representation)
        }
        marks = [tuple(found) for found in connection.execute(sa.select(source.c.watermark, source.c.open))]
        left = [tuple(found) for found in connection.execute(sa.select(seen))]
    tables = others | {"resource": resources, "source": marks, "seen": left}
    return {name: sorted(rows) for name, rows in tables.items()}


def test_a_sync_killed_again_and_again_ends_like_an_undisturbed_one(
    url: URL, tmp_path: Path, full_counts: bool
) -> None:
    undisturbed = replica_url(None, tmp_path / "undisturbed")
    migrate(undisturbed)
    begun = time.monotonic()
    quiet = start(undisturbed, tmp_path / "undisturbed")
    assert os.waitpid(quiet, 0)[1] == 0
    usual = time.monotonic() - begun

    dice, kills = random.Random(3), 0
    for _ in range(60 if full_counts else 5):
        process = start(url, tmp_path / "killed")
        kills += not ended(process, dice.uniform(0, usual / 2))
    last = start(url, tmp_path / "killed")
    assert os.waitpid(last, 0)[1] == 0
    assert kills > 0
    assert end_state(url) == end_state(undisturbed)


def test_a_second_sync_of_a_source_is_told_who_runs_and_a_dead_ones_lock_is_free(filler: Filler, url: URL) -> None:
    process = start(url, filler.state, members=10_000)
    with pytest.raises(AlreadySyncing, match=f"process {process}"):
        filler.sync(whole())
    kill(process)
    filler.sync(whole(), rendering="own")
