"""The ``x12`` source: a folder of interchanges in, one member's joined claims after the other out."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from fhir_facade.contracts.claims import (
    Capabilities,
    Change,
    Checkpoint,
    Face,
    Progress,
    Rejected,
)
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.contracts.people import Identifier, Organization, SourcePosition
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.staging import fingerprint
from fhir_facade_claims_x12.fields import FIELDS
from fhir_facade_claims_x12.member import MemberReader
from fhir_facade_claims_x12.settings import X12Settings
from fhir_facade_claims_x12.staging import Staging

MEMBERS_PER_CHECKPOINT = 200


class X12Source:
    """A folder of 834, 835 and 837 files, extract face.

    Args:
        settings: where the files are and who the payer is.
        context: where temporary files may be written.
    """

    def __init__(self, settings: X12Settings, context: SourceContext) -> None:
        self._settings = settings
        self._scratch = context.scratch

    @property
    def capabilities(self) -> Capabilities:
        """Extract alone."""
        return Capabilities(
            faces=frozenset({Face.EXTRACT}),
            snapshot=self._settings.complete,
            match_keys=(self._settings.match_key,),
            fields=FIELDS,
        )

    def progress(self) -> Progress:
        """Nobody knows how many members the files name before they are read."""
        return Progress(unit="members", total=None)

    def changes(self, watermark: str | None) -> Iterator[Change]:
        """Member after member, unless the files are those of the last finished run, and all of them could be read.

        A run that was stopped goes on after the last member it told of, if the files are the same. As long as something
        cannot be read, every run tells everything anew: what was mended meanwhile leaves the reject list.

        Raises:
            ClaimsUnavailable: the folder or a file cannot be read.
        """
        files = self._files()
        try:
            state = fingerprint(files.items(), repr(self._settings))
        except OSError as error:
            raise ClaimsUnavailable(f"a file of {self._settings.folder} was taken away meanwhile: {error}") from error
        before, _, reached = (watermark or "").partition("/")
        if before == state and reached == "end":
            yield Checkpoint(watermark=f"{state}/end", finished=True)
            return
        with closing(Staging(self._scratch / "x12.sqlite")) as staging:
            try:
                staging.fill(files)
            except OSError as error:
                raise ClaimsUnavailable(f"a file of {self._settings.folder} cannot be read: {error}") from error
            start = int(reached) if before == state and reached.isdecimal() else 0
            whole = yield from self._members(staging, state, start)
            for rejected in _rejects(staging):
                whole = False
                yield rejected
        # where files that went missing mean deletions, the next run tells everything again
        again = self._settings.complete or not whole
        yield Checkpoint(watermark="" if again else f"{state}/end", finished=True)

    def check(self) -> Sequence[str]:
        """What is wrong with the folder."""
        folder = self._settings.folder
        if not folder.is_dir():
            return (f"folder: {folder} is no folder; name the one that holds the 834, 835 and 837 files",)
        return () if any(self._files()) else (f"folder: {folder} holds no files",)

    def close(self) -> None:
        """Nothing to give back."""

    def _files(self) -> dict[str, Path]:
        """Each file of the folder and its subfolders by its name there, but for hidden ones."""
        folder = self._settings.folder
        try:
            if not folder.is_dir():
                raise NotADirectoryError(f"{folder} is not a folder")
            found = sorted(each for each in folder.rglob("*") if each.is_file() and not each.name.startswith("."))
        except OSError as error:
            raise ClaimsUnavailable(f"the folder {folder} cannot be read: {error}") from error
        return {each.relative_to(folder).as_posix(): each for each in found}

    def _members(self, staging: Staging, state: str, start: int) -> Generator[Change, None, bool]:
        """Everything the files say of each member; returns whether all of it could be read."""
        reader, whole = MemberReader(staging, self._settings, self._payer()), True
        for place, key in enumerate(staging.members()):
            changes = list(reader.changes(key))
            whole = whole and not any(isinstance(each, Rejected) for each in changes)
            # Members told of before are read again, so that their remittances count as joined.
            if place < start:
                continue
            yield from changes
            if (place + 1) % MEMBERS_PER_CHECKPOINT == 0:
                yield Checkpoint(watermark=f"{state}/{place + 1}")
        return whole

    def _payer(self) -> Organization:
        settings = self._settings
        return Organization(
            organization_id="payer",
            name=settings.payer_name,
            last_updated=datetime(2020, 1, 1, tzinfo=UTC),
            npi=settings.payer_npi,
            tax_id=settings.payer_tax_id,
            naic=settings.payer_naic,
            payer_id=Identifier(system=None, value=settings.payer_id),
        )


def _rejects(staging: Staging) -> Iterator[Rejected]:
    for file, segment, reason in staging.rejects():
        yield Rejected(position=SourcePosition(file=file, line=f"segment {segment}"), reason=reason)
    for file, segment in staging.lonely():
        position = SourcePosition(file=file, line=f"segment {segment}")
        yield Rejected(position=position, reason="the payment is for a claim that is in no 837 file")
