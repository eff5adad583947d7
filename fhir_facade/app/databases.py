"""The two databases: bring them to this release's schema, refuse older ones, ask whether they answer."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Mapping

from sqlalchemy.engine import URL, make_url

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import Settings
from fhir_facade.resources import database
from fhir_facade.state import identifier_key, state_folder
from fhir_facade.store import schema
from fhir_facade.store.audit import AuditEvent, AuditLog


def store_url(settings: Settings) -> str:
    """URL of the facade's own tables."""
    if settings.store.url:
        return settings.store.url.reveal()
    return f"sqlite:///{state_folder(settings) / 'store.sqlite'}"


def replica_url(settings: Settings) -> URL:
    """URL of the read-only copy."""
    configured = settings.replica.url.reveal() if settings.replica.url else None
    return database.replica_url(configured, state_folder(settings))


def standby_urls(settings: Settings) -> tuple[URL, ...]:
    """URLs of the copy's hot standbys, which are read from, too."""
    return tuple(database.replica_url(one.reveal(), state_folder(settings)) for one in settings.replica.replicas)


def audit_url(settings: Settings) -> str:
    """URL of the audit trail: a SQLite file of its own, or tables beside the others on a database server."""
    if settings.store.url and make_url(settings.store.url.reveal()).get_backend_name() != "sqlite":
        return settings.store.url.reveal()
    return f"sqlite:///{state_folder(settings) / 'audit.sqlite'}"


def audit_log(settings: Settings) -> AuditLog:
    """What writes the audit trail."""
    return AuditLog(audit_url(settings), identifier_key(settings))


def write_down(settings: Settings, what: str, outcome: str, *, app_id: str = "", detail: str = "") -> None:
    """One line of the audit trail about what an operator did by command, under the name of their account here.

    Raises:
        AuditUnavailable: it cannot be written.
    """
    log = audit_log(settings)
    actor = f"operator {getpass.getuser()}"
    log.write(AuditEvent(what=what, outcome=outcome, app_id=app_id, actor=actor, detail=f"{detail} by command".strip()))
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


def require_current_schemas(settings: Settings) -> None:
    """Nothing, where both databases have this release's schema.

    Raises:
        ConfigError: one has another; it says what to type.
    """
    faults = []
    if not schema.schema_is_current(store_url(settings)):
        faults.append("the store has another schema than this release needs")
    if uses_replica(settings) and database.schema_version(replica_url(settings)) != database.latest_version():
        faults.append("the replica has another schema than this release needs")
    if faults:
        command = f"fhir-facade migrate --config {settings.path}"
        raise ConfigError([f"{fault}; run: {command}" for fault in faults])


def uses_replica(settings: Settings) -> bool:
    """Whether any source is served from the copy."""
    return any(source.mode == "replica" for source in settings.claims)


def readiness_checks(settings: Settings) -> Mapping[str, Callable[[], bool]]:
    """Component → whether it can be used now."""
    checks = {"store": lambda: schema.schema_is_current(store_url(settings))}
    if uses_replica(settings):
        checks["replica"] = lambda: database.schema_version(replica_url(settings)) is not None
    return checks
