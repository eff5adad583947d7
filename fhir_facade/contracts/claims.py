"""What a claims plugin is: it answers about members, or hands over everything for a read-only copy, or both.

A source hands over records, never FHIR. Every method that gives claims takes the member; another member's claim and an
unknown one are both ``None``; no method lists claims without a member, ``changes`` apart. The facade re-checks the
member of every record: a plugin that ignores the filter leaks nothing. A source is opened once per process, called
from several threads, keeps its own time-outs, and raises ``ClaimsUnavailable`` where it cannot answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from fhir_facade.contracts.people import (
    Coverage,
    Identifier,
    Member,
    Organization,
    Practitioner,
    Representative,
    SourcePosition,
)
from fhir_facade.contracts.records import Claim, ClaimKind


class Face(StrEnum):
    """What a source can do; it says so in ``capabilities``."""

    LIVE = "live"
    EXTRACT = "extract"
    RESOURCES = "resources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a source can do.

    Args:
        faces: the faces it implements.
        snapshot: ``changes(None)`` hands over everything there is: what it no longer names was deleted at the source.
        match_keys: the kinds of unique identifiers its members carry (``medicaid-id``, ``mbi`` …).
        fields: how a source field becomes an element, for the mapping spreadsheet: source field → record field
            (``"LINE_SBMTD_CHRG_AMT": "ClaimLine.amounts[submitted]"``), by file or table.
    """

    faces: frozenset[Face]
    snapshot: bool = False
    match_keys: tuple[str, ...] = ()
    fields: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberRecords:
    """Records of one member. A member with many claims may come in several of these, one after another.

    ``organizations`` and ``practitioners`` are those that the claims and coverages here name; they may repeat.
    """

    member: Member
    coverages: tuple[Coverage, ...] = ()
    claims: tuple[Claim, ...] = ()
    organizations: tuple[Organization, ...] = ()
    practitioners: tuple[Practitioner, ...] = ()
    representatives: tuple[Representative, ...] = ()


class RemovedKind(StrEnum):
    """What was deleted at the source."""

    MEMBER = "member"
    CLAIM = "claim"
    COVERAGE = "coverage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """Something the source deleted: a tombstone is kept (410). A removed member takes all their records along."""

    kind: RemovedKind
    record_id: str
    member_id: str
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A source record that could not be read; goes to the reject list, never stops the run.

    ``reason`` is one sentence that the payer's engineer understands, without member identifiers or names.
    """

    position: SourcePosition
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """Everything yielded so far is complete up to ``watermark``, an opaque text of the source.

    The facade commits what it got together with the watermark and hands it back to ``changes`` of the next run,
    whether this one ended or was killed. ``finished`` marks the last one of a run. An empty watermark there says that
    nothing is to be remembered: the next run calls ``changes(None)`` again, and where that is a snapshot, what it no
    longer names was deleted.
    """

    watermark: str
    finished: bool = False


