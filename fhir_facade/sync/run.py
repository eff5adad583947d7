"""One run of ``fhir-facade sync SOURCE``: from a claims source into the replica, in batches, resumable at any moment.

A batch is one transaction: its rows, its tombstones, its rejects and the source's last checkpoint. A run that dies
leaves the replica at the end of some batch, with the watermark that belongs to it; the next one goes on from there, and
what it reads twice is found unchanged. A batch is never larger than the memory for it.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Generator
from contextlib import suppress
from functools import partial

from sqlalchemy.engine import Connection, Engine

from fhir_facade.contracts.claims import Change, Checkpoint, ExtractSource, MemberRecords, Removed
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable, FacadeError
from fhir_facade.contracts.stretches import ReadsInStretches
from fhir_facade.resources.database import DATABASE_ERRORS, told, writer
from fhir_facade.resources.frames import ENOUGH_SAMPLES, PLAIN, Dictionary, Packer
from fhir_facade.search.registry import REGISTRY
from fhir_facade.sync.batch import Batch
from fhir_facade.sync.collecting import collect, collected_between_batches
from fhir_facade.sync.dictionaries import dictionary_for
from fhir_facade.sync.done import Done
from fhir_facade.sync.harvest import Harvest, take_aside
from fhir_facade.sync.lock import one_at_a_time
from fhir_facade.sync.people import PeopleWriter
from fhir_facade.sync.plan import SyncPlan
from fhir_facade.sync.pool import Pool, Stretch
from fhir_facade.sync.progress import Counter, OnProgress
from fhir_facade.sync.progress import told as read_of
from fhir_facade.sync.removal import TooManyRemovals, apply_removed, sweep
from fhir_facade.sync.report import SyncReport
from fhir_facade.sync.rows import RowWriter
from fhir_facade.sync.state import (
    abandon_run,
    add_rejects,
    begin_run,
    count_rejects,
    finish_run,
    save_progress,
    today,
    write_rejects,
)
from fhir_facade.sync.work import Work
from fhir_facade.sync.writing import BatchWriter

__all__ = ["OnProgress", "SyncPlan", "fingerprint", "sync"]

_STORAGE = 1
"""Goes up when rows have to be written anew although resources are the same."""

_STRETCH = 400
"""Records that a worker maps at a time."""


def sync(source: ExtractSource, plan: SyncPlan, on_progress: OnProgress | None = None) -> SyncReport:
    """Fill the replica from ``source``.

    Args:
        source: an opened source with the extract face.
        plan: what else the run needs.
        on_progress: called as the run goes on.

    Returns:
        What was written, found unchanged, deleted and rejected.

    Raises:
        AlreadySyncing: another process syncs this source.
        ClaimsUnavailable: the source or the replica cannot be used now; what was committed stays good.
        ClaimsInvalid: the source broke a promise of its contract; what was committed stays good.
        TooManyRemovals: a snapshot names less than half of the members.
    """
    started = time.time()
    engine = writer(plan.replica)
    try:
        with one_at_a_time(engine, plan.state, plan.name), collected_between_batches():
            run = _Run(engine, source, plan, on_progress)
            run.work(started)
            run.report.seconds = time.time() - started
            return run.report
    except DATABASE_ERRORS as error:
        raise ClaimsUnavailable(f"the replica cannot be written: {told(error)}") from error


def fingerprint(rendering: str) -> str:
    """What rows depend on besides records: the rendering, the search index, the storage."""
    index = zlib.crc32(repr({name: dict(kind.parameters) for name, kind in REGISTRY.items()}).encode())
    return f"{rendering}/{index:08x}/{_STORAGE}"


class _Run:
    def __init__(self, engine: Engine, source: ExtractSource, plan: SyncPlan, on_progress: OnProgress | None) -> None:
        self.report = SyncReport(plan.name)
        self._engine = engine
        self._source = source
        self._plan = plan
        self._rendering = fingerprint(plan.rendering)
        self._stamp = zlib.crc32(self._rendering.encode())
        self._batch = Batch(plan.name, plan.mapper, plan.labels, plan.patient_of)
        self._dictionary: Dictionary | None = None
        self._done = Done()
        self._progress = Counter(source, on_progress)
        self._pool: Pool | None = None
        self._pending: list[Change] = []
        self._claims_pending = 0
        self._latest: str | None = None
        self._finished = False

    def work(self, started: float) -> None:
        with self._engine.begin() as connection:
            snapshots = self._source.capabilities.snapshot
            self._state = begin_run(connection, self._plan.name, self._rendering, snapshots)
        self._latest = self._state.watermark
        try:
            finished = self._read()
            self._close(started if finished else None)
            if not finished:
                raise ClaimsInvalid("unfinished", "the source ended without a finished checkpoint")
        finally:
            if self._pool is not None:
                self._pool.close()
            with suppress(*DATABASE_ERRORS):
                self._finish_rejects()

    def _close(self, finished: float | None) -> None:
        try:
            self._flush(finished)
        except TooManyRemovals:
            # what is missing may come back: to go on from here would never see it
            with self._engine.begin() as connection:
                abandon_run(connection, self._state)
            raise

    def _read(self) -> bool:
        """Read the source to its end; whether it said that it finished."""
        changes = self._changes()
        while True:
            try:
                change = next(changes, None)
            except FacadeError:
                self._flush(None)
                raise
            except Exception as error:
                self._flush(None)
                raise ClaimsInvalid("source-raised", f"the source raised {type(error).__name__}") from error
            if change is None:
                return False
            if isinstance(change, Checkpoint) and change.finished:
                self._latest = change.watermark
                return True
            self._take(change)
            if self._shared and isinstance(change, Checkpoint) and isinstance(self._source, ReadsInStretches):
                changes.close()
                return self._read_stretches(self._source)

    @property
    def _shared(self) -> bool:
        """Whether there is a dictionary, so that others can go on."""
        trained = self._dictionary not in (None, PLAIN)
        return self._pool is not None or (self._plan.cluster is not None and trained)

    def _read_stretches(self, source: ReadsInStretches) -> bool:
        """Have the rest read by the others as well; whether the source said that it finished."""
        self._drain()
        try:
            stretches = source.stretches(self._latest)
        except FacadeError:
            raise
        except Exception as error:
            raise ClaimsInvalid("source-raised", f"the source raised {type(error).__name__}") from error
        if self._plan.cluster is not None:
            for found in self._plan.cluster.harvests(stretches, self._work()):
                self._put(found)
        elif self._pool is not None:
            for stretch in stretches:
                self._hand_out(self._pool, partial(source.read, stretch))
            while self._pool.busy:
                self._take_back(self._pool)
        self._latest = self._state.watermark
        return self._finished

    def _changes(self) -> Generator[object, None, None]:
        """What the source hands over; whatever it raises, it raises while it is read."""
        yield from self._source.changes(self._state.watermark)

    def _take(self, change: object) -> None:
        batch = self._batch
        if isinstance(change, Checkpoint):
            self._latest = change.watermark
        elif isinstance(change, MemberRecords):
            if batch.removed:
                self._flush(None)
            self._add(change)
        else:
            if isinstance(change, Removed):
                self._drain()
            take_aside(batch, change)
        first = self._plan.shares and not self._shared  # a dictionary as soon as may be: the others wait for it
        if batch.size >= (min(self._plan.batch, ENOUGH_SAMPLES) if first else self._plan.batch):
            self._flush(None)

    def _add(self, records: MemberRecords) -> None:
        """Map here, or have it mapped by a worker, a stretch at a time."""
        if self._pool is None:
            self._batch.add(records)
            self._progress.count(read_of(records))
            return
        self._pending.append(records)
        self._claims_pending += 1 + len(records.claims)
        if self._claims_pending >= _STRETCH:
            self._hand_out_pending(self._pool)

    def _hand_out_pending(self, pool: Pool) -> None:
        self._hand_out(pool, partial(iter, self._pending))
        self._pending, self._claims_pending = [], 0

    def _hand_out(self, pool: Pool, stretch: Stretch) -> None:
        if pool.full:
            self._take_back(pool)
        pool.hand_out(stretch, self._latest)

    def _take_back(self, pool: Pool) -> None:
        self._put(pool.take_back())

    def _put(self, found: Harvest) -> None:
        """Put what others mapped to the rest; commit where that is enough for a batch."""
        for batch in found.batches:
            if self._batch.removed and batch.members:
                self._commit(None)
            self._batch.merge(batch)
        self._state.watermark = found.watermark
        self._finished = found.finished
        for each in found.told:
            self._progress.count(each)
        if self._batch.size >= self._plan.batch:
            self._commit(None)

    def _drain(self) -> None:
        """Wait for the workers: everything read so far is in the batch, and the latest checkpoint goes with it."""
        if self._pool is not None:
            if self._pending:
                self._hand_out_pending(self._pool)
            while self._pool.busy:
                self._take_back(self._pool)
        self._state.watermark = self._latest

    def _flush(self, finished: float | None) -> None:
        """Write everything read so far; close the run that was received at ``finished``."""
        self._drain()
        self._commit(finished)
        if self._plan.workers > 1 and self._pool is None and self._dictionary not in (None, PLAIN) and not finished:
            self._pool = Pool(self._work(), self._plan.workers)

    def _work(self) -> Work:
        return Work(
            source=self._plan.name,
            mapper=self._plan.mapper,
            labels=self._plan.labels,
            patient_of=self._plan.patient_of,
            dictionary=self._dictionary or PLAIN,
            stamp=self._stamp,
        )

    def _commit(self, finished: float | None) -> None:
        """One transaction: the batch with the last checkpoint that it reaches."""
        self._state.saw(self._batch.days, today())
        self._state.unread += self._batch.unread
        with self._engine.begin() as connection:
            rows = RowWriter(connection, self._packer(connection), self._stamp, self.report)
            people = PeopleWriter(connection, self._state, self._plan.hashed, self._plan.combinations)
            BatchWriter(rows, people, self._state, self._done, self._plan.moved).write(self._batch)
            apply_removed(rows, people, self._plan.name, self._batch.removed)
            add_rejects(connection, self._state, self._batch.rejects)
            save_progress(connection, self._state)
            if finished is not None:
                if self._state.snapshot:
                    self.report.spared = sweep(connection, rows, self._state, self._plan.allow_removals)
                finish_run(connection, self._state, finished)
        self.report.noticed.merge(self._batch.noticed)
        self._batch.clear()
        collect()

    def _packer(self, connection: Connection) -> Packer:
        if self._dictionary is None or not self._shared:
            prepared = list(self._batch.prepared())
            self._dictionary = dictionary_for(connection, self._state.key, prepared, self._dictionary)
        return Packer(self._dictionary)

    def _finish_rejects(self) -> None:
        with self._engine.begin() as connection:
            self.report.rejected = count_rejects(connection, self._state)
            self.report.rejects = write_rejects(connection, self._state, self._plan.state)
