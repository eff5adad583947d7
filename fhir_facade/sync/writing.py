"""A batch's members and shared resources, written: who gets a key, what differs, what the snapshot named."""

from __future__ import annotations

from fhir_facade.resources.schema import TYPES
from fhir_facade.sync.batch import Batch, MemberBatch
from fhir_facade.sync.done import Done
from fhir_facade.sync.people import PeopleWriter
from fhir_facade.sync.rekeying import Moved, Rekeying
from fhir_facade.sync.rows import RowWriter
from fhir_facade.sync.state import SourceState

_CLAIM = TYPES["ExplanationOfBenefit"]
_OWN_TYPES = (TYPES["Coverage"], TYPES["ExplanationOfBenefit"], TYPES["RelatedPerson"])


class BatchWriter:
    """Writes a batch in one transaction.

    Args:
        rows: writes resources.
        people: writes who is who.
        state: of the source.
        done: what this run has handled already.
        moved: told which Patient ids are given up, before that is committed.
    """

    def __init__(self, rows: RowWriter, people: PeopleWriter, state: SourceState, done: Done, moved: Moved) -> None:
        self._rows = rows
        self._people = people
        self._state = state
        self._done = done
        self._moved = moved

    def write(self, batch: Batch) -> None:
        """Write what differs; a member whose Patient id is another's goes on the reject list."""
        members = [member for member in batch.members.values() if member.rows or member.kept]
        shown = [member for member in members if member.rows]
        keys, new = self._people.keys(shown)
        stay = Rekeying(self._people.connection, self._state, self._moved).apply(shown, keys)
        keys |= self._people.known([member.local for member in members if member.local not in keys])
        shared = -self._state.key
        self._rows.put(shared, self._done.left(shared, batch.shared.values()), fresh=False)
        for member in members:
            if member.rows and (member.local not in keys or member.local in stay):
                fault = (
                    "another member of this source has the same Patient id: the identifier of the crosswalk is shared"
                )
                batch.reject(member.member.position, fault)
            elif member.local in keys:
                self._write_member(keys[member.local], member, member.local in new)
        self._rows.flush()
        self._people.flush()

    def _write_member(self, key: int, member: MemberBatch, fresh: bool) -> None:
        changed = self._rows.put(key, self._done.left(key, member.rows.values()), fresh)
        if member.rows:
            self._people.put(key, member, any(number != _CLAIM for number, _ in changed), fresh)
        if self._state.snapshot:
            kept = ((number, identifier) for identifier in member.kept for number in _OWN_TYPES)
            places = dict.fromkeys((*member.rows, *kept, (TYPES["Patient"], member.patient)))
            self._rows.mark_seen(self._state.key, [(key, number, identifier) for number, identifier in places])
