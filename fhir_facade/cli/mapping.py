"""``fhir-facade mapping``: the field mapping as a readable table."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

import click

from fhir_facade.app.sources import scratch_of
from fhir_facade.app.syncing import source_named
from fhir_facade.cli.options import config_option, settings_of
from fhir_facade.contracts.plugin import CLAIMS_GROUP, ClaimsPlugin
from fhir_facade.contracts.sections import FhirSettings
from fhir_facade.fhir.mapping_table.table import mapping_rows, rows_of_layouts
from fhir_facade.fhir.mapping_table.writers import as_csv, as_html, as_xlsx
from fhir_facade.plugins import find, open_source

WRITERS = {"csv": as_csv, "html": as_html, "xlsx": as_xlsx}


@click.command()
@config_option
@click.option("--source", help="Name of a [[claims]] entry; every bundled source without it, no config needed.")
@click.option("--format", "form", type=click.Choice(sorted(WRITERS)), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; standard output without.")
def mapping(config: Path | None, source: str | None, form: str, out: Path | None) -> None:
    """Print how each field of a source becomes FHIR: source field, element, path, profiles and an example."""
    if form == "xlsx" and out is None and sys.stdout.isatty():
        raise click.UsageError("a spreadsheet is nothing to read on a terminal; name a file with --out")
    rows, carin = bundled() if source is None else rows_of(config, source)
    document = WRITERS[form](rows, f"{source or 'bundled sources'}: fields to FHIR, CARIN Blue Button {carin}")
    if out:
        out.write_bytes(document)
        click.echo(f"{len(rows)} rows written to {out}", err=True)
    else:
        sys.stdout.buffer.write(document)


def bundled() -> tuple[list[dict[str, str]], str]:
    """The rows of every installed plugin that knows what it reads, and the newest version of the guide."""
    layouts: dict[str, Mapping[str, Mapping[str, str]]] = {}
    for name in sorted(point.name for point in entry_points(group=CLAIMS_GROUP)):
        plugin: ClaimsPlugin = find(CLAIMS_GROUP, name)
        layouts |= plugin.layouts() if plugin.layouts else {}
    carin = FhirSettings().carin
    return rows_of_layouts(carin, layouts), carin


def rows_of(config: Path | None, source: str) -> tuple[list[dict[str, str]], str]:
    """The rows of one source of a config, and its version of the guide."""
    settings = settings_of(config)
    entry = source_named(settings, source)
    opened = open_source(entry, settings.path.parent, scratch_of(settings, entry))
    try:
        return mapping_rows(settings.fhir.carin, opened.capabilities.fields or None), settings.fhir.carin
    finally:
        opened.close()
