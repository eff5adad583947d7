"""Fills the staging file: lines and diagnoses stand anywhere in a file, and one member's claims in many files.

It is built once per state of the folder.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import date
from functools import partial
from pathlib import Path

from fhir_facade.contracts.staging import Faults, fingerprint, staged
from fhir_facade_claims_tmsis.claims import NEVER
from fhir_facade_claims_tmsis.files import KINDS, PEOPLE, Raw, SourceFile, records
from fhir_facade_claims_tmsis.ownership import SCHEMA, family_of, settle
from fhir_facade_claims_tmsis.staging import NAME, NUMBERED, Staging

_SCHEMA = f"""
CREATE TABLE meta (fingerprint TEXT, as_of TEXT);
CREATE TABLE files (id INTEGER PRIMARY KEY, name TEXT, created TEXT, fixed INTEGER, period TEXT);
CREATE TABLE people (seq INTEGER PRIMARY KEY, member TEXT, segment TEXT, file INTEGER, number INTEGER, cells TEXT);
CREATE TABLE headers (seq INTEGER PRIMARY KEY, member TEXT, key TEXT, family TEXT, file INTEGER, number INTEGER,
                      broken INTEGER, cells TEXT);
CREATE TABLE parts (seq INTEGER PRIMARY KEY, key TEXT, delivery TEXT, segment TEXT, file INTEGER, number INTEGER,
                    broken INTEGER, cells TEXT);
CREATE TABLE providers (seq INTEGER PRIMARY KEY, provider TEXT, segment TEXT, file INTEGER, number INTEGER, cells TEXT);
{Faults.SCHEMA}{SCHEMA}"""
_INDEXES = """
CREATE INDEX headers_by_member ON headers (member, key, seq);
CREATE INDEX headers_by_key ON headers (key);
CREATE INDEX headers_by_family ON headers (family, member);
CREATE INDEX people_by_member ON people (member, segment, seq);
CREATE INDEX parts_by_key ON parts (key, delivery, seq);
CREATE INDEX providers_by_id ON providers (provider, segment, seq);
"""
_ORPHANS = """
SELECT f.name, min(p.number) FROM parts p JOIN files f ON f.id = p.file
WHERE NOT EXISTS (SELECT 1 FROM headers h WHERE h.key = p.key) GROUP BY p.key, f.name ORDER BY f.name, p.number
"""
_HOLDERS = {"PRV00002", "PRV00003", "PRV00005", "PRV00006"}
_UNREAD = frozenset(("STATE-NOTATION", "SSN", "POLICY-OWNER-SSN", "MEDICARE-HIC-NUM", "CHECK-NUM"))
"""Elements that never leave the file."""


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


def stage(files: Sequence[SourceFile], scratch: Path, sign: str) -> Staging:
    """The staging file of ``files`` in ``scratch``, from before where the folder has not changed since.

    Raises:
        OSError: a file cannot be read.
    """
    told = (NUMBERED, *(file.fault or "" for file in files))  # a file that an older release built is built anew
    state = fingerprint(((file.name, file.path) for file in files), *told)
    opened = partial(Staging, sign=sign)
    return staged(scratch / NAME, state, opened, partial(_build, files, state))


def _build(files: Sequence[SourceFile], state: str, database: sqlite3.Connection) -> None:
    database.executescript(_SCHEMA)
    faults = Faults(database)
    as_of = max((file.created for file in files), default=date(1970, 1, 1))
    database.execute("INSERT INTO meta VALUES (?, ?)", (state, as_of.isoformat()))
    for number, file in enumerate(files):
        row = (number, file.name, file.created.isoformat(), file.fixed, file.period)
        database.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?)", row)
        if file.fault:
            faults.report(file.name, 1, file.fault)
        else:
            _stage_file(database, faults, number, file)
    database.executescript(_INDEXES + NUMBERED)
    settle(database)
    for name, line in database.execute(_ORPHANS).fetchall():
        faults.report(name, line, "no header of this claim is in the files; its lines are left out")


def _stage_file(database: sqlite3.Connection, faults: Faults, number: int, file: SourceFile) -> None:
    read = 0
    for raw in records(file):
        read += 1
        if raw.fault:
            faults.report(file.name, raw.number, raw.fault)
        cells = json.dumps({name: value for name, value in raw.cells.items() if name not in _UNREAD})
        if file.subject in PEOPLE and not raw.fault:
            _insert(database, "people", (raw.cells.get("MSIS-IDENTIFICATION-NUM") or _carrier(raw), raw.segment),
                    (number, raw.number, cells))  # fmt: skip
        elif raw.segment in _HOLDERS and not raw.fault:
            _insert(database, "providers", (raw.cells.get("SUBMITTING-STATE-PROV-ID", ""), raw.segment),
                    (number, raw.number, cells))  # fmt: skip
        elif file.subject in KINDS and raw.cells:
            _stage_claim(database, faults, number, file, raw, cells)
    if file.counted not in (None, read, read + 1):
        reason = f"the header counts {file.counted} records, but the file has {read}; it may be cut off"
        faults.report(file.name, 1, reason)


def _carrier(raw: Raw) -> str:
    """Insurance carriers of the third-party file are kept beside the people, under a name nobody can have."""
    return f"#{raw.cells.get('INSURANCE-CARRIER-ID-NUM', '')}"


def _stage_claim(
    database: sqlite3.Connection, faults: Faults, number: int, file: SourceFile, raw: Raw, cells: str
) -> None:
    key = key_of(file.subject, raw.cells)
    broken = bool(raw.fault)
    if raw.segment.endswith("00002"):
        member = raw.cells.get("MSIS-IDENTIFICATION-NUM", "")
        if not member:
            faults.report(file.name, raw.number, "MSIS-IDENTIFICATION-NUM is blank; nobody knows whose claim this is")
            return
        family = family_of(file.subject, raw.cells, NEVER)
        _insert(database, "headers", (member, key, family), (number, raw.number, broken, cells))
    else:
        _insert(database, "parts", (key, file.period, raw.segment), (number, raw.number, broken, cells))


def _insert(database: sqlite3.Connection, table: str, names: tuple[str | None, ...], rest: tuple[object, ...]) -> None:
    marks = ",".join("?" * (len(names) + len(rest)))
    columns = {
        "people": "member, segment, file, number, cells",
        "providers": "provider, segment, file, number, cells",
        "headers": "member, key, family, file, number, broken, cells",
        "parts": "key, delivery, segment, file, number, broken, cells",
    }[table]
    database.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", (*names, *rest))  # noqa: S608 - names are ours