Change = MemberRecords | Removed | Rejected | Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How much an extract run will read, for the progress bar. ``total`` is absent where nobody knows."""

    unit: str
    total: int | None


@runtime_checkable
class ExtractSource(Protocol):
    """The extract face: everything new or changed, for a read-only copy that the facade builds and serves from."""

    @property
    def capabilities(self) -> Capabilities:
        """What the source can do."""
        ...

    def progress(self) -> Progress:
        """What a run will read."""
        ...

    def changes(self, watermark: str | None) -> Iterator[Change]:
        """Everything new or changed since ``watermark``; everything there is for None.

        Memory stays bounded whatever the size of the source. The same source state gives the same records in the same
        order. The last item of a complete run is a ``Checkpoint`` with ``finished``.

        Raises:
            ClaimsUnavailable: the source cannot be read now; what was yielded before stays good.
        """
        ...

    def check(self) -> Sequence[str]:
        """Everything wrong with the set-up, each fault a sentence that says what to do; empty when all is well."""
        ...

    def close(self) -> None:
        """Give back what ``open`` took."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimQuery:
    """One page of one member's claims, newest service first.

    Filters narrow what a source must look at: a source may return more than asked for (the facade applies R4's exact
    semantics to what it gets) but never less. An absent filter is no limit. Order is always ``service_start``
    descending, then ``claim_id`` ascending; ``after`` is the position of the last claim of the page before.
    """

    member_id: str
    count: int
    """1–100, clamped by the facade."""
    after: tuple[date, str] | None = None
    claim_ids: tuple[str, ...] | None = None
    kinds: frozenset[ClaimKind] | None = None
    identifiers: tuple[Identifier, ...] | None = None
    service_from: date | None = None
    """Claims with any service on or after this day."""
    service_to: date | None = None
    """Claims with any service on or before this day."""
    updated_from: datetime | None = None
    updated_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimPage:
    """At most ``count`` claims in the order of the query; ``more`` says that others follow."""

    claims: tuple[Claim, ...]
    more: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """Organizations and practitioners by their ids; unknown ids are left out."""

    organizations: tuple[Organization, ...] = ()
    practitioners: tuple[Practitioner, ...] = ()


@runtime_checkable
class LiveSource(Protocol):
    """The live face: answers per-member questions on request."""

    @property
    def capabilities(self) -> Capabilities:
        """What the source can do."""
        ...

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        """Who is meant by the evidence.

        Returns:
            Ids of the members (or ``representative:<id>`` of the representatives) whose match keys equal all of
            ``evidence`` that this source knows; two or more are the facade's ``many``. Names are never looked at.
        """
        ...

    def member(self, member_id: str) -> Member | None:
        """The member, or None."""
        ...

    def coverages(self, member_id: str) -> Sequence[Coverage]:
        """All cover of the member, newest first; empty for an unknown member."""
        ...

    def representatives(self, member_id: str) -> Sequence[Representative]:
        """Those who may act, or could, for the member."""
        ...

    def claim(self, member_id: str, claim_id: str) -> Claim | None:
        """The claim if it is this member's; None for another member's or an unknown one."""
        ...

    def search(self, query: ClaimQuery) -> ClaimPage:
        """One page of claims of ``query.member_id``."""
        ...

    def providers(self, ids: Sequence[str]) -> Providers:
        """The organizations and practitioners of these ids."""
        ...

    def check(self) -> Sequence[str]:
        """Everything wrong with the set-up, each fault a sentence that says what to do; empty when all is well."""
        ...

    def close(self) -> None:
        """Give back what ``open`` took."""
        ...


@runtime_checkable
class FindsRepresented(Protocol):
    """Optional face of a live source whose representatives log in themselves."""

    def represented(self, representative_id: str) -> Sequence[str]:
        """Ids of the members whom the representative stands by, on whatever days; empty for an unknown one."""
        ...


@runtime_checkable
class FindsCoveredMember(Protocol):
    """Optional face of a live source that finds a member and all cover at once: every page needs both."""

    def covered_member(self, member_id: str) -> MemberRecords | None:
        """What ``member`` and ``coverages`` give, and nothing else; None for an unknown member."""
        ...


@runtime_checkable
class HasNotes(Protocol):
    """Optional face of a source with something to say that is no fault: ``fhir-facade check`` shows it and goes on."""

    def notes(self) -> Sequence[str]:
        """Each a sentence that says what to look at."""
        ...


ClaimsSource = ExtractSource | LiveSource
"""A claims source implements one face or both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedMember:
    """A named member of a sandbox: user name, password and a one-sentence story."""

    username: str
    password: str
    story: str
    evidence: Mapping[str, str]


@runtime_checkable
class HasNamedMembers(Protocol):
    """Optional face of a source whose members are invented: people who may be logged in as."""

    def named_members(self) -> Sequence[NamedMember]:
        """The named members, in the order in which they should be shown."""
        ...
