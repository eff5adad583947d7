"""What came since the last commit, mapped and encoded, waiting to be written together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from msgspec import MsgspecError

from fhir_facade.contracts.claims import MemberRecords, Removed
from fhir_facade.contracts.people import Coverage, Member, Representative, SourcePosition
from fhir_facade.contracts.records import Claim
from fhir_facade.fhir.ids import facade_id
from fhir_facade.fhir.mapper import Mapper, Rejection
from fhir_facade.resources.crosswalk import PatientOf, own_patient
from fhir_facade.resources.schema import TYPES
from fhir_facade.sync.courtesy import let_go_first
from fhir_facade.sync.noticed import Noticed
from fhir_facade.sync.prepare import Prepared, prepare
from fhir_facade.sync.state import Reject

Labels = Callable[[Claim], frozenset[str]]

_BROKEN = (AttributeError, TypeError, ValueError, LookupError, ArithmeticError, MsgspecError)
"""What records raise that are not of the contract's types."""


@dataclass(slots=True)
class MemberBatch:
    """What came of one member.

    Args:
        local: the source's id of the member.
        patient: ``Patient.id``.
        member: the newest record of the member.
        representatives: by RelatedPerson id.
        rows: prepared resources by type and id; a later one replaces an earlier one.
        kept: ids of records that could not be mapped: what is stored of them stays.
    """

    local: str
    patient: str
    member: Member
    representatives: dict[str, Representative] = field(default_factory=dict)
    rows: dict[tuple[int, str], Prepared] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)


class Batch:
    """Records of a stretch of the source.

    Args:
        source: name of the source.
        mapper: maps its records.
        labels: security labels of a claim.
        patient_of: a member's ``Patient.id``.
        ready: called with every resource as soon as it is encoded.

    ``unread`` counts the rejects of which nobody knows what was stored of them before.
    """

    def __init__(
        self,
        source: str,
        mapper: Mapper,
        labels: Labels,
        patient_of: PatientOf = own_patient,
        ready: Callable[[Prepared], None] | None = None,
    ) -> None:
        self._source = source
        self._mapper = mapper
        self._labels = labels
        self._patient_of = patient_of
        self._ready = ready
        self.clear()

    def another(self) -> Batch:
        """An empty one for the same source."""
        return Batch(self._source, self._mapper, self._labels, self._patient_of, self._ready)

    def clear(self) -> None:
        """Start again."""
        self.members: dict[str, MemberBatch] = {}
        self.shared: dict[tuple[int, str], Prepared] = {}
        self.removed: list[Removed] = []
        self.rejects: list[Reject] = []
        self.unread = 0
        self.noticed = Noticed()
        self.days: set[date | None] = set()
        self.size = 0

    def add(self, records: MemberRecords) -> None:
        """Map and encode the records of one member; records that break the contract are rejected, whatever they are."""
        try:
            self._add(records)
        except _BROKEN as error:
            position = getattr(getattr(records, "member", None), "position", None)
            self.reject(position, f"the records of a member break the contract ({type(error).__name__})")

    def _add(self, records: MemberRecords) -> None:
        own, foreign = _split(records)
        _check_people(own)
        for position in foreign:
            self.reject(position, "the record names another member than the one it was handed over with")
        member = records.member
        patient = self._patient_of(self._source, member)
        batch = self.members.get(member.member_id)
        if batch is None:
            batch = self.members[member.member_id] = MemberBatch(member.member_id, patient, member)
        batch.member = member
        for person in own.representatives:
            batch.representatives[facade_id(self._source, person.representative_id)] = person
        self._map(own, batch)
        for claim in own.claims:
            days = (claim.service_start, claim.service_end, claim.adjudicated_on)
            self.days.update(day for day in days if type(day) is date)

    def _map(self, records: MemberRecords, batch: MemberBatch) -> None:
        for mapped in self._mapper.resources(records, batch.patient, self._labels):
            if isinstance(mapped, Rejection):
                self._list(mapped.position, mapped.reason)
                batch.kept.add(facade_id(self._source, mapped.record_id))
                continue
            if mapped.findings:
                self.noticed.add(mapped)
            prepared = prepare(mapped)
            let_go_first()
            if self._ready is not None:
                self._ready(prepared)
            rows = self.shared if prepared.shared else batch.rows
            rows[prepared.type, prepared.id] = prepared
            self.size += 1
        if (TYPES["Patient"], batch.patient) not in batch.rows:
            self._drop_orphans(batch)

    def _drop_orphans(self, batch: MemberBatch) -> None:
        """Without a Patient nothing of the member can be served: what is stored stays as it is."""
        batch.kept.update(identifier for _, identifier in batch.rows)
        for prepared in batch.rows.values():
            self._list(prepared.position, f"the {prepared.name}'s member could not be mapped")
        batch.rows.clear()

    def prepared(self) -> Iterator[Prepared]:
        """Every resource of the batch."""
        for member in self.members.values():
            yield from member.rows.values()
        yield from self.shared.values()

    def merge(self, other: Batch) -> None:
        """Add what came after, prepared elsewhere."""
        for local, theirs in other.members.items():
            ours = self.members.setdefault(local, theirs)
            if ours is not theirs:
                ours.member = theirs.member
                ours.representatives |= theirs.representatives
                ours.rows |= theirs.rows
                ours.kept |= theirs.kept
        self.shared |= other.shared
        self.removed += other.removed
        self.rejects += other.rejects
        self.unread += other.unread
        self.noticed.merge(other.noticed)
        self.days |= other.days
        self.size += other.size

    def __getstate__(self) -> dict[str, Any]:
        """What goes from process to process: everything but the mapping."""
        return {name: value for name, value in vars(self).items() if not name.startswith("_")}

    def reject(self, position: SourcePosition | None, reason: str) -> None:
        """Put a record on the reject list of which nobody knows what it was about."""
        self._list(position, reason)
        self.unread += 1

    def _list(self, position: SourcePosition | None, reason: str) -> None:
        file, line = (position.file, str(position.line)) if position is not None else ("", "")
        self.rejects.append((file, line, reason))
        self.size += 1

    def remove(self, removed: Removed) -> None:
        """Remember a deletion; it applies after what was added before it."""
        self.removed.append(removed)
        self.size += 1


def _check_people(records: MemberRecords) -> None:
    """What is written about people without going through the mapping.

    Raises:
        TypeError: a field is not of the contract's type.
    """
    texts = [records.member.member_id, *(person.representative_id for person in records.representatives)]
    people: list[Member | Representative] = [records.member, *records.representatives]
    for person in people:
        texts += [text for key in person.match_keys for text in (key.kind, key.value)]
    days = [day for person in records.representatives for day in (person.starts_on, person.ends_on)]
    if not all(isinstance(text, str) and text for text in texts):
        raise TypeError("an id or match key is no text")
    if not all(day is None or type(day) is date for day in days):
        raise TypeError("a day is no date")


def _split(records: MemberRecords) -> tuple[MemberRecords, Iterable[SourcePosition | None]]:
    """What is the member's own, and the positions of what is not."""
    wanted = records.member.member_id
    own = MemberRecords(
        member=records.member,
        coverages=tuple(record for record in records.coverages if record.member_id == wanted),
        claims=tuple(record for record in records.claims if record.member_id == wanted),
        organizations=records.organizations,
        practitioners=records.practitioners,
        representatives=tuple(record for record in records.representatives if record.member_id == wanted),
    )
    everything: tuple[Claim | Coverage | Representative, ...] = (
        *records.coverages,
        *records.claims,
        *records.representatives,
    )
    return own, [record.position for record in everything if record.member_id != wanted]
