"""For sources of unsorted files: a private SQLite file that puts rows in order, so that memory holds one member's.

Claims lie in the payer's files and in the replica, nowhere else: only its owner can read the file, and its source
deletes it once a run has ended. It is built under another name until it is complete; what a killed run left behind is
built anew.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol, TypeVar

from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.people import SourcePosition


class Staged(Protocol):
    """An open staging file that knows the state of the files it was built of."""

    fingerprint: str

    def close(self) -> None:
        """Close the file."""
        ...


S = TypeVar("S", bound=Staged)


def fingerprint(files: Iterable[tuple[str, Path]], *told: str) -> str:
    """The state of files: their names, sizes and times, and what else the records follow from.

    Raises:
        OSError: a file is gone.
    """
    facts = [f"{name}:{found.st_size}:{found.st_mtime_ns}" for name, path in files for found in [path.stat()]]
    return hashlib.sha256("\x1e".join([*told, *facts]).encode()).hexdigest()


def private(path: Path) -> sqlite3.Connection:
    """A new, empty database at ``path``: its owner's alone, and quick to fill, as nobody needs it after a crash."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    database = sqlite3.connect(path, check_same_thread=False)
    database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")
    return database


def staged(path: Path, state: str, opened: Callable[[Path], S], build: Callable[[sqlite3.Connection], None]) -> S:
    """The staging file at ``path``, from before where it was built of the same ``state``.

    Args:
        path: where it is, or comes to be.
        state: ``fingerprint`` of the files.
        opened: opens it; raises ``sqlite3.DatabaseError`` or ``TypeError`` where it is none.
        build: fills a new one.
    """
    if path.exists() and (found := _from_before(path, state, opened)):
        return found
    building = path.with_suffix(".building")
    with closing(private(building)) as database:
        build(database)
        database.commit()
    building.replace(path)
    return opened(path)


def _from_before(path: Path, state: str, opened: Callable[[Path], S]) -> S | None:
    try:
        found = opened(path)
    except (sqlite3.DatabaseError, TypeError):
        return None
    if found.fingerprint == state:
        return found
    found.close()
    return None


def watermark_at(state: str, **place: object) -> str:
    """What a checkpoint says: how far a run came with files of this state."""
    return json.dumps({"files": state} | place)


def place_at(watermark: str | None, state: str) -> Mapping[str, Any]:
    """How far an earlier run came; empty where it has read other files, or nothing is known of it."""
    try:
        told = json.loads(watermark or "{}")
    except ValueError:
        return {}
    return told if isinstance(told, dict) and told.get("files") == state else {}


class Faults:
    """The faults in a staging file: those of the files, and those of the members that a run has told of.

    Args:
        database: the staging file, with ``SCHEMA`` among its tables.
    """

    SCHEMA = "CREATE TABLE faults (file TEXT, line, reason TEXT, stage INTEGER, UNIQUE (file, line, reason));"

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def __iter__(self) -> Iterator[Rejected]:
        """Every fault known so far, in the order in which they were found."""
        for file, line, reason in self._database.execute("SELECT file, line, reason FROM faults ORDER BY rowid"):
            yield Rejected(position=SourcePosition(file=file, line=line), reason=reason)

    def report(self, file: str, line: int, reason: str) -> None:
        """Put a fault of a file on the list, once."""
        self._database.execute("INSERT OR IGNORE INTO faults VALUES (?, ?, ?, 0)", (file, line, reason))

    def note(self, rejected: Rejected) -> None:
        """Keep a member's fault, for the case that this run is killed and another goes on."""
        row = (rejected.position.file, rejected.position.line, rejected.reason)
        self._database.execute("INSERT OR IGNORE INTO faults VALUES (?, ?, ?, 1)", row)

    def forget(self) -> None:
        """Forget the faults of members that an earlier run found."""
        self._database.execute("DELETE FROM faults WHERE stage = 1")

    def commit(self) -> None:
        """Make the noted faults durable."""
        self._database.commit()
