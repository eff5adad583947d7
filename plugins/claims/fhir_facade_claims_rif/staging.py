"""The staging file: every row of the folder by member, so that one member's rows lie together in bounded memory.

RIF files are not sorted by member and a claim's lines stand anywhere. The staging file is built once per state of the
folder.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import compress, groupby, islice
from operator import itemgetter
from pathlib import Path

from fhir_facade.contracts.people import SourcePosition
from fhir_facade.contracts.staging import Faults, fingerprint, staged
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.files import Line, SourceFile, lines
from fhir_facade_claims_rif.kinds import KINDS, FileKind, used

MOST_ROWS = 10_000
"""Rows that one record may have; of one that has more, so many and one are read, so that it is noticed."""

_NAME = "rif-staging.sqlite"
_BEHIND_ALL = "~"
"""Comes after every id."""

_SEPARATOR = "\x1f"
_ID = re.compile(r"[A-Za-z0-9.-]{1,50}")
_SCHEMA = f"""
CREATE TABLE meta (fingerprint TEXT, as_of TEXT);
CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT, written TEXT);
CREATE TABLE rows (seq INTEGER PRIMARY KEY, kind INTEGER, member TEXT, record TEXT, line TEXT, dml TEXT,
                   file INTEGER, number INTEGER, broken INTEGER, cells TEXT);
{Faults.SCHEMA}
"""
_INDEXES = """
CREATE INDEX by_member ON rows (member, kind, record, seq);
CREATE INDEX by_record ON rows (kind, record, member);
"""
_TWO_MEMBERS = """
SELECT kind, record FROM rows WHERE kind > 1 GROUP BY kind, record HAVING count(DISTINCT member) > 1
"""


_Staged = tuple[int, str, str, str, str, int, int, bool, str]
"""A row as it is put into the table ``rows``: everything but its sequence."""

_Kept = tuple[int, int, str, str, str, str, int, int, bool, str]
"""A row of the table ``rows``."""


@dataclass(slots=True)
class StagedRow:
    """One row of a record: which line of it, what the row does, and whether it could be read whole."""

    line: str
    action: str
    broken: bool
    file: int
    row: Row


@dataclass(frozen=True, slots=True)
class StagedRecord:
    """All rows of one person, claim or prescription in the order in which they were read."""

    kind: FileKind
    record_id: str
    rows: Sequence[StagedRow]


class Staging:
    """An open staging file."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, check_same_thread=False)
        self.faults = Faults(self._database)
        names = self._database.execute("SELECT id, name, written FROM files")
        self._files = {number: (name, datetime.fromisoformat(written)) for number, name, written in names}
        self.fingerprint, as_of = self._database.execute("SELECT fingerprint, as_of FROM meta").fetchone()
        self.as_of = datetime.fromisoformat(as_of)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def claims(self) -> int:
        """How many claims the folder names."""
        query = "SELECT count(*) FROM (SELECT DISTINCT kind, record FROM rows WHERE kind > 1)"
        return int(self._database.execute(query).fetchone()[0])

    def cuts(self, after: str, claims: int) -> Iterator[str]:
        """Members after ``after`` with whom another ``claims`` claims are reached."""
        query = (
            "SELECT member, count(DISTINCT CASE WHEN kind > 1 THEN record END) FROM rows WHERE member > ? "
            "GROUP BY member ORDER BY member"
        )
        pending = 0
        for member, records in self._database.execute(query, (after,)):
            pending += records
            if pending >= claims:
                yield member
                pending = 0

    def members(self, after: str, to: str = _BEHIND_ALL) -> Iterator[tuple[str, Iterator[StagedRecord]]]:
        """Members after ``after``, up to ``to``, in the order of their ids, each with their records, people's first."""
        query = "SELECT * FROM rows WHERE member > ? AND member <= ? ORDER BY member, kind, record, seq"
        with closing(self._database.execute(query, (after, to))) as cursor:
            for member, rows in groupby(cursor, key=itemgetter(2)):
                yield member, self._records(rows)

    def _records(self, rows: Iterable[_Kept]) -> Iterator[StagedRecord]:
        for (kind, record), group in groupby(rows, key=itemgetter(1, 3)):
            some = islice(group, MOST_ROWS + 1)
            columns = used(KINDS[kind])
            yield StagedRecord(KINDS[kind], record, [self._row(columns, row) for row in some])

    def _row(self, columns: Sequence[str], row: _Kept) -> StagedRow:
        _, _, _, _, line, action, file, number, broken, cells = row
        name, written = self._files[file]
        values = cells.split(_SEPARATOR)
        filled = dict(compress(zip(columns, values, strict=False), values))
        return StagedRow(line, action, bool(broken), file, Row(SourcePosition(file=name, line=number), filled, written))


