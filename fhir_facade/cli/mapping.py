"""``fhir-facade mapping``: the field mapping as a readable table."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_facade.app.sources import scratch_of
from fhir_facade.app.syncing import source_named
from fhir_facade.cli.options import config_option, settings_of
from fhir_facade.fhir.mapping_table.table import mapping_rows
from fhir_facade.fhir.mapping_table.writers import as_csv, as_html, as_xlsx
from fhir_facade.plugins import open_source

WRITERS = {"csv": as_csv, "html": as_html, "xlsx": as_xlsx}


@click.command()
@config_option
@click.option("--source", required=True, help="Name of a [[claims]] entry.")
@click.option("--format", "form", type=click.Choice(sorted(WRITERS)), default="csv", show_default=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File to write; standard output without.")
def mapping(config: Path | None, source: str, form: str, out: Path | None) -> None:
    """Print how each field of SOURCE becomes FHIR: source field, element, path, profiles and an example."""
    settings = settings_of(config)
    entry = source_named(settings, source)
    opened = open_source(entry, settings.path.parent, scratch_of(settings, entry))
    try:
        rows = mapping_rows(settings.fhir.carin, opened.capabilities.fields or None)
    finally:
        opened.close()
    document = WRITERS[form](rows, f"{source}: fields to FHIR, CARIN Blue Button {settings.fhir.carin}")
    if out:
        out.write_bytes(document)
        click.echo(f"{len(rows)} rows written to {out}", err=True)
    else:
        sys.stdout.buffer.write(document)
