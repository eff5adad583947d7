"""One sync of a source at a time, on this machine and, with PostgreSQL, on all of them.

The operating system and the database give the lock back when its holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import Engine

from fhir_facade.contracts.errors import FacadeError


class AlreadySyncing(FacadeError):
    """Another process syncs this source now."""


@contextmanager
def one_at_a_time(engine: Engine, state: Path, source: str) -> Iterator[None]:
    """Hold the lock of ``source``.

    Raises:
        AlreadySyncing: somebody else holds it.
    """
    state.mkdir(parents=True, exist_ok=True)
    path = state / f"sync-{source}.lock"
    with path.open("a+") as file:
        _take_file(file.fileno(), path, source)
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        with _take_database(engine, source):
            yield


def _take_file(descriptor: int, path: Path, source: str) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = path.read_text().strip() or "unknown"
        raise AlreadySyncing(
            f"source {source} is being synced by process {holder}; wait for it to finish, or stop it and start again"
        ) from None


@contextmanager
def _take_database(engine: Engine, source: str) -> Iterator[None]:
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        number = sa.func.hashtext(f"fhir-facade sync {source}")
        if not connection.execute(sa.select(sa.func.pg_try_advisory_lock(number))).scalar():
            raise AlreadySyncing(f"source {source} is being synced by another machine; wait for it to finish")
        yield
        connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))  # the server notices a close only later