def stage(files: Sequence[SourceFile], scratch: Path) -> Staging:
    """The staging file of ``files`` in ``scratch``, from before where the folder has not changed since.

    Raises:
        OSError: a file cannot be read.
    """
    state = fingerprint((file.name, file.path) for file in files)
    return staged(scratch / _NAME, state, Staging, partial(_build, files, state))


def discard(scratch: Path) -> None:
    """Delete the staging file of a run that has ended: claims lie in the files and the replica, nowhere else."""
    (scratch / _NAME).unlink(missing_ok=True)


def _build(files: Sequence[SourceFile], state: str, database: sqlite3.Connection) -> None:
    database.executescript(_SCHEMA)
    faults = Faults(database)
    written = {file: datetime.fromtimestamp(int(file.path.stat().st_mtime), UTC) for file in files}
    as_of = max(written.values(), default=datetime(1970, 1, 1, tzinfo=UTC))
    database.execute("INSERT INTO meta VALUES (?, ?)", (state, as_of.isoformat()))
    for number, file in enumerate(files):
        database.execute("INSERT INTO files VALUES (?, ?, ?)", (number, file.name, written[file].isoformat()))
        for fault in file.faults:
            faults.report(file.name, 1, fault)
        if file.kind:
            _stage_file(database, faults, number, file, file.kind)
    database.executescript(_INDEXES)
    _break_shared_claims(database, faults)


def _stage_file(database: sqlite3.Connection, faults: Faults, number: int, file: SourceFile, kind: FileKind) -> None:
    insert = (
        "INSERT INTO rows (kind, member, record, line, dml, file, number, broken, cells) VALUES (?,?,?,?,?,?,?,?,?)"
    )
    database.executemany(insert, _staged(faults, number, file, kind))


def _staged(faults: Faults, number: int, file: SourceFile, kind: FileKind) -> Iterator[_Staged]:
    """The rows of ``file`` as the staging file keeps them; their faults go there on the way."""
    places = {column: place for place, column in enumerate(file.header)}
    blank = len(file.header)
    whole = itemgetter(*(places.get(column, blank) for column in used(kind)))
    named = ("BENE_ID", kind.record, kind.line or ("RFRNC_YR" if kind.number == 0 else ""), "DML_IND")
    keys = itemgetter(*(places.get(column, blank) for column in named))
    for line in lines(file):
        cells = _clean(line, blank)
        member, record, part, action = keys(cells)
        key = (member, record, part, action.upper() or "INSERT")
        unknown = _key_fault(key, kind)
        fault = line.fault or unknown
        if fault:
            faults.report(file.name, line.number, fault)
        if unknown or (fault and kind.claim_kind is None):
            continue
        yield (kind.number, *key, number, line.number, bool(fault), _SEPARATOR.join(whole(cells)))


def _clean(line: Line, width: int) -> list[str]:
    """The cells of a line as text without surrounding blanks; ``width`` and one more, which is empty."""
    cells = line.cells if line.plain else [_cell(cell) for cell in line.cells]
    return cells + [""] * (width + 1 - len(cells))


def _cell(text: str) -> str:
    return text.strip().encode("utf-8", "replace").decode("utf-8").replace(_SEPARATOR, " ")


def _key_fault(key: tuple[str, str, str, str], kind: FileKind) -> str | None:
    member, record, _, action = key
    for column, value in (("BENE_ID", member), (kind.record, record)):
        if not _ID.fullmatch(value):
            return f"{column} is blank or cannot be an id"
    known = action in ("INSERT", "UPDATE", "DELETE")
    return None if known else "DML_IND is none of INSERT, UPDATE and DELETE"


def _break_shared_claims(database: sqlite3.Connection, faults: Faults) -> None:
    """A claim whose rows name two members belongs to neither until somebody finds out."""
    where = (
        "SELECT f.name, r.number FROM rows r JOIN files f ON f.id = r.file WHERE kind = ? AND record = ? ORDER BY seq"
    )
    for kind, record in database.execute(_TWO_MEMBERS).fetchall():
        file, number = database.execute(where, (kind, record)).fetchall()[-1]
        faults.report(file, number, "the rows of this claim name different beneficiaries")
        database.execute("UPDATE rows SET broken = 1 WHERE kind = ? AND record = ?", (kind, record))
