"""Where a source stands: its watermark, its open run, its freshness, its rejects."""

from __future__ import annotations

import csv
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from fhir_facade.resources.schema import reject, seen, source

Reject = tuple[str, str, str]
"""File, line and reason."""


@dataclass(slots=True)
class SourceState:
    """One source's row of the table ``source``, as far as a run changes it."""

    key: int
    name: str
    watermark: str | None
    run: int
    snapshot: bool
    data_through: int | None
    unread: int = 0
    """How many records this run could not read, so that what it does not name need not be gone."""

    def saw(self, days: Iterable[date | None], today: date) -> None:
        """Remember the newest of ``days`` that is not in the future."""
        for day in days:
            if day is not None and day <= today and day.toordinal() > (self.data_through or 0):
                self.data_through = day.toordinal()


def insert_new(connection: Connection, table: sa.Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT that leaves rows alone which are there already."""
    make = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return make(table).on_conflict_do_nothing()


def begin_run(connection: Connection, name: str, rendering: str, has_snapshots: bool) -> SourceState:
    """Open a run of source ``name``, or go on with the one that did not finish.

    A rendering that changed drops the watermark: every resource has to be mapped again. So does a source that finished
    with an empty one: it hands over everything each time, and what it no longer names was deleted.
    """
    connection.execute(insert_new(connection, source), {"name": name, "rendering": rendering, "run": 0})
    found = connection.execute(sa.select(source).where(source.c.name == name)).one()
    watermark = (found.watermark or None) if found.rendering == rendering else None
    resumed = bool(found.open) and found.rendering == rendering
    state = SourceState(found.key, name, watermark, found.run, bool(found.snapshot), found.data_through)
    if not resumed:
        state.run += 1
        state.snapshot = watermark is None and has_snapshots
        connection.execute(sa.delete(seen).where(seen.c.source == state.key))
        if watermark is None:
            connection.execute(sa.delete(reject).where(reject.c.source == state.key))
    else:
        state.unread = count_rejects(connection, state)
    _save(connection, state, open=True, rendering=rendering)
    return state


def abandon_run(connection: Connection, state: SourceState) -> None:
    """Give a run up without publishing it; the next one begins anew. What it wrote stays written."""
    connection.execute(sa.delete(seen).where(seen.c.source == state.key))
    state.watermark = None
    _save(connection, state, open=False)


def save_progress(connection: Connection, state: SourceState) -> None:
    """Record how far the run is; belongs into the transaction that writes the rows."""
    _save(connection, state)


def finish_run(connection: Connection, state: SourceState, received: float) -> None:
    """Close the run and publish it."""
    connection.execute(sa.delete(seen).where(seen.c.source == state.key))
    _save(
        connection,
        state,
        open=False,
        snapshot=False,
        received=int(received * 1_000_000),
        published=int(time.time() * 1_000_000),
    )


def _save(connection: Connection, state: SourceState, **more: object) -> None:
    values = {
        "watermark": state.watermark,
        "run": state.run,
        "snapshot": state.snapshot,
        "data_through": state.data_through,
    }
    connection.execute(sa.update(source).where(source.c.key == state.key).values(values | more))


def add_rejects(connection: Connection, state: SourceState, rejects: Iterable[Reject]) -> None:
    """Put records on the reject list; a record that is there already stays once."""
    rows = [
        {"source": state.key, "file": file, "line": line, "reason": reason, "run": state.run}
        for file, line, reason in dict.fromkeys(rejects)
    ]
    if rows:
        connection.execute(insert_new(connection, reject), rows)


def count_rejects(connection: Connection, state: SourceState) -> int:
    """How many records this run rejected, before a restart, too."""
    wanted = (reject.c.source == state.key, reject.c.run == state.run)
    return int(connection.execute(sa.select(sa.func.count()).select_from(reject).where(*wanted)).scalar_one())


def write_rejects(connection: Connection, state: SourceState, folder: Path) -> Path:
    """The reject list of a source as ``rejects-<source>.csv``: file, line, reason."""
    path = folder / f"rejects-{state.name}.csv"
    rows = connection.execute(
        sa.select(reject.c.file, reject.c.line, reject.c.reason)
        .where(reject.c.source == state.key)
        .order_by(reject.c.file, reject.c.line)
        .execution_options(yield_per=1000)
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("file", "line", "reason"))
        table.writerows(tuple(found) for found in rows)
    return path


def today() -> date:
    """The day of the run, in UTC."""
    return datetime.now(UTC).date()
