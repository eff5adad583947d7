"""Claims from any database that SQLAlchemy speaks, through a mapping file: live, as a copy, or both."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import as_file, files
from pathlib import Path

from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.plugin import CLAIMS_CONTRACT, ClaimsPlugin, SourceContext
from fhir_facade_claims_sql import loading
from fhir_facade_claims_sql.database import alone, open_engine
from fhir_facade_claims_sql.elements import fields_of
from fhir_facade_claims_sql.fetch import Fetcher
from fhir_facade_claims_sql.mapping import MappingFile, load
from fhir_facade_claims_sql.samples import Samples
from fhir_facade_claims_sql.settings import SqlSettings
from fhir_facade_claims_sql.source import SqlSource
from fhir_facade_claims_sql.statements import Statements

__all__ = ["plugin"]

PRESETS = ("tuva", "tuva-2024", "cpcds-views", "desynpuf")


def open_source(settings: SqlSettings, context: SourceContext) -> SqlSource:
    """The source.

    Raises:
        ConfigError: neither or both of mapping and preset are given, the mapping has faults, or the URL is not usable.
    """
    del context
    mapping = chosen(settings)
    engine = open_engine(settings)
    statements = Statements(engine.dialect.name, settings.database_schema)
    fetcher = Fetcher(mapping, statements, Samples(mapping, statements))
    return SqlSource(settings=settings, mapping=mapping, engine=engine, alone=alone(engine), fetcher=fetcher)


def chosen(settings: SqlSettings) -> MappingFile:
    """The mapping the settings name.

    Raises:
        ConfigError: neither or both are named, or it has faults.
    """
    if (settings.mapping is None) == (settings.preset is None):
        raise ConfigError([f"claims.sql: give either mapping (a file) or preset ({', '.join(PRESETS)})"])
    if settings.mapping is not None:
        return load(Path(settings.mapping))
    if settings.preset not in PRESETS:
        raise ConfigError([f"claims.sql.preset: {settings.preset} is unknown; known are {', '.join(PRESETS)}"])
    return preset(settings.preset)


def preset(name: str) -> MappingFile:
    """A bundled mapping."""
    with as_file(files("fhir_facade_claims_sql") / "presets" / f"{name}.toml") as path:
        return load(path)


def load_files(folder: Path, settings: SqlSettings, replace: bool) -> tuple[Mapping[str, int], tuple[Rejected, ...]]:
    """CSV files into the database of the settings: rows of each table, and what could not be loaded.

    Raises:
        ConfigError: the settings, the mapping or the files do not fit.
        ClaimsUnavailable: the database refuses, or a file cannot be read.
    """
    loaded = loading.load(chosen(settings), folder, settings.url.reveal(), replace=replace)
    return loaded.rows, tuple(loaded.rejected)


plugin = ClaimsPlugin(
    name="sql",
    contract=CLAIMS_CONTRACT,
    settings=SqlSettings,
    open=open_source,
    summary="Any database SQLAlchemy speaks, through a mapping file; live or as a copy",
    load=load_files,
    layouts=lambda: {f"sql preset {name}": fields_of(preset(name)) for name in PRESETS},
)
