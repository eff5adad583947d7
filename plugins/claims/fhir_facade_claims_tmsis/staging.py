"""The staging file: every record by member and claim, so that claims are put together in bounded memory.

Lines and diagnoses stand anywhere in a file, and one member's claims in many files. The staging file is built once per
state of the folder, under another name until it is complete.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path

from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.people import SourcePosition
from fhir_facade_claims_tmsis.cells import Record
from fhir_facade_claims_tmsis.files import KINDS, PEOPLE, Raw, SourceFile, records

_SCHEMA = """
CREATE TABLE meta (fingerprint TEXT, as_of TEXT);
CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT, created TEXT, fixed INTEGER, period TEXT);
CREATE TABLE people (seq INTEGER PRIMARY KEY, member TEXT, segment TEXT, file INTEGER, number INTEGER, cells TEXT);
CREATE TABLE headers (seq INTEGER PRIMARY KEY, member TEXT, key TEXT, file INTEGER, number INTEGER, broken INTEGER,
                      cells TEXT);
CREATE TABLE parts (seq INTEGER PRIMARY KEY, key TEXT, delivery TEXT, segment TEXT, file INTEGER, number INTEGER,
                    broken INTEGER, cells TEXT);
CREATE TABLE providers (seq INTEGER PRIMARY KEY, provider TEXT, segment TEXT, file INTEGER, number INTEGER, cells TEXT);
CREATE TABLE faults (file TEXT, line, reason TEXT, stage INTEGER, UNIQUE (file, line, reason));
"""
_INDEXES = """
CREATE INDEX headers_by_member ON headers (member, key, seq);
CREATE INDEX headers_by_key ON headers (key);
CREATE INDEX people_by_member ON people (member, segment, seq);
CREATE INDEX parts_by_key ON parts (key, delivery, seq);
CREATE INDEX providers_by_id ON providers (provider, segment, seq);
"""
_ORPHANS = """
SELECT f.name, min(p.number) FROM parts p JOIN files f ON f.id = p.file
WHERE NOT EXISTS (SELECT 1 FROM headers h WHERE h.key = p.key) GROUP BY p.key, f.name ORDER BY f.name, p.number
"""
_MEMBERS = """
SELECT member FROM people WHERE member NOT LIKE '#%' UNION SELECT member FROM headers ORDER BY 1 LIMIT -1 OFFSET ?
"""
_COUNT = """
SELECT count(*) FROM headers WHERE coalesce(json_extract(cells, '$."ADJUSTMENT-IND"'), '0') NOT IN ('1', '2')
"""
_HOLDERS = {"PRV00002", "PRV00003", "PRV00005", "PRV00006"}
_UNREAD = frozenset(("STATE-NOTATION", "SSN", "POLICY-OWNER-SSN", "MEDICARE-HIC-NUM", "CHECK-NUM"))
"""Elements that never leave the file."""


@dataclass(frozen=True, slots=True)
class Header:
    """A claim header: the key that its lines share, the delivery it came with, and what is wrong with it.

    ``broken``: it could not be read whole. ``doubled``: one delivery has it twice, with different content.
    """

    kind: str
    key: str
    delivery: str
    broken: bool
    doubled: bool
    record: Record

    def differs(self, other: Header) -> bool:
        """Whether the other one is of the same delivery and says something else."""
        return self.delivery == other.delivery and content(self.record) != content(other.record)


def key_of(kind: str, cells: dict[str, str]) -> str:
    """What joins header, lines and diagnoses: state, both claim numbers, adjudication date, adjustment indicator."""
    parts = (
        kind,
        cells.get("SUBMITTING-STATE", ""),
        cells.get("ICN-ORIG", "~").upper(),
        cells.get("ICN-ADJ", "~").upper(),
        cells.get("ADJUDICATION-DATE", "19600101"),
        cells.get("ADJUSTMENT-IND") or cells.get("LINE-ADJUSTMENT-IND") or "X",
    )
    return "|".join(parts)


def content(record: Record) -> frozenset[tuple[str, str]]:
    """What a record says, whatever its number in the file."""
    return frozenset((name, value) for name, value in record.cells.items() if name != "RECORD-NUMBER")


def fingerprint(files: Iterable[SourceFile]) -> str:
    """The state of the folder: names, sizes and times of its files, and how they are to be read."""
    facts = ((file, status.st_size, status.st_mtime_ns) for file in files for status in [file.path.stat()])
    text = ";".join(f"{file.name}:{size}:{written}:{file.fault}" for file, size, written in facts)
    return hashlib.sha256(text.encode()).hexdigest()


class Staging:
    """An open staging file."""

    def __init__(self, path: Path, sign: str) -> None:
        self._path = path
        self._sign = sign
        self._database = sqlite3.connect(path, check_same_thread=False)
        self._files = {row[0]: row[1:] for row in self._database.execute("SELECT * FROM files")}
        self.fingerprint, as_of = self._database.execute("SELECT fingerprint, as_of FROM meta").fetchone()
        self.as_of = datetime.combine(date.fromisoformat(as_of), time(), UTC)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def discard(self) -> None:
        """Delete the file of a run that has ended: claims lie in the state's files and the replica, nowhere else."""
        self._path.unlink(missing_ok=True)

    def claims(self) -> int:
        """How many claim records the folder holds, but for voids, which are none themselves."""
        return int(self._database.execute(_COUNT).fetchone()[0])

    def members(self, done: int) -> Iterator[str]:
        """The state's ids of members in order, but for the first ``done``."""
        with closing(self._database.execute(_MEMBERS, (done,))) as cursor:
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
        query = "SELECT key, file, number, broken, cells FROM headers WHERE member = ? ORDER BY seq"
        found: dict[str, Header] = {}
        for key, file, number, broken, cells in self._database.execute(query, (member,)):
            kind = key.split("|", 1)[0]
            record = self._record(f"{kind}00002", file, number, cells)
            header = Header(kind, key, self._files[file][3], bool(broken), False, record)
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
        return Record(segment, json.loads(cells), position, bool(fixed), self._sign, date.fromisoformat(created))

    def forget(self) -> None:
        """Forget the faults of members that an earlier run found."""
        self._database.execute("DELETE FROM faults WHERE stage = 1")

    def note(self, rejected: Rejected) -> None:
        """Keep a member's fault, for the case that this run is killed and another goes on."""
        row = (rejected.position.file, rejected.position.line, rejected.reason)
        self._database.execute("INSERT OR IGNORE INTO faults VALUES (?, ?, ?, 1)", row)

    def commit(self) -> None:
        """Make the noted faults durable."""
        self._database.commit()

    def faults(self) -> Iterator[Rejected]:
        """Every fault known so far."""
        for file, line, reason in self._database.execute("SELECT file, line, reason FROM faults ORDER BY rowid"):
            yield Rejected(position=SourcePosition(file=file, line=line), reason=reason)


