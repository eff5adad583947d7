"""The two databases: bring them to this release's schema, refuse older ones, ask whether they answer."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping, Sequence

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade.contracts.sections import Settings
from fhir_facade.resources import database
from fhir_facade.state import identifier_key, state_folder
from fhir_facade.store import schema
from fhir_facade.store.audit import AuditEvent, AuditLog
from fhir_facade.store.audit_probe import can_be_written


def store_url(settings: Settings) -> str:
    """URL of the facade's own tables."""
    if settings.store.url:
        return _usable("store.url", settings.store.url.reveal())
    return f"sqlite:///{state_folder(settings) / 'store.sqlite'}"


def replica_url(settings: Settings) -> URL:
    """URL of the read-only copy."""
    configured = _usable("replica.url", settings.replica.url.reveal()) if settings.replica.url else None
    return database.replica_url(configured, state_folder(settings))


def standby_urls(settings: Settings) -> tuple[URL, ...]:
    """URLs of the copy's hot standbys, which are read from, too."""
    urls = [_usable("replica.replicas", one.reveal()) for one in settings.replica.replicas]
    return tuple(database.replica_url(url, state_folder(settings)) for url in urls)


_DRIVERS = {"sqlite": "", "postgresql": "PostgreSQL needs more packages: pip install 'fhir-facade[postgresql]'"}
"""The databases that the facade keeps its tables in, and what lacks where the driver does."""


def _usable(key: str, url: str) -> str:
    """``url``, which is never told: a password may stand in it.

    Raises:
        ConfigError: it is no URL, one of another kind of database, or its driver is not installed.
    """
    try:
        parsed = make_url(url)
        lacking = _DRIVERS[parsed.get_backend_name()]
        parsed.get_dialect().import_dbapi()
    except ModuleNotFoundError as error:
        raise ConfigError([f"{key}: {lacking}"]) from error
    except (ArgumentError, KeyError, ValueError) as error:
        wanted = "postgresql://user:password@host/database, or sqlite:////path/to/file"
        raise ConfigError([f"{key}: not a URL of a database that can be used here; write {wanted}"]) from error
    return url


def audit_url(settings: Settings) -> str:
    """URL of the audit trail: a SQLite file of its own, or tables beside the others on a database server."""
    if settings.store.url and make_url(store_url(settings)).get_backend_name() != "sqlite":
        return store_url(settings)
    return f"sqlite:///{state_folder(settings) / 'audit.sqlite'}"


def audit_log(settings: Settings) -> AuditLog:
    """What writes the audit trail."""
    return AuditLog(audit_url(settings), identifier_key(settings))


ACCOUNT = "account"
"""What the trail calls acts about an account or a log-in; of a member they are no use of the member's data."""


def write_down(
    settings: Settings, what: str, outcome: str, *, app_id: str = "", patient: str = "", detail: str = ""
) -> None:
    """One line of the audit trail about what an operator does by command, under the name of their account here.

    Args:
        settings: say where the trail is.
        what: as in ``AuditEvent``.
        outcome: as in ``AuditEvent``.
        app_id: the app, where it is about one.
        patient: ``Patient.id`` of the member, where it is about one.
        detail: names no person.

    Raises:
        AuditUnavailable: it cannot be written.
    """
    log = audit_log(settings)
    who, told = f"operator {getpass.getuser()}", f"{detail} by command".strip()
    log.write(AuditEvent(what=what, outcome=outcome, app_id=app_id, actor=who, patient=patient, detail=told))
    log.close()


def migrate_databases(settings: Settings) -> dict[str, str]:
    """Create or upgrade both databases; database → the version it has now."""
    schema.migrate(store_url(settings))
    version = database.migrate(replica_url(settings), settings.replica.partitions)
    return {"store": schema.newest(), "replica": version}


def create_new_files(settings: Settings) -> None:
    """Create both databases where they are SQLite files of the state folder and neither is there yet.

    So the first sync into an empty state folder needs no command before it. Whatever is there already, and whatever
    stands on a database server, is changed by ``migrate`` alone.
    """
    urls = (settings.store.url, settings.replica.url)
    names = (make_url(store_url(settings)).database, replica_url(settings).database)
    if not any(urls) and not any(name and os.path.exists(name) and os.path.getsize(name) for name in names):
        migrate_databases(settings)


def require_current_store(settings: Settings) -> None:
    """Nothing, where the store has this release's schema: for commands that leave the copy alone.

    Raises:
        ConfigError: it has another; it says what to type.
        StoreUnavailable: it does not answer.
    """
    if faults := store_faults(settings):
        raise ConfigError(faults)


def require_current_schemas(settings: Settings) -> None:
    """Nothing, where both databases have this release's schema; of the copy a standby may say so.

    Raises:
        ConfigError: one has another; it says what to type.
        FacadeError: one does not answer.
    """
    faults = [*store_faults(settings), *replica_faults(settings, standby_urls(settings))]
    if faults:
        raise ConfigError(faults)


def store_faults(settings: Settings) -> list[str]:
    """What to type where the store has another schema than this release.

    Raises:
        ConfigError: its URL cannot be used.
        StoreUnavailable: it does not answer.
    """
    return [] if schema.schema_is_current(store_url(settings)) else [_other_schema("store", settings)]


def replica_faults(settings: Settings, standbys: Sequence[URL] = ()) -> list[str]:
    """What to type where the copy is used and has another schema than this release.

    Args:
        settings: of the facade.
        standbys: asked where the primary does not answer.

    Raises:
        ConfigError: its URL cannot be used.
        ClaimsUnavailable: it does not answer.
    """
    urls = (replica_url(settings), *standbys)
    is_current = not uses_replica(settings) or _schema_at(urls) == database.latest_version()
    return [] if is_current else [_other_schema("replica", settings)]


def _schema_at(urls: Sequence[URL]) -> str | None:
    """The schema version of the copy, as the first place that answers says; None where it was never migrated."""
    failures: list[ClaimsUnavailable] = []
    for url in urls:
        try:
            return database.schema_version(url)
        except ClaimsUnavailable as error:
            failures.append(error)
    raise failures[0]


def _other_schema(which: str, settings: Settings) -> str:
    return f"the {which} has another schema than this release needs; run: fhir-facade migrate --config {settings.path}"


def uses_replica(settings: Settings) -> bool:
    """Whether any source is served from the copy."""
    return any(source.mode == "replica" for source in settings.claims)


def readiness_checks(settings: Settings) -> Mapping[str, Callable[[], bool]]:
    """Component → whether it can be used now."""
    checks = {
        "store": lambda: schema.schema_is_current(store_url(settings)),
        "audit": lambda: can_be_written(audit_url(settings)),
    }
    if uses_replica(settings):
        checks["replica"] = lambda: _schema_at((replica_url(settings), *standby_urls(settings))) is not None
    return checks
