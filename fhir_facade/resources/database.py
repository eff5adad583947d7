"""The replica's database: one writer that syncs, many readers that never write, a schema with a version."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from fhir_facade.contracts.databases import NOTICING, told
from fhir_facade.contracts.errors import ClaimsUnavailable

DATABASE_ERRORS: tuple[type[Exception], ...] = (SQLAlchemyError, sqlite3.Error, OSError)
"""Everything that a database or its driver raises."""

with suppress(ImportError):  # psycopg comes with the extra "postgresql"
    import psycopg

    DATABASE_ERRORS += (psycopg.Error,)

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "replica_version"
_LOCK_WAIT_MS = 30_000
_CONNECT_TIMEOUT_S = 5


def replica_url(url: str | None, state: Path) -> URL:
    """The replica's URL: the configured one, or a SQLite file in the state folder."""
    if url is None:
        return URL.create("sqlite", database=str(state / "replica.sqlite"))
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+psycopg") if parsed.drivername == "postgresql" else parsed


def writer(url: URL) -> Engine:
    """An engine for ``sync`` and ``migrate``: no pool, durable, waits for another writer."""
    is_server = url.get_backend_name() == "postgresql"
    arguments = {**NOTICING, "connect_timeout": _CONNECT_TIMEOUT_S} if is_server else {}
    engine = sa.create_engine(url, poolclass=NullPool, connect_args=arguments, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        if url.database:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _prepare_sqlite_writer)
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    return engine


def _prepare_sqlite_writer(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's "begin" says BEGIN IMMEDIATE itself
    connection.execute("PRAGMA page_size=8192")  # before the first table: later it changes nothing
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"PRAGMA busy_timeout={_LOCK_WAIT_MS}")
    connection.execute("PRAGMA cache_size=-65536")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def latest_version() -> str:
    """The schema version this code reads and writes."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def schema_version(url: URL) -> str | None:
    """The version of the replica at ``url``; None where it was never migrated.

    Raises:
        ClaimsUnavailable: the database cannot be reached.
    """
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        return None
    engine = writer(url)
    with _unavailable(url), engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": _VERSION_TABLE})
        return context.get_current_revision()


def migrate(url: URL, partitions: int = 0) -> str:
    """Bring the replica at ``url`` to the latest schema; the version it has now.

    Args:
        url: of the replica; a SQLite file is created where it is absent.
        partitions: PostgreSQL hash partitions by member; only looked at when the tables are made.

    Raises:
        ClaimsUnavailable: the database cannot be reached.
    """
    config = _config()
    with _unavailable(url), writer(url).begin() as connection:
        config.attributes["connection"] = connection
        config.attributes["partitions"] = partitions
        command.upgrade(config, "head")
    return latest_version()


@contextmanager
def _unavailable(url: URL) -> Iterator[None]:
    try:
        yield
    except DATABASE_ERRORS as error:
        place = url.render_as_string(hide_password=True)
        raise ClaimsUnavailable(f"the replica at {place} cannot be reached: {told(error)}") from error


def same_file(path: str) -> tuple[int, int] | None:
    """What tells the file at ``path`` from another one put in its place; None where there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
