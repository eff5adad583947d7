"""One source of a config, synced into the copy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError

from fhir_facade.app.arrivals import remember_files
from fhir_facade.app.databases import audit_log, replica_url, store_url
from fhir_facade.app.parts import authorization_server
from fhir_facade.app.runs import remembered
from fhir_facade.app.sources import mapper_of, match_hash, policy_of, scratch_of
from fhir_facade.app.trail import Trail
from fhir_facade.contracts.claims import ExtractSource
from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade.contracts.guarding import guarded
from fhir_facade.contracts.sections import Settings, SourceSettings
from fhir_facade.contracts.stretches import ReadsInStretches
from fhir_facade.oauth.codes import end_grants_on
from fhir_facade.plugins import close_source, open_source
from fhir_facade.resources.crosswalk import Crosswalk, PatientOf, own_patient
from fhir_facade.resources.page import Freshness
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.state import identifier_key, state_folder
from fhir_facade.store import Store, StoreUnavailable
from fhir_facade.store.logins import Logins
from fhir_facade.sync.progress import OnProgress
from fhir_facade.sync.report import SyncReport
from fhir_facade.sync.run import SyncPlan, sync
from fhir_facade.sync.schedule import files_in
from fhir_facade.sync.spark import SparkCluster


def source_named(settings: Settings, name: str) -> SourceSettings:
    """The ``[[claims]]`` entry of that name.

    Raises:
        ConfigError: there is none.
    """
    for source in settings.claims:
        if source.name == name:
            return source
    known = ", ".join(source.name for source in settings.claims)
    raise ConfigError([f"no source is named {name} in {settings.path.name}; its sources are {known}"])


def sync_source(
    settings: Settings,
    name: str,
    on_progress: OnProgress | None = None,
    *,
    allow_removals: bool = False,
    workers: int = 1,
    spark: bool = False,
) -> SyncReport:
    """Bring the copy of one source up to date.

    Args:
        settings: of the facade.
        name: of the source.
        on_progress: called as the run goes on.
        allow_removals: a snapshot may remove more than half of the members.
        workers: processes that read and map.
        spark: have Apache Spark read and map instead.

    Raises:
        ConfigError: there is no such source, it is served live, or Spark cannot read it.
        ClaimsUnavailable: the source or the copy cannot be used now.
    """
    entry = source_named(settings, name)
    arrived = files_in(entry.drop) if entry.drop else None
    source = open_source(entry, settings.path.parent, scratch_for(settings, entry, spark))
    try:
        with guarded():  # looking whether it has the face asks for its capabilities
            extract = source if isinstance(source, ExtractSource) else None
        if entry.mode != "replica" or extract is None:
            raise ConfigError([f"{name} is served live: it has no copy to sync"])
        plan = plan_of(settings, entry, allow_removals=allow_removals, workers=workers)
        if spark:
            in_stretches(entry, source)
            plan = replace(plan, cluster=cluster_of(settings, entry))
        report = remembered(settings, name, lambda: sync(extract, plan, on_progress))
    finally:
        close_source(source, name)
    if arrived is not None:
        remember_files(settings, entry, arrived)
    return report


def in_stretches(entry: SourceSettings, source: object) -> ReadsInStretches:
    """The source, which Spark can read.

    Raises:
        ConfigError: it cannot be read in stretches.
    """
    if not isinstance(source, ReadsInStretches):
        raise ConfigError([f"{entry.name}: adapter {entry.adapter} cannot be read in stretches; leave --engine away"])
    return source


def cluster_of(settings: Settings, entry: SourceSettings) -> SparkCluster:
    """Spark as the config wants it, for one source.

    Raises:
        ConfigError: Spark is not installed.
    """
    spark, scratch = settings.sync.spark, scratch_for(settings, entry, spark=True)
    cluster = SparkCluster(
        master=spark.master,
        conf=spark.conf,
        folder=scratch,
        opens=partial(open_source, entry, settings.path.parent, scratch),
    )
    cluster.require()
    return cluster


def scratch_for(settings: Settings, entry: SourceSettings, spark: bool) -> Path:
    """Where a source's temporary files stand; with Spark, where every machine sees them."""
    shared = settings.sync.spark.folder if spark else None
    return shared / entry.name if shared else scratch_of(settings, entry)


def plan_of(settings: Settings, entry: SourceSettings, *, allow_removals: bool = False, workers: int = 1) -> SyncPlan:
    """Everything a run needs besides the source."""
    policy = policy_of(settings)
    return SyncPlan(
        name=entry.name,
        replica=replica_url(settings),
        mapper=mapper_of(settings, entry),
        rendering=f"{rendering_of(settings)} labels {policy.fingerprint}",
        patient_of=patient_of(settings),
        labels=policy.labels,
        hashed=match_hash(settings),
        combinations=settings.login.match,
        state=state_folder(settings),
        moved=lambda patients: let_go(settings, patients),
        allow_removals=allow_removals,
        workers=workers,
    )


def let_go(settings: Settings, patients: Collection[str]) -> None:
    """End what leads to Patient ids that are given up: the grants on them, and the accounts linked to them.

    Raises:
        ClaimsUnavailable: the facade's own tables cannot be written; the sync must not go on without that.
    """
    store = Store(store_url(settings))
    try:
        server, logins = authorization_server(settings, store, Trail(audit_log(settings))), Logins(store)
        for patient in patients:
            end_grants_on(server, patient, "identifier changed")
            logins.unlink_all(f"Patient/{patient}")
    except (StoreUnavailable, SQLAlchemyError) as error:
        raise ClaimsUnavailable(f"the store cannot be written ({type(error).__name__}): no id was changed") from error
    finally:
        store.close()


def rendering_of(settings: Settings) -> str:
    """How resources are rendered: when it changes, a sync maps everything again."""
    people = f" people {settings.identity.crosswalk}" if settings.identity.crosswalk else ""
    people += f" match {settings.login.match}" if settings.login.match else ""
    return f"carin {settings.fhir.carin} pins {settings.fhir.pin_coding_versions}{people}"


def patient_of(settings: Settings) -> PatientOf:
    """How a member's ``Patient.id`` is made: of the source alone, or of an identifier that all sources carry."""
    kind = settings.identity.crosswalk
    return Crosswalk(kind, identifier_key(settings)) if kind else own_patient


def last_published(settings: Settings, entry: SourceSettings) -> datetime | None:
    """When the last run of a source finished; None for never.

    Raises:
        ClaimsUnavailable: the copy cannot be read.
    """
    return next((fresh.published for fresh in freshness_of(settings, entry)), None)


def freshness_of(settings: Settings, entry: SourceSettings, standbys: Sequence[URL] = ()) -> Sequence[Freshness]:
    """How fresh the copy of a source is; ``standbys`` are asked, too.

    Raises:
        ClaimsUnavailable: the copy cannot be read.
    """
    resources = ReplicaResources(replica_url(settings), entry.name, match_hash(settings), standbys)
    try:
        return resources.freshness()
    finally:
        resources.close()
