"""The staging file: every record by member and claim, so that claims are put together in bounded memory."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from fhir_facade.contracts.people import SourcePosition
from fhir_facade.contracts.staging import Faults
from fhir_facade_claims_tmsis.cells import Record

NAME = "tmsis-staging.sqlite"

NUMBERED = """
CREATE TABLE members (number INTEGER PRIMARY KEY, member TEXT);
INSERT INTO members (member)
SELECT member FROM people WHERE member NOT LIKE '#%' UNION SELECT member FROM headers ORDER BY 1;
"""
"""Members in the order in which they are told: their ids may have a meaning, their numbers have none."""

_MEMBERS = "SELECT member FROM members WHERE number > ? AND number <= ? ORDER BY number"
_CLAIMS = """
SELECT m.number, count(h.seq) FROM members m LEFT JOIN headers h ON h.member = m.member
WHERE m.number > ? GROUP BY m.number ORDER BY m.number
"""
_COUNT = """
SELECT count(*) FROM headers WHERE coalesce(json_extract(cells, '$."ADJUSTMENT-IND"'), '0') NOT IN ('1', '2')
"""
_HEADERS = """
SELECT h.key, h.file, h.number, h.broken, h.cells, o.family IS NOT NULL, o.member
FROM headers h LEFT JOIN owners o ON o.family = h.family WHERE h.member = ? ORDER BY h.seq
"""


@dataclass(frozen=True, slots=True)
class Header:
    """A claim header: the key that its lines share, the delivery it came with, and what is wrong with it.

    ``broken``: it could not be read whole. ``doubled``: one delivery has it twice, with different content. ``moved``: a
    newer delivery says that the claim is another member's. ``torn``: its records name several members.
    """

    kind: str
    key: str
    delivery: str
    broken: bool
    doubled: bool
    record: Record
    moved: bool = False
    torn: bool = False

    def differs(self, other: Header) -> bool:
        """Whether the other one is of the same delivery and says something else."""
        return self.delivery == other.delivery and content(self.record) != content(other.record)


def content(record: Record) -> frozenset[tuple[str, str]]:
    """What a record says, whatever its number in the file."""
    return frozenset((name, value) for name, value in record.cells.items() if name != "RECORD-NUMBER")


class Staging:
    """An open staging file."""

    def __init__(self, path: Path, sign: str) -> None:
        self._sign = sign
        self._database = sqlite3.connect(path, check_same_thread=False)
        self.faults = Faults(self._database)
        self._files = {
            number: (name, date.fromisoformat(created), bool(fixed), period)
            for number, name, created, fixed, period in self._database.execute("SELECT * FROM files")
        }
        self.fingerprint, as_of = self._database.execute("SELECT fingerprint, as_of FROM meta").fetchone()
        self.as_of = datetime.combine(date.fromisoformat(as_of), time(), UTC)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def claims(self) -> int:
        """How many claim records the folder holds, but for voids, which are none themselves."""
        return int(self._database.execute(_COUNT).fetchone()[0])

    def cuts(self, done: int, claims: int) -> Sequence[int]:
        """Numbers of the members behind the first ``done`` with whom another ``claims`` claim records are reached."""
        found, pending = [], 0
        for number, records in self._database.execute(_CLAIMS, (done,)):
            pending += records
            if pending >= claims:
                found.append(number)
                pending = 0
        return found

    def members(self, done: int, to: int) -> Iterator[str]:
        """The state's ids of the members behind the first ``done``, up to number ``to``, in order."""
        with closing(self._database.execute(_MEMBERS, (done, to))) as cursor:
            yield from (row[0] for row in cursor)

    def people(self, member: str) -> dict[str, list[Record]]:
        """The member's records by segment, each of the newest file that names the member in that segment."""
        query = "SELECT segment, file, number, cells FROM people WHERE member = ? ORDER BY seq"
        found: dict[str, list[tuple[int, Record]]] = {}
        for segment, file, number, cells in self._database.execute(query, (member,)):
            found.setdefault(segment, []).append((file, self._record(segment, file, number, cells)))
        return {segment: [record for file, record in rows if file == rows[-1][0]] for segment, rows in found.items()}

    def headers(self, member: str) -> list[Header]:
        """Headers of the member's claims, of the newest delivery where several tell of the same."""
        found: dict[str, Header] = {}
        for key, file, number, broken, cells, shared, owner in self._database.execute(_HEADERS, (member,)):
            kind = key.split("|", 1)[0]
            record = self._record(f"{kind}00002", file, number, cells)
            moved, torn = owner is not None and owner != member, bool(shared) and owner is None
            header = Header(kind, key, self._files[file][3], bool(broken), False, record, moved, torn)
            before = found.get(key)
            doubled = before is not None and (before.doubled or header.differs(before))
            found[key] = replace(header, doubled=doubled)
        return list(found.values())

    def parts(self, header: Header, most: int) -> tuple[list[Record], bool]:
        """Lines and diagnoses of a claim, at most ``most`` and one more, and whether one could not be read whole.

        What is written twice in the same words stands once.
        """
        query = (
            "SELECT segment, file, number, broken, cells FROM parts WHERE key = ? AND delivery = ? ORDER BY seq LIMIT ?"
        )
        rows = self._database.execute(query, (header.key, header.delivery, most + 1)).fetchall()
        found: dict[tuple[str, frozenset[tuple[str, str]]], Record] = {}
        for segment, file, number, _, cells in rows:
            record = self._record(segment, file, number, cells)
            found.setdefault((segment, content(record)), record)
        return list(found.values()), any(row[3] for row in rows)

    def provider(self, number: str) -> dict[str, list[Record]]:
        """What the newest provider file says of a provider, by segment."""
        query = "SELECT segment, file, number, cells FROM providers WHERE provider = ? ORDER BY seq"
        found: dict[str, list[Record]] = {}
        rows = self._database.execute(query, (number,)).fetchall()
        newest = max((row[1] for row in rows), default=None)
        for segment, file, line, cells in rows:
            if file == newest:
                found.setdefault(segment, []).append(self._record(segment, file, line, cells))
        return found

    def _record(self, segment: str, file: int, number: int, cells: str) -> Record:
        name, created, fixed, _ = self._files[file]
        position = SourcePosition(file=name, line=number)
        return Record(segment, json.loads(cells), position, fixed, self._sign, created)


def discard(scratch: Path) -> None:
    """Delete the staging file in ``scratch``, if there is one."""
    (scratch / NAME).unlink(missing_ok=True)
