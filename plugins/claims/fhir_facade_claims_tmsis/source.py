"""The ``tmsis`` source: a folder of monthly files in, one member's records after the other out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from fhir_facade.contracts.claims import (
    Capabilities,
    Change,
    Checkpoint,
    Face,
    Progress,
    Rejected,
    Removed,
)
from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.staging import place_at, watermark_at
from fhir_facade_claims_tmsis import elements
from fhir_facade_claims_tmsis.files import KINDS, SourceFile, discover
from fhir_facade_claims_tmsis.filling import stage
from fhir_facade_claims_tmsis.layout import LayoutFault, known
from fhir_facade_claims_tmsis.numbers import MemberIds
from fhir_facade_claims_tmsis.reader import MemberReader
from fhir_facade_claims_tmsis.settings import TmsisSettings
from fhir_facade_claims_tmsis.staging import Staging, discard

CLAIMS_PER_CHECKPOINT = 500
"""A checkpoint follows the member with whom this many claim records are reached."""

_ALL = 2**63 - 1
"""Comes after the number of every member."""

_SSN_IDS = "its member ids are Social Security numbers; set id_key, a secret from which other ids are made"


class TmsisSource:
    """A folder of T-MSIS files, extract face."""

    def __init__(self, settings: TmsisSettings, context: SourceContext) -> None:
        self._settings = settings
        self._scratch: Path = context.scratch
        self._spent = False
        try:
            self._layouts = known(settings.layouts)
        except (LayoutFault, OSError) as error:
            raise ConfigError((f"claims.tmsis.layouts: {error}",)) from error

    @property
    def capabilities(self) -> Capabilities:
        """Extract alone; nothing is deleted unless the folder is said to be complete."""
        return Capabilities(
            faces=frozenset({Face.EXTRACT}),
            snapshot=self._settings.complete,
            match_keys=("medicaid-id", "mbi"),
            fields=elements.every_field(),
        )

    def progress(self) -> Progress:
        """How many claim records the folder holds. Sorts them by member if that has not been done yet."""
        with self._reading() as reader:
            return Progress(unit="claims", total=reader.staging.claims())

    def changes(self, watermark: str | None) -> Iterator[Change]:
        """Member after member.

        A run that was stopped goes on after the last member it told of, as long as the files are the same. Any other
        run tells everything; what has not changed is not written again.

        Raises:
            ClaimsUnavailable: the folder or a file cannot be read.
        """
        finished = False
        try:
            with self._reading() as reader:
                staging = reader.staging
                cuts = _cuts(staging, watermark)
                yield from staging.faults
                for done, to in cuts:
                    with closing(_told(reader, done, to)) as told:
                        for change in told:
                            if isinstance(change, Rejected):
                                staging.faults.note(change)
                            yield change
                    staging.faults.commit()
                    finished = to == _ALL
                    yield _checkpoint(staging, to)
        finally:
            if finished:
                discard(self._scratch)

    def stretches(self, watermark: str | None) -> Sequence[str]:
        """Stretches of members, some hundred claims each; the first one tells the faults of the files, too."""
        with self._reading() as reader:
            self._spent = True
            return [
                json.dumps({"files": reader.staging.fingerprint, "done": done, "to": to, "faults": number == 0})
                for number, (done, to) in enumerate(_cuts(reader.staging, watermark))
            ]

    def read(self, stretch: str) -> Iterator[Change]:
        """The members of one stretch.

        Raises:
            ClaimsUnavailable: a file cannot be read, or changed since the stretches were cut.
        """
        wanted = json.loads(stretch)
        with self._reading() as reader:
            if reader.staging.fingerprint != wanted["files"]:
                raise ClaimsUnavailable("the T-MSIS files changed while they were read; run the sync again")
            if wanted["faults"]:
                yield from reader.staging.faults
            yield from _told(reader, wanted["done"], wanted["to"])
            yield _checkpoint(reader.staging, wanted["to"])

    @contextmanager
    def _reading(self) -> Iterator[MemberReader]:
        """A reader of the staging file, which is closed afterwards."""
        try:
            files = self._files()
            staging = stage(files, self._scratch, self._settings.sign)
        except (OSError, sqlite3.Error) as error:
            raise ClaimsUnavailable(f"the T-MSIS files cannot be read: {error}") from error
        key = self._settings.id_key if any(file.ssn_ids for file in files) else None
        with closing(staging):
            try:
                yield MemberReader(self._settings, staging, MemberIds(key.reveal().encode() if key else None))
            except sqlite3.Error as error:
                raise ClaimsUnavailable(f"the staging file cannot be used: {error}") from error

    def _files(self) -> list[SourceFile]:
        files = discover(self._settings.folder, self._layouts, self._settings.test_files)
        unsafe = self._settings.id_key is None
        return [replace(f, fault=_SSN_IDS) if f.ssn_ids and unsafe and not f.fault else f for f in files]

    def check(self) -> Sequence[str]:
        """Whether the folder is there, every file can be read, and there are members and claims."""
        try:
            files = self._files()
        except OSError as error:
            return (f"the folder of the T-MSIS files cannot be read ({error}); check the path and its permissions",)
        faults = [f"{file.name}: {file.fault}" for file in files if file.fault]
        subjects = {file.subject for file in files}
        if "ELG" not in subjects:
            faults.append(f"{self._settings.folder} holds no eligibility file; claims without one are left out")
        if not subjects & set(KINDS):
            faults.append(f"{self._settings.folder} holds no claims file")
        return tuple(faults)

    def unread(self) -> Mapping[str, Sequence[str]]:
        """Elements of the files' segments that fill nothing."""
        read = elements.every_field()
        found: dict[str, list[str]] = {}
        for file in self._files():
            for segment, there in file.layout.segments.items() if file.layout else ():
                if segment in read and segment.startswith(file.subject):
                    found[segment] = [
                        one.name for one in there if one.name not in read[segment] and one.name != "FILLER"
                    ]
        return found

    def close(self) -> None:
        """Nothing is held open between runs; what was cut into stretches and read is thrown away."""
        if self._spent:
            discard(self._scratch)


def open_source(settings: TmsisSettings, context: SourceContext) -> TmsisSource:
    """The source of these settings."""
    return TmsisSource(settings, context)


def _done(watermark: str | None, fingerprint: str) -> int:
    """How many members are done: their ids may have a meaning, which nobody should find in a database."""
    done = place_at(watermark, fingerprint).get("done")
    return done if isinstance(done, int) and done > 0 else 0


def _cuts(staging: Staging, watermark: str | None) -> Iterator[tuple[int, int]]:
    """Stretches of members, by number; a run that begins anew forgets the faults that one before it found."""
    done = _done(watermark, staging.fingerprint)
    if not done:
        staging.faults.forget()
        staging.faults.commit()
    return pairwise((done, *staging.cuts(done, CLAIMS_PER_CHECKPOINT), _ALL))


def _told(reader: MemberReader, done: int, to: int) -> Generator[Change, None, None]:
    """The members of a stretch; removals come last, because each ends a batch."""
    gone: list[Removed] = []
    for msis_id in reader.staging.members(done, to):
        for change in reader.changes(msis_id):
            if isinstance(change, Removed):
                gone.append(change)
            else:
                yield change
    yield from gone


def _checkpoint(staging: Staging, to: int) -> Checkpoint:
    """What stands behind the member of number ``to``."""
    return Checkpoint(watermark="" if to == _ALL else watermark_at(staging.fingerprint, done=to), finished=to == _ALL)
