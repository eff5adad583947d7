"""Entry points → opened plugins. Only the chosen plugin is loaded; what cannot be used stops the start."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from fhir_facade.contracts.claims import ClaimsSource
from fhir_facade.contracts.errors import ConfigError, FacadeError
from fhir_facade.contracts.guarding import guarded
from fhir_facade.contracts.identity import IdentityProvider
from fhir_facade.contracts.plugin import (
    CLAIMS_CONTRACT,
    CLAIMS_GROUP,
    IDENTITY_CONTRACT,
    IDENTITY_GROUP,
    ClaimsPlugin,
    IdentityContext,
    IdentityPlugin,
    SourceContext,
)
from fhir_facade.contracts.sections import SourceSettings
from fhir_facade.contracts.settings import Reader
from fhir_facade.contracts.upstream import ResourceSource

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """One installed plugin, chosen or not. ``contract`` is None, and ``fault`` says why, where it cannot load."""

    kind: str
    name: str
    distribution: str
    version: str
    contract: int | None
    summary: str
    fault: str = ""


def installed() -> list[Installed]:
    """Every installed plugin, claims sources first, by name."""
    return [
        _describe(kind, point)
        for kind, group in (("claims", CLAIMS_GROUP), ("identity", IDENTITY_GROUP))
        for point in sorted(entry_points(group=group), key=lambda point: (point.name, point.value))
    ]


def _describe(kind: str, point: EntryPoint) -> Installed:
    name, version = (point.dist.name, point.dist.version) if point.dist else ("unknown", "")
    try:
        plugin = point.load()
        contract, summary, fault = plugin.contract, plugin.summary, ""
    except Exception as error:  # a broken plugin is listed with its fault, whatever it raises
        contract, summary, fault = None, "", _why(point, error)
    return Installed(
        kind=kind, name=point.name, distribution=name, version=version, contract=contract, summary=summary, fault=fault
    )


def _why(point: EntryPoint, error: Exception) -> str:
    if isinstance(error, ModuleNotFoundError) and point.extras and point.dist:
        return f"it needs more packages: pip install '{point.dist.name}[{','.join(point.extras)}]'"
    return f"{type(error).__name__}: {error}"


def find(group: str, name: str) -> Any:
    """The plugin object of that name.

    Raises:
        ConfigError: no distribution offers it, two do, its import broke, or it calls itself by another name.
    """
    found = [point for point in entry_points(group=group) if point.name == name]
    if not found:
        known = ", ".join(sorted(point.name for point in entry_points(group=group))) or "none"
        raise ConfigError([f"no plugin named {name} is installed for {group}; installed: {known}"])
    if len(found) > 1:
        offers = " and ".join(sorted(point.dist.name if point.dist else point.value for point in found))
        raise ConfigError([f"{offers} both offer a plugin named {name}; uninstall one of them"])
    return _load(found[0], group)


def _load(point: EntryPoint, group: str) -> Any:
    try:
        plugin = point.load()
    except Exception as error:
        fault = f"plugin {point.name} is installed, but importing it failed: {_why(point, error)}"
        raise ConfigError([fault]) from error
    wanted: type[Any] = ClaimsPlugin if group == CLAIMS_GROUP else IdentityPlugin
    contract = CLAIMS_CONTRACT if group == CLAIMS_GROUP else IDENTITY_CONTRACT
    if not isinstance(plugin, wanted):
        raise ConfigError([f"plugin {point.name}: {point.value} is not a {wanted.__name__}"])
    if plugin.name != point.name:
        raise ConfigError([f"plugin {point.name} calls itself {plugin.name}; the two names must be equal"])
    if plugin.contract != contract:
        raise ConfigError(
            [f"plugin {point.name} was written for contract {plugin.contract}, this facade has {contract}; update it"]
        )
    return plugin


def _options(cls: type[Any], table: Mapping[str, Any], where: str, folder: Path) -> Any:
    reader = Reader(folder)
    options = reader.read(cls, table, where)
    if reader.faults:
        raise ConfigError(reader.faults)
    return options


def open_source(source: SourceSettings, folder: Path, scratch: Path) -> ClaimsSource | ResourceSource:
    """The claims source of one ``[[claims]]`` entry.

    Args:
        source: the entry.
        folder: the config file's folder, from which the adapter's relative paths are taken.
        scratch: a folder for the source's temporary files; made if it is not there.

    Raises:
        ConfigError: the plugin or its settings cannot be used, or the folder cannot be made.
        ClaimsInvalid: the plugin raised something else.
    """
    plugin: ClaimsPlugin = find(CLAIMS_GROUP, source.adapter)
    options = _options(plugin.settings, source.options, f"claims.{source.adapter}", folder)
    try:
        scratch.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fault = f"the folder {scratch} for temporary files of {source.name} cannot be made ({error.strerror})"
        raise ConfigError([fault]) from error
    with guarded(f"the adapter {source.adapter}"):
        return plugin.open(options, SourceContext(name=source.name, scratch=scratch))


def close_source(source: ClaimsSource | ResourceSource, name: str) -> None:
    """Close a source; one that cannot be closed is told in the log, and stops nothing."""
    try:
        with guarded():
            source.close()
    except FacadeError as error:
        log.warning("a source could not be closed", extra={"source": name, "fault": str(error)})


def open_provider(name: str, table: Mapping[str, Any], folder: Path, context: IdentityContext) -> IdentityProvider:
    """The identity provider of that name.

    Raises:
        ConfigError: the plugin or its settings cannot be used.
    """
    plugin: IdentityPlugin = find(IDENTITY_GROUP, name)
    return plugin.open(_options(plugin.settings, table, f"identity.{name}", folder), context)
