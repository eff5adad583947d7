"""Units of all files in a SQLite file of the source's own: joins need all of them, memory only one member's."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from fhir_facade.contracts.staging import private
from fhir_facade_claims_x12.cutting import Closed, Refused, Transaction, Unit, units
from fhir_facade_claims_x12.loops import Loop, UnfitError
from fhir_facade_claims_x12.member_keys import member_key
from fhir_facade_claims_x12.reader import Segment

_SCHEMA = """
CREATE TABLE unit (
    id INTEGER PRIMARY KEY, transaction_set INTEGER NOT NULL, kind TEXT NOT NULL, file TEXT NOT NULL,
    segment INTEGER NOT NULL, created TEXT NOT NULL, member TEXT, control TEXT, joined INTEGER NOT NULL DEFAULT 0,
    payload TEXT NOT NULL
);
CREATE TABLE reject (id INTEGER PRIMARY KEY, file TEXT NOT NULL, segment INTEGER NOT NULL, reason TEXT NOT NULL);
"""
_INDEXES = """
CREATE INDEX unit_member ON unit (member, kind);
CREATE INDEX unit_control ON unit (control) WHERE kind = '835';
"""
_ORDER = "ORDER BY created, file, segment"


@dataclass(frozen=True, slots=True)
class Staged:
    """A unit with the place where it was read."""

    unit: Unit
    file: str
    row: int


class Staging:
    """The staging file.

    Args:
        path: where it is written anew.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = private(path)
        self._database.isolation_level = None
        self._database.executescript(_SCHEMA)
        self._transaction_set = 0

    def close(self) -> None:
        """Close the file and delete it."""
        self._database.close()
        self._path.unlink(missing_ok=True)

    def fill(self, files: Mapping[str, Path]) -> None:
        """Cut all files into units; each is known by its name in the folder."""
        self._database.execute("BEGIN")
        for name, path in files.items():
            self._transaction_set += 1
            for item in units(path):
                self._take(name, item)
        self._database.execute("COMMIT")
        self._database.executescript(_INDEXES)

    def members(self) -> list[str]:
        """Keys of everybody who is enrolled or has a claim, in a fixed order."""
        found = self._database.execute("SELECT DISTINCT member FROM unit WHERE member IS NOT NULL ORDER BY member")
        return [key for (key,) in found]

    def enrolments(self, key: str) -> list[Staged]:
        """834 units of a member, oldest first."""
        return self._select("WHERE member = ? AND kind = '834'", key)

    def submissions(self, key: str) -> list[Staged]:
        """837 units of a member, oldest first."""
        return self._select("WHERE member = ? AND kind <> '834'", key)

    def remittances(self, control: str) -> list[Staged]:
        """835 units of a patient control number, oldest first."""
        return self._select("WHERE control = ? AND kind = '835'", control)

    def join(self, rows: list[int]) -> None:
        """Remember that these remittances found their claim."""
        self._database.executemany("UPDATE unit SET joined = 1 WHERE id = ?", [(row,) for row in rows])

    def lonely(self) -> Iterator[tuple[str, int]]:
        """File and segment of remittances whose claim is in no file."""
        query = f"SELECT file, segment FROM unit WHERE kind = '835' AND joined = 0 {_ORDER}"  # noqa: S608 - constants
        yield from self._database.execute(query)

    def rejects(self) -> Iterator[tuple[str, int, str]]:
        """File, segment and reason of what could not be read."""
        yield from self._database.execute("SELECT file, segment, reason FROM reject ORDER BY id")

    def _take(self, file: str, item: Unit | Closed | Refused) -> None:
        if isinstance(item, Closed):
            self._transaction_set += 1
        elif isinstance(item, Refused):
            if item.discard:
                self._database.execute("DELETE FROM unit WHERE transaction_set = ?", (self._transaction_set,))
            self._reject(file, item.segment, item.reason)
        else:
            try:
                self._add(file, item)
            except UnfitError as error:
                self._reject(file, item.first, str(error))

    def _add(self, file: str, unit: Unit) -> None:
        control = unit.body.segments[0].get(1) if unit.kind is not Transaction.ENROLMENT else None
        member = None if unit.kind is Transaction.REMITTANCE else member_key(unit)
        self._database.execute(
            "INSERT INTO unit (transaction_set, kind, file, segment, created, member, control, payload)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (
                self._transaction_set,
                unit.kind.value,
                file,
                unit.first,
                unit.created.isoformat(),
                member,
                control,
                _packed(unit),
            ),
        )

    def _reject(self, file: str, segment: int, reason: str) -> None:
        self._database.execute("INSERT INTO reject (file, segment, reason) VALUES (?,?,?)", (file, segment, reason))

    def _select(self, where: str, value: str) -> list[Staged]:
        query = f"SELECT id, kind, file, segment, created, payload FROM unit {where} {_ORDER}"  # noqa: S608 - constants
        return [
            Staged(_unpacked(kind, segment, created, payload), file, row)
            for row, kind, file, segment, created, payload in self._database.execute(query, (value,))
        ]


def _packed(unit: Unit) -> str:
    loops = [*unit.context, unit.body]
    return json.dumps([[[each.number, each.component, each.elements] for each in loop.segments] for loop in loops])


def _unpacked(kind: str, segment: int, created: str, payload: str) -> Unit:
    loops = [
        Loop(tuple(Segment(number, tuple(elements), component) for number, component, elements in loop))
        for loop in json.loads(payload)
    ]
    return Unit(Transaction(kind), datetime.fromisoformat(created), segment, tuple(loops[:-1]), loops[-1])
