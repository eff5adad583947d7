"""The schedules of a config's sources, with everything that is wrong with them."""

from __future__ import annotations

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import Settings, SourceSettings
from fhir_facade.sync.schedule import Schedule, parse


def schedules_of(settings: Settings) -> dict[str, Schedule]:
    """Source → its schedule, of those that have one.

    Raises:
        ConfigError: one cannot be read, or cannot be kept.
    """
    found: dict[str, Schedule] = {}
    faults: list[str] = []
    for source in settings.claims:
        if source.schedule:
            try:
                found[source.name] = parse(source.schedule)
            except ValueError as error:
                faults.append(f"claims {source.name}: schedule {source.schedule!r}: {error}")
                continue
            faults += _faults_of(source, found[source.name])
    if faults:
        raise ConfigError(faults)
    return found


def _faults_of(source: SourceSettings, plan: Schedule) -> list[str]:
    where = f"claims {source.name}: schedule {source.schedule!r}"
    if source.mode != "replica":
        return [f'{where}: the source is served live and has no copy to sync; write mode = "replica"']
    if plan.on_files and source.drop is None:
        return [f"{where}: drop is missing; it names the folder that files arrive in"]
    if plan.on_files and source.drop is not None and not source.drop.is_dir():
        return [f"{where}: drop must name the folder that files arrive in; {source.drop} is none"]
    return []
