"""One run of ``fhir-facade sync SOURCE``: from a claims source into the replica, in batches, resumable at any moment.

A batch is one transaction: its rows, its tombstones, its rejects and the source's last checkpoint. A run that dies
leaves the replica at the end of some batch, with the watermark that belongs to it; the next one goes on from there, and
what it reads twice is found unchanged. A batch is never larger than the memory for it.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Generator, Sequence
from contextlib import suppress
from dataclasses import replace

from sqlalchemy.engine import Connection, Engine

from fhir_facade.contracts.claims import Checkpoint, ExtractSource, MemberRecords, Removed
from fhir_facade.contracts.databases import told
from fhir_facade.contracts.errors import ClaimsInvalid, ClaimsUnavailable, FacadeError, raised
from fhir_facade.contracts.guarding import guarded
from fhir_facade.contracts.stretches import ReadsInStretches
from fhir_facade.resources.database import DATABASE_ERRORS, writer
from fhir_facade.resources.frames import ENOUGH_SAMPLES, PLAIN, Dictionary, Packer
from fhir_facade.search.registry import REGISTRY
from fhir_facade.sync.collecting import collect, collected_between_batches
from fhir_facade.sync.dictionaries import dictionary_for, newest_dictionary
from fhir_facade.sync.done import Done
from fhir_facade.sync.harvest import Harvest, take_aside
from fhir_facade.sync.lock import one_at_a_time
from fhir_facade.sync.people import PeopleWriter
from fhir_facade.sync.plan import SyncPlan
from fhir_facade.sync.pool import Pool
from fhir_facade.sync.progress import Counter, OnProgress
from fhir_facade.sync.progress import told as read_of
from fhir_facade.sync.removal import TooManyRemovals, apply_removed, sweep
from fhir_facade.sync.report import SyncReport
from fhir_facade.sync.rows import RowWriter
from fhir_facade.sync.sharing import STRETCH, Sharing
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


def _raised(error: BaseException) -> ClaimsInvalid:
    return ClaimsInvalid("source-raised", f"the source raised {raised(error)}")


class _Run:
    def __init__(self, engine: Engine, source: ExtractSource, plan: SyncPlan, on_progress: OnProgress | None) -> None:
        self.report = SyncReport(plan.name)
        self._engine = engine
        self._source = source
        self._plan = plan
        self._rendering = fingerprint(plan.rendering)
        self._stamp = zlib.crc32(self._rendering.encode())
        self._work = Work(
            source=plan.name, mapper=plan.mapper, labels=plan.labels, patient_of=plan.patient_of, stamp=self._stamp
        )
        self._batch = self._work.batch()
        self._dictionary = PLAIN
        self._done = Done()
        self._progress = Counter(source, on_progress)
        self._sharing: Sharing | None = None
        self._latest: str | None = None
        self._finished = False

    def work(self, started: float) -> None:
        with guarded():
            snapshots = self._source.capabilities.snapshot
        with self._engine.begin() as connection:
            self._state = begin_run(connection, self._plan.name, self._rendering, snapshots)
            self._dictionary = newest_dictionary(connection, self._state.key)
        self._latest = self._state.watermark
        self._sharing = self._shared()
        try:
            finished = self._read()
            self._close(started if finished else None)
            if not finished:
                raise ClaimsInvalid("unfinished", "the source ended without a finished checkpoint")
        except BaseException:
            with suppress(*DATABASE_ERRORS):  # what ended the run is told, not what followed from it
                self._finish_rejects()
            raise
        finally:
            if self._sharing is not None:
                self._sharing.close()
        self._finish_rejects()

    def _close(self, finished: float | None) -> None:
        try:
            self._flush(finished)
        except TooManyRemovals:
            # what is missing may come back: to go on from here would never see it
            with self._engine.begin() as connection:
                abandon_run(connection, self._state)
            raise

    def _shared(self) -> Sharing | None:
        """Processes that map beside this one, where the plan wants them."""
        if self._plan.workers == 1 or self._plan.cluster is not None:
            return None
        pool = Pool(self._work, self._source, self._plan.workers)
        out_at_a_time = max(1, self._plan.batch // pool.most)  # all that is out makes about one batch
        return Sharing(pool, self._put, self._map, self._to_pack_under, min(STRETCH, out_at_a_time))

    def _to_pack_under(self) -> Dictionary | None:
        return self._dictionary if self._settled else None

    @property
    def _settled(self) -> bool:
        """Whether the dictionary stays as it is."""
        used_elsewhere = self._plan.cluster is not None and self._dictionary is not PLAIN
        return used_elsewhere or self._dictionary.samples >= ENOUGH_SAMPLES

    @property
    def _enough(self) -> int:
        """Resources of one transaction; of the first, no more than a dictionary needs."""
        return self._plan.batch if self._settled or not self._plan.shares else min(self._plan.batch, ENOUGH_SAMPLES)

    def _read(self) -> bool:
        """Read the source to its end; whether it said that it finished."""
        if stretches := self._stretches():
            return self._read_stretches(stretches)
        changes = self._changes()
        while True:
            try:
                change = next(changes, None)
            except FacadeError:
                self._flush(None)
                raise
            except (Exception, SystemExit) as error:
                self._flush(None)
                raise _raised(error) from error
            if change is None:
                return False
            if isinstance(change, Checkpoint) and change.finished:
                self._latest = change.watermark
                return True
            self._take(change)
            if self._plan.cluster and isinstance(change, Checkpoint) and (stretches := self._stretches()):
                changes.close()
                return self._read_stretches(stretches)

    def _stretches(self) -> Sequence[str]:
        """What is left of the source for others to read; nothing where there are no others, or they could not share."""
        clustered = self._plan.cluster is not None
        shared = self._settled if clustered else self._sharing is not None
        if not shared or not isinstance(self._source, ReadsInStretches):
            return []
        self._drain()
        with guarded():
            found = self._source.stretches(self._latest)
        return found if clustered or len(found) > 1 else []

    def _read_stretches(self, stretches: Sequence[str]) -> bool:
        """Have stretches read by others; whether the source said that it finished."""
        try:
            if self._plan.cluster is not None:
                for found in self._plan.cluster.harvests(stretches, replace(self._work, dictionary=self._dictionary)):
                    self._put(found)
            elif self._sharing is not None:
                self._sharing.read(stretches, self._latest)
        finally:
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
            if self._sharing is not None:
                self._sharing.add(change, self._latest)
            else:
                self._map(change)
        else:
            if isinstance(change, Removed):
                self._drain()
            take_aside(batch, change)
        if batch.size >= self._enough:
            self._flush(None)

    def _map(self, records: MemberRecords) -> None:
        """Map in this process."""
        self._batch.add(records)
        self._progress.count(read_of(records))

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
        if self._batch.size >= self._enough:
            self._commit(None)

    def _drain(self) -> None:
        """Wait for the others: everything read so far is in the batch, and the latest checkpoint goes with it."""
        if self._sharing is not None:
            self._sharing.drain(self._latest)
        self._state.watermark = self._latest

    def _flush(self, finished: float | None) -> None:
        """Write everything read so far; close the run that was received at ``finished``."""
        self._drain()
        self._commit(finished)

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
        if not self._settled:
            prepared = list(self._batch.prepared())
            self._dictionary = dictionary_for(connection, self._state.key, prepared, self._stamp, self._dictionary)
        return Packer(self._dictionary)

    def _finish_rejects(self) -> None:
        with self._engine.begin() as connection:
            self.report.rejected = count_rejects(connection, self._state)
            self.report.rejects = write_rejects(connection, self._state, self._plan.state)
