"""One source of a config as files, by Apache Spark."""

from __future__ import annotations

from fhir_facade.app.syncing import cluster_of, in_stretches, plan_of, scratch_for, source_named
from fhir_facade.contracts.sections import Settings
from fhir_facade.plugins import open_source
from fhir_facade.sync.exporting import Output, export
from fhir_facade.sync.work import Work


def export_source(settings: Settings, name: str, output: Output) -> dict[str, int]:
    """Write every resource of a source as files; how many of each type, and how many records were rejected.

    Raises:
        ConfigError: there is no such source, or Spark cannot read it.
        FacadeError: the source cannot be read or mapped now, or Spark does not answer.
    """
    entry = source_named(settings, name)
    source = open_source(entry, settings.path.parent, scratch_for(settings, entry, spark=True))
    try:
        readable = in_stretches(entry, source)
        cluster = cluster_of(settings, entry)
        plan = plan_of(settings, entry)
        work = Work(source=name, mapper=plan.mapper, labels=plan.labels, patient_of=plan.patient_of, stamp=0)
        return export(cluster, readable.stretches(None), work, output)
    finally:
        source.close()
