"""Writes who is who: members' keys, match keys, and who may act for whom."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade.contracts.people import Member, Representative
from fhir_facade.fhir.ids import facade_id
from fhir_facade.resources.matching import MatchHash
from fhir_facade.resources.schema import match_key, member, representation
from fhir_facade.sync.batch import MemberBatch
from fhir_facade.sync.combining import Combinations, keys_of
from fhir_facade.sync.state import SourceState, insert_new

_IN_LIST = 500

Mark = tuple[str, int, str]
"""Kind, mark and key version of a stored match key."""


class PeopleWriter:
    """Writes the people of one source in one transaction.

    Args:
        connection: the transaction.
        state: of the source.
        hashed: hashes match keys.
        combinations: kinds of evidence that match together.
    """

    def __init__(
        self, connection: Connection, state: SourceState, hashed: MatchHash, combinations: Combinations = ()
    ) -> None:
        self.connection = connection
        self._state = state
        self._hashed = hashed
        self._combinations = combinations
        self._unhashed: list[tuple[dict[str, Any], str]] = []

    def keys(self, batches: Sequence[MemberBatch]) -> tuple[dict[str, int], set[str]]:
        """The key of every member, made where it is new; and the source's ids of the new ones.

        A new member whose Patient id is another member's gets none: the two must not become one person.
        """
        known = self.known([batch.local for batch in batches])
        new = self._alone([batch for batch in batches if batch.local not in known])
        if new:
            rows = [{"source": self._state.key, "local": batch.local, "patient": batch.patient} for batch in new]
            self.connection.execute(sa.insert(member), rows)
            known |= self.known([batch.local for batch in new])
        return known, {batch.local for batch in new}

    def _alone(self, batches: Sequence[MemberBatch]) -> list[MemberBatch]:
        """Those whose Patient id nobody else of the source has."""
        taken: dict[str, str] = {}
        for start in range(0, len(batches), _IN_LIST):
            some = [batch.patient for batch in batches[start : start + _IN_LIST]]
            mine = (member.c.source == self._state.key, member.c.patient.in_(some))
            rows = self.connection.execute(sa.select(member.c.patient, member.c.local).where(*mine))
            taken.update((patient, local) for patient, local in rows)
        return [batch for batch in batches if taken.setdefault(batch.patient, batch.local) == batch.local]

    def known(self, locals_: Sequence[str]) -> dict[str, int]:
        """The keys of those members that are there already, by the source's id."""
        found: dict[str, int] = {}
        for start in range(0, len(locals_), _IN_LIST):
            some = locals_[start : start + _IN_LIST]
            mine = (member.c.source == self._state.key, member.c.local.in_(some))
            rows = self.connection.execute(sa.select(member.c.local, member.c.key).where(*mine))
            found.update((local, key) for local, key in rows)
        return found

    def put(self, key: int, batch: MemberBatch, changed: bool, fresh: bool) -> None:
        """Write match keys and representations of a member.

        Args:
            key: of the member.
            batch: what came of the member.
            changed: the Patient or a RelatedPerson was written: match keys are hashed again whatever their marks say.
            fresh: nothing of the member is stored yet.
        """
        stored = {} if fresh else self._marks(key)
        surviving = batch.member.merged_into
        patient = self._patient_of(surviving) if surviving else batch.patient
        self._put_keys(key, f"Patient/{patient}", batch.member, stored, changed)
        for identifier, person in batch.representatives.items():
            self._put_keys(key, f"RelatedPerson/{identifier}", person, stored, changed)
            self._put_representation(key, identifier, person)

    def flush(self) -> None:
        """Hash and write the match keys; hashing takes all cores, since it waits for none of Python."""
        if self._unhashed:
            with ThreadPoolExecutor(os.cpu_count()) as threads:
                hashes = threads.map(lambda row: self._hashed(row[0]["kind"], row[1]), self._unhashed)
                rows = [row | {"hash": found} for (row, _), found in zip(self._unhashed, hashes, strict=True)]
            self.connection.execute(insert_new(self.connection, match_key), rows)
            self._unhashed = []

    def _patient_of(self, local: str) -> str:
        """The Patient id of the member who survives a merge, known or to come."""
        mine = (member.c.source == self._state.key, member.c.local == local)
        found = self.connection.execute(sa.select(member.c.patient).where(*mine)).scalar_one_or_none()
        return found or facade_id(self._state.name, local)

    def _marks(self, key: int) -> dict[str, set[Mark]]:
        found: dict[str, set[Mark]] = {}
        row = match_key.c
        columns = sa.select(row.reference, row.kind, row.mark, row.hash).where(row.member == key)
        for reference, kind, mark, hashed in self.connection.execute(columns):
            found.setdefault(reference, set()).add((kind, mark, hashed.partition("$")[0]))
        return found

    def _put_keys(
        self,
        key: int,
        reference: str,
        person: Member | Representative,
        stored: dict[str, set[Mark]],
        changed: bool,
    ) -> None:
        values = keys_of(person, self._combinations)
        marks = {(kind, self._hashed.mark(kind, value), self._hashed.current) for kind, value in values}
        known = stored.get(reference, set())
        if known == marks and not changed:
            return
        if known:
            mine = (match_key.c.member == key, match_key.c.reference == reference)
            self.connection.execute(sa.delete(match_key).where(*mine))
        self._unhashed += [(self._row(key, reference, kind, value), value) for kind, value in sorted(values)]

    def _row(self, key: int, reference: str, kind: str, value: str) -> dict[str, Any]:
        return {
            "source": self._state.key,
            "kind": kind,
            "reference": reference,
            "member": key,
            "mark": self._hashed.mark(kind, value),
        }

    def _put_representation(self, key: int, identifier: str, person: Representative) -> None:
        mine = (representation.c.representative == identifier, representation.c.member == key)
        self.connection.execute(sa.delete(representation).where(*mine))
        if person.active:
            self.connection.execute(
                sa.insert(representation),
                {
                    "representative": identifier,
                    "member": key,
                    "starts_on": person.starts_on and person.starts_on.toordinal(),
                    "ends_on": person.ends_on and person.ends_on.toordinal(),
                },
            )