def stage(files: Sequence[SourceFile], scratch: Path, sign: str) -> Staging:
    """The staging file of ``files`` in ``scratch``, from before where the folder has not changed since.

    Raises:
        OSError: a file cannot be read.
    """
    path = scratch / "tmsis-staging.sqlite"
    state = fingerprint(files)
    if path.exists() and (staging := _reopen(path, state, sign)):
        return staging
    building = path.with_suffix(".building")
    building.unlink(missing_ok=True)
    building.touch(mode=0o600)
    _build(files, building, state)
    building.replace(path)
    return Staging(path, sign)


def _reopen(path: Path, state: str, sign: str) -> Staging | None:
    try:
        staging = Staging(path, sign)
    except (sqlite3.DatabaseError, TypeError):
        return None
    if staging.fingerprint == state:
        return staging
    staging.close()
    return None


def _build(files: Sequence[SourceFile], path: Path, state: str) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _SCHEMA)
        as_of = max((file.created for file in files), default=date(1970, 1, 1))
        database.execute("INSERT INTO meta VALUES (?, ?)", (state, as_of.isoformat()))
        for number, file in enumerate(files):
            row = (number, file.name, file.created.isoformat(), file.fixed, file.period)
            database.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?)", row)
            if file.fault:
                _report(database, file.name, 1, file.fault)
            else:
                _stage_file(database, number, file)
        database.executescript(_INDEXES)
        for name, line in database.execute(_ORPHANS).fetchall():
            _report(database, name, line, "no header of this claim is in the files; its lines are left out")
        database.commit()


def _stage_file(database: sqlite3.Connection, number: int, file: SourceFile) -> None:
    read = 0
    for raw in records(file):
        read += 1
        if raw.fault:
            _report(database, file.name, raw.number, raw.fault)
        cells = json.dumps({name: value for name, value in raw.cells.items() if name not in _UNREAD})
        if file.subject in PEOPLE and not raw.fault:
            _insert(database, "people", (raw.cells.get("MSIS-IDENTIFICATION-NUM") or _carrier(raw), raw.segment),
                    (number, raw.number, cells))  # fmt: skip
        elif raw.segment in _HOLDERS and not raw.fault:
            _insert(database, "providers", (raw.cells.get("SUBMITTING-STATE-PROV-ID", ""), raw.segment),
                    (number, raw.number, cells))  # fmt: skip
        elif file.subject in KINDS and raw.cells:
            _stage_claim(database, number, file, raw, cells)
    if file.counted not in (None, read, read + 1):
        reason = f"the header counts {file.counted} records, but the file has {read}; it may be cut off"
        _report(database, file.name, 1, reason)


def _carrier(raw: Raw) -> str:
    """Insurance carriers of the third-party file are kept beside the people, under a name nobody can have."""
    return f"#{raw.cells.get('INSURANCE-CARRIER-ID-NUM', '')}"


def _stage_claim(database: sqlite3.Connection, number: int, file: SourceFile, raw: Raw, cells: str) -> None:
    key = key_of(file.subject, raw.cells)
    broken = bool(raw.fault)
    if raw.segment.endswith("00002"):
        member = raw.cells.get("MSIS-IDENTIFICATION-NUM", "")
        if not member:
            _report(
                database, file.name, raw.number, "MSIS-IDENTIFICATION-NUM is blank; nobody knows whose claim this is"
            )
            return
        _insert(database, "headers", (member, key), (number, raw.number, broken, cells))
    else:
        _insert(database, "parts", (key, file.period, raw.segment), (number, raw.number, broken, cells))


def _insert(database: sqlite3.Connection, table: str, names: tuple[str, ...], rest: tuple[object, ...]) -> None:
    marks = ",".join("?" * (len(names) + len(rest)))
    columns = {
        "people": "member, segment, file, number, cells",
        "providers": "provider, segment, file, number, cells",
        "headers": "member, key, file, number, broken, cells",
        "parts": "key, delivery, segment, file, number, broken, cells",
    }[table]
    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", (*names, *rest))  # noqa: S608 - names are ours


def _report(database: sqlite3.Connection, file: str, line: int, reason: str) -> None:
    database.execute("INSERT OR IGNORE INTO faults VALUES (?, ?, ?, 0)", (file, line, reason))
