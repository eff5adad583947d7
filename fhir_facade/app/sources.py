"""The claims sources of a config, as one ``Resources``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from fhir_facade.access import sensitivity
from fhir_facade.access.sensitive_resources import resource_labels
from fhir_facade.access.sensitivity import SensitivityPolicy
from fhir_facade.app.databases import replica_url, standby_urls
from fhir_facade.contracts.claims import ExtractSource, LiveSource
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.records import Claim
from fhir_facade.contracts.sections import Settings, SourceSettings
from fhir_facade.contracts.upstream import ResourceSource
from fhir_facade.fhir.mapper import Mapper
from fhir_facade.plugins import open_source
from fhir_facade.resources.federation import Federation
from fhir_facade.resources.live import LiveResources
from fhir_facade.resources.matching import MatchHash
from fhir_facade.resources.page import Resources
from fhir_facade.resources.paging import RankedResources
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.resources.upstream import UpstreamResources
from fhir_facade.state import identifier_keys, state_folder

Labels = Callable[[Claim], frozenset[str]]


def resources_of(settings: Settings) -> Resources:
    """Where resources come from: the only source, or all of them as one.

    Raises:
        ConfigError: a source cannot be opened, or cannot be served the way the config says.
    """
    labels = policy_of(settings).labels
    sources = {source.name: one_source(settings, source, labels) for source in settings.claims}
    if len(sources) == 1:
        (only,) = sources.values()
        return only
    return Federation(sources, settings.fhir.source_timeout_s, partial=settings.fhir.partial == "warn")


def one_source(settings: Settings, entry: SourceSettings, labels: Labels) -> RankedResources:
    """One source, from its copy or live.

    Raises:
        ConfigError: it cannot be opened, or has no live face.
    """
    if entry.mode == "replica":
        standbys = standby_urls(settings)
        return ReplicaResources(replica_url(settings), entry.name, match_hash(settings), standbys)
    source = open_source(entry, settings.path.parent, scratch_of(settings, entry))
    if isinstance(source, LiveSource):
        return LiveResources(source, mapper_of(settings, entry), labels, settings.fhir.source_timeout_s)
    if isinstance(source, ResourceSource):
        of_resource = partial(resource_labels, policy_of(settings))
        return UpstreamResources(entry.name, source, of_resource, settings.fhir.source_timeout_s)
    copied = isinstance(source, ExtractSource)
    advice = 'write mode = "replica" and sync it' if copied else "it answers neither live nor as an extract"
    raise ConfigError([f"claims {entry.name}: the adapter {entry.adapter} cannot be served live; {advice}"])


def policy_of(settings: Settings) -> SensitivityPolicy:
    """Which claims are sensitive.

    Raises:
        ConfigError: a list is missing or damaged; nothing is served without it.
    """
    return sensitivity.load(settings.sensitive.version, settings.sensitive.lists)


def match_hash(settings: Settings) -> MatchHash:
    """How identifiers are hashed at rest."""
    keys = identifier_keys(settings)
    return MatchHash(keys, next(iter(keys)))


def mapper_of(settings: Settings, source: SourceSettings) -> Mapper:
    """The mapper of one source's records."""
    return Mapper(source.name, settings.fhir.carin, settings.fhir.pin_coding_versions)


def scratch_of(settings: Settings, source: SourceSettings) -> Path:
    """The folder for a source's temporary files."""
    return state_folder(settings) / "scratch" / source.name
