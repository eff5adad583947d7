"""The ``rif`` source: a folder of files in, one member's records after the other out."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path

from fhir_facade.contracts.claims import (
    Capabilities,
    Change,
    Checkpoint,
    Face,
    MemberRecords,
    Progress,
    Rejected,
)
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.staging import place_at, watermark_at
from fhir_facade_claims_rif.files import SourceFile, discover
from fhir_facade_claims_rif.kinds import BENEFICIARY, KINDS, mapping
from fhir_facade_claims_rif.reader import MemberReader
from fhir_facade_claims_rif.settings import RifSettings
from fhir_facade_claims_rif.staging import Staging, discard, stage

CLAIMS_PER_CHECKPOINT = 500
"""A checkpoint follows the member with whom this many claims are reached."""


class RifSource:
    """A folder of RIF files, extract face."""

    def __init__(self, settings: RifSettings, context: SourceContext) -> None:
        self._settings = settings
        self._scratch: Path = context.scratch
        self._spent = False

    @property
    def capabilities(self) -> Capabilities:
        """Extract alone; deletions come as rows unless the folder is said to be complete."""
        return Capabilities(
            faces=frozenset({Face.EXTRACT}),
            snapshot=self._settings.complete,
            match_keys=("mbi", "bene-id"),
            fields={kind.name: mapping(kind) for kind in KINDS},
        )

    def progress(self) -> Progress:
        """How many claims the folder names. Sorts the rows by member if that has not been done yet."""
        with self._staged() as staging:
            return Progress(unit="claims", total=staging.claims())

    def changes(self, watermark: str | None) -> Iterator[Change]:
        """Member after member.

        A run that was stopped goes on after the last member it told of, as long as the files are the same. Any other
        run tells everything; what has not changed is not written again.

        Raises:
            ClaimsUnavailable: the folder or a file cannot be read.
        """
        finished = False
        try:
            with self._staged() as staging:
                after = _after(watermark, staging.fingerprint)
                if not after:
                    staging.faults.forget()
                yield from staging.faults
                yield from self._members(staging, after)
                finished = True
                yield Checkpoint(watermark="", finished=True)
        finally:
            if finished:
                discard(self._scratch)

    def stretches(self, watermark: str | None) -> Sequence[str]:
        """Stretches of members, some hundred claims each; the first one tells the faults of the files, too."""
        with self._staged() as staging:
            after = _after(watermark, staging.fingerprint)
            if not after:
                staging.faults.forget()
                staging.faults.commit()
            bounds = [after, *staging.cuts(after, CLAIMS_PER_CHECKPOINT), ""]
            self._spent = True
            return [
                json.dumps({"files": staging.fingerprint, "after": first, "to": last, "faults": number == 0})
                for number, (first, last) in enumerate(pairwise(bounds))
            ]

    def read(self, stretch: str) -> Iterator[Change]:
        """The members of one stretch.

        Raises:
            ClaimsUnavailable: a file cannot be read, or changed since the stretches were cut.
        """
        wanted = json.loads(stretch)
        with self._staged() as staging:
            if staging.fingerprint != wanted["files"]:
                raise ClaimsUnavailable("the RIF files changed while they were read; run the sync again")
            if wanted["faults"]:
                yield from staging.faults
            reader = MemberReader(self._settings, staging.as_of)
            bounds = (wanted["after"], wanted["to"]) if wanted["to"] else (wanted["after"],)
            for member_id, records in staging.members(*bounds):
                yield from reader.changes(member_id, records)
            reached = wanted["to"]
            told = watermark_at(staging.fingerprint, after=reached) if reached else ""
            yield Checkpoint(watermark=told, finished=not reached)

    def _members(self, staging: Staging, after: str) -> Iterator[Change]:
        reader = MemberReader(self._settings, staging.as_of)
        pending = 0
        for member_id, records in staging.members(after):
            for change in reader.changes(member_id, records):
                pending += len(change.claims) if isinstance(change, MemberRecords) else 0
                if isinstance(change, Rejected):
                    staging.faults.note(change)
                yield change
            if pending >= CLAIMS_PER_CHECKPOINT:
                staging.faults.commit()
                yield Checkpoint(watermark=watermark_at(staging.fingerprint, after=member_id))
                pending = 0
        staging.faults.commit()

    @contextmanager
    def _staged(self) -> Iterator[Staging]:
        """The staging file, which is closed afterwards."""
        try:
            found = stage(self._files(), self._scratch)
        except (OSError, sqlite3.Error) as error:
            raise ClaimsUnavailable(f"the RIF files cannot be read: {error}") from error
        with closing(found) as staging:
            try:
                yield staging
            except sqlite3.Error as error:
                raise ClaimsUnavailable(f"the staging file cannot be used: {error}") from error

    def _files(self) -> list[SourceFile]:
        return discover(self._settings.folder)

    def check(self) -> Sequence[str]:
        """Whether the folder is there and holds beneficiaries and claims."""
        try:
            files = self._files()
        except OSError as error:
            return (f"the folder of the RIF files cannot be read ({error}); check the path and its permissions",)
        kinds = {file.kind for file in files}
        faults = [f"{file.name}: {fault}" for file in files if not file.kind for fault in file.faults]
        if BENEFICIARY not in kinds:
            faults.append(f"{self._settings.folder} holds no beneficiary file; claims without one are left out")
        if not any(kind and kind.claim_kind for kind in kinds):
            faults.append(f"{self._settings.folder} holds no claims file")
        return tuple(faults)

    def unread(self) -> Mapping[str, Sequence[str]]:
        """Columns of the files that fill nothing."""
        known = [(file.name, file.header, mapping(file.kind)) for file in self._files() if file.kind]
        return {name: [column for column in header if column not in read] for name, header, read in known}

    def close(self) -> None:
        """Nothing is held open between runs; what was cut into stretches and read is thrown away."""
        if self._spent:
            discard(self._scratch)


def open_source(settings: RifSettings, context: SourceContext) -> RifSource:
    """The source of these settings."""
    return RifSource(settings, context)


def _after(watermark: str | None, fingerprint: str) -> str:
    """The member after whom to go on; empty to begin anew."""
    return str(place_at(watermark, fingerprint).get("after") or "")
