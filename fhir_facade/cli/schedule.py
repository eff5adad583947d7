"""``fhir-facade schedule``: sync each source when its schedule says so, for ever."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import click

from fhir_facade.app.arrivals import seen_files
from fhir_facade.app.databases import require_current_schemas
from fhir_facade.app.schedules import schedules_of
from fhir_facade.app.syncing import last_published, sync_source
from fhir_facade.cli.options import config_option, settings_of
from fhir_facade.cli.runs import Runs
from fhir_facade.contracts.errors import ConfigError, FacadeError
from fhir_facade.contracts.sections import Settings, SourceSettings
from fhir_facade.serving.signals import end_at, pause
from fhir_facade.sync.courtesy import give_way
from fhir_facade.sync.plan import cores
from fhir_facade.sync.schedule import Schedule, is_late

LOOK_S = 20.0
ALARM_AGAIN = timedelta(hours=1)


@dataclass(slots=True)
class Alarms:
    """When each source was last called late: once an hour is enough for whoever watches the log."""

    raised: dict[str, datetime] = field(default_factory=dict)

    def due(self, source: str, now: datetime) -> bool:
        """Whether to say it again."""
        if source in self.raised and now - self.raised[source] < ALARM_AGAIN:
            return False
        self.raised[source] = now
        return True


@click.command()
@config_option
@click.option("--once", is_flag=True, help="Sync what is due now, and end.")
def schedule(config: Path | None, once: bool) -> None:
    """Sync each source when its schedule says so; prints an alarm line when data are late."""
    give_way()
    settings = settings_of(config)
    require_current_schemas(settings)
    schedules = schedules_of(settings)
    if not schedules:
        raise ConfigError(["no source has a schedule; add one to its [[claims]] entry"])
    if once:
        went_well = [look(settings, source, plan, datetime.now(UTC)) for source, plan in schedules.items()]
        sys.exit(0 if all(went_well) else 1)
    stopping = Event()
    end_at(stopping, signal.SIGTERM, signal.SIGINT)
    keep(settings, schedules, stopping)


def keep(settings: Settings, schedules: Mapping[str, Schedule], stopping: Event) -> None:
    """Begin syncs as they are due, until told to stop; whatever one of them does, the next look comes."""
    runs, alarms = Runs(), Alarms()

    def begin(settings: Settings, entry: SourceSettings) -> bool:
        if runs.may_begin(entry.name):
            runs.begin(entry.name, lambda: run(settings, entry))
        return True

    try:
        while not stopping.is_set():
            runs.forget_ended()
            for source, plan in schedules.items():
                look(settings, source, plan, datetime.now(UTC), alarms, begin)
            pause(stopping, LOOK_S)
    finally:
        runs.end()


def look(
    settings: Settings,
    name: str,
    plan: Schedule,
    now: datetime,
    alarms: Alarms | None = None,
    begin: Callable[[Settings, SourceSettings], bool] | None = None,
) -> bool:
    """Sync a source if it is due, and say when its data are late; whether all went well.

    Args:
        settings: of the facade.
        name: of the source.
        plan: when it is due.
        now: the current instant.
        alarms: what was said before.
        begin: syncs it; here and now where nothing else is given.
    """
    entry = next(source for source in settings.claims if source.name == name)
    ok = True
    try:
        if plan.due(last_published(settings, entry), now, entry.drop, seen_files(settings, entry)):
            ok = (begin or run)(settings, entry)
        warn_when_late(settings, entry, now, alarms or Alarms())
    except (FacadeError, OSError) as error:
        click.echo(f"{name}: cannot be looked at: {error}", err=True)
        return False
    return ok


def run(settings: Settings, entry: SourceSettings) -> bool:
    """One sync with one line about how it went."""
    try:
        report = sync_source(settings, entry.name, workers=cores())
    except FacadeError as error:
        click.echo(f"{entry.name}: failed: {error}", err=True)
        return False
    counts = f"{sum(report.written.values()):,} written, {sum(report.deleted.values()):,} deleted"
    counts += f", {report.spared:,} spared" if report.spared else ""
    click.echo(f"{entry.name}: {counts}, {report.rejected:,} rejected, {report.seconds:.0f} s")
    return report.rejected == 0


def warn_when_late(settings: Settings, entry: SourceSettings, now: datetime, alarms: Alarms) -> None:
    """The alarm line of the one-business-day rule."""
    published = last_published(settings, entry)
    if is_late(None, published, now) and alarms.due(entry.name, now):
        since = f"last published {published:%Y-%m-%d %H:%M} UTC" if published else "never published"
        click.echo(f"ALARM {entry.name}: data are later than one business day ({since})", err=True)
