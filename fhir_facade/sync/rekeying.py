"""Gives members another Patient id, with all that is stored of them: their identifier in the crosswalk changed.

What the run does not hand over again is rewritten where it stands, to the very bytes that mapping it anew would give.
Whoever had been let in to the old id is told before anything moves: it may be another person's tomorrow.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from fhir_facade.fhir.encode import renumbered
from fhir_facade.resources import facets
from fhir_facade.resources.frames import Opener, Packer
from fhir_facade.resources.schema import NAMES, TYPES, match_key, member, resource, seen
from fhir_facade.search.index import index
from fhir_facade.sync.batch import MemberBatch
from fhir_facade.sync.rows import load_dictionary
from fhir_facade.sync.state import SourceState, insert_new

_PATIENT = TYPES["Patient"]
_IN_LIST = 500

Moved = Callable[[Collection[str]], object]
"""Told the Patient ids that are about to be given up."""


class Move(NamedTuple):
    """One member on the way from one Patient id to another."""

    key: int
    local: str
    old: str
    new: str


class Rekeying:
    """Moves the members of one source.

    Args:
        connection: the transaction.
        state: of the source.
        moved: told which ids are given up, before that is committed.
    """

    def __init__(self, connection: Connection, state: SourceState, moved: Moved) -> None:
        self._connection = connection
        self._state = state
        self._moved = moved

    def apply(self, batches: Sequence[MemberBatch], keys: Mapping[str, int]) -> set[str]:
        """Move those whose Patient id is another than the stored one; the source's ids of those who cannot.

        An id that another member keeps is not given a second time: the two must not become one person.
        """
        moves = self._moves(batches, keys)
        free = self._free(moves)
        if free:
            self._moved(sorted({one.old for one in free}))
            self._rename(free)
            for one in free:
                self._rewrite(one)
        stay = [one for one in moves if one not in free]
        self._mark_seen(stay)
        return {one.local for one in stay}

    def _moves(self, batches: Sequence[MemberBatch], keys: Mapping[str, int]) -> list[Move]:
        wanted = {keys[batch.local]: batch for batch in batches if batch.local in keys}
        stored: dict[int, str] = {}
        for start in range(0, len(wanted), _IN_LIST):
            some = list(wanted)[start : start + _IN_LIST]
            rows = self._connection.execute(sa.select(member.c.key, member.c.patient).where(member.c.key.in_(some)))
            stored.update((key, patient) for key, patient in rows)
        return [
            Move(key, batch.local, stored[key], batch.patient)
            for key, batch in wanted.items()
            if key in stored and stored[key] != batch.patient
        ]

    def _free(self, moves: Sequence[Move]) -> list[Move]:
        """Those whose new id nobody has, or only somebody who gives it up in the same moment."""
        holders = self._holders([one.new for one in moves])
        free, taken = list(moves), set[str]()
        while True:
            leaving, taken = {one.old for one in free}, set()
            left = []
            for one in free:
                if (one.new in leaving or one.new not in holders) and one.new not in taken:
                    left.append(one)
                    taken.add(one.new)
            if len(left) == len(free):
                return left
            free = left

    def _mark_seen(self, stay: Sequence[Move]) -> None:
        """Nothing of those who stay is taken for deleted."""
        if self._state.snapshot and stay:
            mine = resource.c.member.in_([one.key for one in stay])
            rows = self._connection.execute(sa.select(resource.c.member, resource.c.type, resource.c.id).where(mine))
            places = [{"source": self._state.key, "member": m, "type": t, "id": i} for m, t, i in rows]
            self._connection.execute(insert_new(self._connection, seen), places)

    def _holders(self, patients: Sequence[str]) -> set[str]:
        found: set[str] = set()
        for start in range(0, len(patients), _IN_LIST):
            mine = (member.c.source == self._state.key, member.c.patient.in_(patients[start : start + _IN_LIST]))
            found |= set(self._connection.execute(sa.select(member.c.patient).where(*mine)).scalars())
        return found

    def _rename(self, moves: Sequence[Move]) -> None:
        """By way of ids that are nobody's, so that two may exchange theirs."""
        change = (
            sa.update(member).where(member.c.key == sa.bindparam("b_key")).values(patient=sa.bindparam("b_patient"))
        )
        self._connection.execute(change, [{"b_key": one.key, "b_patient": f"~{one.key}"} for one in moves])
        self._connection.execute(change, [{"b_key": one.key, "b_patient": one.new} for one in moves])
        references = {f"Patient/{one.old}": f"Patient/{one.new}" for one in moves}
        for start in range(0, len(references), _IN_LIST):
            mine = (
                match_key.c.source == self._state.key,
                match_key.c.reference.in_(list(references)[start:][:_IN_LIST]),
            )
            rows = [dict(row) for row in self._connection.execute(sa.select(match_key).where(*mine)).mappings()]
            if rows:
                self._connection.execute(sa.delete(match_key).where(*mine))
                renamed = [row | {"reference": references[row["reference"]]} for row in rows]
                self._connection.execute(insert_new(self._connection, match_key), renamed)

    def _rewrite(self, move: Move) -> None:
        """Everything stored of the member, under the new id."""
        codecs: dict[int, tuple[Opener, Packer]] = {}
        rows = self._connection.execute(sa.select(resource).where(resource.c.member == move.key)).mappings().all()
        for row in map(dict, rows):
            if row["dictionary"] not in codecs:
                known = load_dictionary(self._connection, row["dictionary"])
                codecs[row["dictionary"]] = Opener(known), Packer(known)
            place = [resource.c[name] == row[name] for name in ("member", "type", "rank", "id")]
            changed = _changed(row, move, *codecs[row["dictionary"]])
            self._connection.execute(sa.update(resource).where(*place).values(changed))


def _changed(row: Mapping[str, Any], move: Move, opener: Opener, packer: Packer) -> dict[str, Any]:
    """What of a row is another under the new id."""
    own = row["type"] == _PATIENT
    text = opener.body(row["body"]).replace(
        f'"reference":"Patient/{move.old}"'.encode(), f'"reference":"Patient/{move.new}"'.encode()
    )
    if own:
        text = text.replace(f'"id":"{move.old}"'.encode(), f'"id":"{move.new}"'.encode(), 1)
    body, version = renumbered(text, row["version"])
    found = index(json.loads(body))
    return {
        "id": move.new if own else row["id"],
        "version": version,
        "terms": facets.terms(NAMES[row["type"]], found),
        "facets": packer.facets(facets.pack(found)),
        "body": packer.body(body),
    }
