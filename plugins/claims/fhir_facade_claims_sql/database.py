"""The claims database: read-only transactions, bound parameters, time-outs, and errors the facade understands."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Dialect, Engine
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError, SQLAlchemyError

from fhir_facade.contracts.databases import NOTICING
from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade_claims_sql.settings import SqlSettings

CONNECT_TIMEOUT_S = 3
_SQLITE_STEPS = 100_000
_RESTED_S = 5.0
_OUTDATED = ("0A000", "26000", "42P05")
"""PostgreSQL: a prepared statement gives other columns now, is gone, or is there already."""
_DRIVERS = {
    "postgresql": "postgresql+psycopg",
    "postgres": "postgresql+psycopg",
    "mysql": "mysql+pymysql",
    "mariadb": "mariadb+pymysql",
}
_EXTRAS = {"psycopg": "postgresql", "pymysql": "mariadb"}


def open_engine(settings: SqlSettings) -> Engine:
    """An engine that only reads.

    Raises:
        ConfigError: the URL is not one, or its driver is not installed.
    """
    try:
        url = usable_url(settings.url.reveal())
        engine = sa.create_engine(url, **_options(url, settings))
    except (ArgumentError, NoSuchModuleError, ImportError, ValueError) as error:
        told = "" if isinstance(error, ValueError) else f": {error}"  # which may hold a part of the URL
        reason = f"{settings.url.origin} is not a usable database URL ({type(error).__name__}{told})"
        raise ConfigError([f"sql.url: {reason}; {_advice(error)}"]) from error
    if url.get_backend_name() == "sqlite":
        event.listen(engine, "do_connect", _find_file)
    event.listen(engine, "connect", lambda connection, record: _prepare(engine, connection, record, settings))
    if url.get_backend_name() != "sqlite":
        event.listen(engine, "connect", _note_use)
        event.listen(engine, "checkin", _note_use)
        event.listen(engine, "checkout", lambda connection, record, _: _ping_rested(engine, connection, record))
    return engine


def _advice(error: Exception) -> str:
    extra = _EXTRAS.get(getattr(error, "name", None) or "")
    return f"run: pip install 'fhir-facade[{extra}]'" if extra else "install the driver, or correct it"


def _find_file(dialect: Dialect, _record: Any, places: Sequence[Any], _named: Any) -> None:
    """SQLite would make an empty database where the URL names none: whoever only reads leaves nothing behind."""
    place = str(places[0]) if places else ""
    if place and not place.startswith((":memory:", "file:")) and not Path(place).exists():
        raise dialect.loaded_dbapi.OperationalError("unable to open database file: there is none of that name")


def usable_url(text: str) -> URL:
    """The URL, with the driver that the facade installs where it names none."""
    url = sa.make_url(text)
    return url.set(drivername=_DRIVERS.get(url.drivername, url.drivername))


def _options(url: URL, settings: SqlSettings) -> dict[str, Any]:
    options: dict[str, Any] = {"pool_size": settings.connections, "pool_timeout": settings.statement_timeout_s}
    if url.get_backend_name() == "sqlite":
        return options | {"connect_args": {"timeout": settings.statement_timeout_s}}
    options |= {"pool_recycle": 1800}
    if url.get_backend_name() == "postgresql":
        options["isolation_level"] = "REPEATABLE READ"  # the statements of a page see one state of the database
        limit = settings.statement_timeout_s * 1000
        # every statement finds rows by a key: planning each anew for its values takes longer than running it
        # and an index is the way there, also in a table that seems small enough to be read whole
        planner = "-c plan_cache_mode=force_generic_plan -c jit=off -c random_page_cost=1.1"
        server = f"-c statement_timeout={limit} -c default_transaction_read_only=on {planner}"
        return options | {"connect_args": {**NOTICING, "connect_timeout": CONNECT_TIMEOUT_S, "options": server}}
    if url.get_backend_name() in ("mysql", "mariadb"):
        return options | {"connect_args": {"connect_timeout": CONNECT_TIMEOUT_S}}
    return options


def _ping_rested(engine: Engine, connection: Any, record: Any) -> None:
    """A connection that nobody used for a while may be dead: look before it is used, and open another instead."""
    if time.monotonic() - record.info.get("used", 0.0) > _RESTED_S:
        try:
            alive = engine.dialect.do_ping(connection)
        except engine.dialect.loaded_dbapi.Error:
            alive = False
        if not alive:
            raise DisconnectionError


def _note_use(_connection: Any, record: Any) -> None:
    record.info["used"] = time.monotonic()


def _prepare(engine: Engine, connection: Any, record: Any, settings: SqlSettings) -> None:
    dialect = engine.dialect.name
    if dialect == "sqlite":
        connection.execute("PRAGMA query_only=ON").close()
        _limit_sqlite(engine, connection, record, settings.statement_timeout_s)
    elif dialect == "postgresql" and engine.dialect.driver == "psycopg":
        from fhir_facade_claims_sql.far_days import take_far_days  # the driver need not be installed

        take_far_days(connection)
    elif dialect in ("mysql", "mariadb"):
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION TRANSACTION READ ONLY")
            cursor.execute("SET SESSION sql_mode = CONCAT(@@sql_mode, ',ANSI_QUOTES,PIPES_AS_CONCAT')")
            cursor.execute(f"SET SESSION {_time_limit(connection, int(settings.statement_timeout_s))}")
        record.info["limit"] = int(settings.statement_timeout_s)


def _time_limit(connection: Any, seconds: int) -> str:
    """MariaDB and MySQL have different names for it, and different units."""
    mariadb = "mariadb" in str(connection.get_server_info()).lower()
    return f"max_statement_time = {seconds}" if mariadb else f"max_execution_time = {seconds * 1000}"


def _limit_sqlite(engine: Engine, connection: Any, record: Any, seconds: int) -> None:
    """SQLite has no statement time-out of its own: its progress callback looks at the clock."""
    record.info["deadline"] = float("inf")
    connection.set_progress_handler(lambda: int(time.monotonic() > record.info["deadline"]), _SQLITE_STEPS)

    if not event.contains(engine, "before_cursor_execute", _start_clock):
        event.listen(engine, "before_cursor_execute", _start_clock)
    record.info["limit"] = seconds


def _start_clock(connection: Connection, *_: Any) -> None:
    info = connection.connection.info
    info["deadline"] = time.monotonic() + info["limit"]


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """One read-only transaction.

    Raises:
        ClaimsUnavailable: the database is down, slow, or has another shape than the mapping says.
    """
    driver = engine.dialect.loaded_dbapi
    try:
        with engine.connect() as connection:
            try:
                yield connection
                _end(connection)
            except driver.Error as error:
                _give_up(connection, error)
                raise
    except (SQLAlchemyError, OSError, driver.Error) as error:
        raise ClaimsUnavailable(f"the claims database cannot answer: {first_line(error)}") from error


def _end(connection: Connection) -> None:
    """End what went well by a commit: at a rollback psycopg forgets every statement that the server has prepared."""
    if connection.dialect.name == "postgresql":
        connection.connection.commit()


def _give_up(connection: Connection, error: Any) -> None:
    """Keep no connection of a server that went away, or that prepared a statement for tables of another shape."""
    outdated = getattr(error, "sqlstate", None) in _OUTDATED
    if outdated or connection.dialect.is_disconnect(error, connection.connection.driver_connection, None):
        connection.invalidate(error)
        connection.engine.dispose()


def alone(engine: Engine) -> Engine:
    """The same connections for one statement at a time, which is then a transaction of its own: none is begun."""
    return engine.execution_options(isolation_level="AUTOCOMMIT") if engine.dialect.name == "postgresql" else engine


@contextmanager
def without_time_limit(connection: Connection) -> Iterator[None]:
    """No time-out of statements meanwhile: for a read of whole tables while nobody waits."""
    usual = connection.connection.info.get("limit", 0)
    _limit(connection, None)
    try:
        yield
    finally:
        _limit(connection, usual)


def _limit(connection: Connection, seconds: int | None) -> None:
    """Let statements take so long from now on, or as long as they need; PostgreSQL forgets it with the transaction."""
    dialect = connection.dialect.name
    if dialect == "sqlite":
        connection.connection.info["limit"] = float("inf") if seconds is None else seconds
    elif dialect == "postgresql" and seconds is None:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
    elif dialect in ("mysql", "mariadb"):
        named = _time_limit(connection.connection.driver_connection, seconds or 0)
        connection.execute(sa.text(f"SET SESSION {named}"))


def first_line(error: BaseException) -> str:
    """What a database said, in one line."""
    text = str(getattr(error, "orig", None) or error).strip()
    return f"{type(error).__name__}: {text.splitlines()[0] if text else ''}"
