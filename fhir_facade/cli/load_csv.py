"""``fhir-facade load-csv``: CSV files into the database that the ``sql`` source then reads."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_facade.cli.options import json_option, print_json
from fhir_facade.contracts.claims import Rejected
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.plugin import CLAIMS_GROUP, ClaimsPlugin
from fhir_facade.contracts.settings import Secret
from fhir_facade.plugins import find

URL_VARIABLE = "CLAIMS_DATABASE_URL"
MOST_SHOWN = 20


@click.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--into", required=True, envvar=URL_VARIABLE, help=f"Database URL; {URL_VARIABLE} gives it where absent.")
@click.option("--preset", help="A bundled mapping that names files: desynpuf, tuva or tuva-2024.")
@click.option("--mapping", type=click.Path(dir_okay=False, path_type=Path), help="Your own mapping, with [files].")
@click.option("--replace", is_flag=True, help="Drop the tables first where they are there already.")
@json_option
def load_csv(folder: Path, into: str, preset: str | None, mapping: Path | None, replace: bool, as_json: bool) -> None:
    """Put the CSV files of FOLDER (.csv, .csv.gz, .zip) into a database; exits 1 when lines were rejected."""
    plugin: ClaimsPlugin = find(CLAIMS_GROUP, "sql")
    if plugin.load is None:
        raise ConfigError(["the installed plugin sql cannot load files; update it"])
    settings = plugin.settings(url=Secret("--into", into), preset=preset, mapping=mapping)
    rows, rejected = plugin.load(folder, settings, replace)
    if as_json:
        listed = [{"file": one.position.file, "line": one.position.line, "reason": one.reason} for one in rejected]
        print_json({"rows": dict(rows), "rejected": listed})
    else:
        for table, count in rows.items():
            click.echo(f"{count:>12,}  {table}")
        _show(rejected)
    sys.exit(1 if rejected else 0)


def _show(rejected: tuple[Rejected, ...]) -> None:
    for one in rejected[:MOST_SHOWN]:
        click.echo(f"rejected: {one.position.file} line {one.position.line}: {one.reason}", err=True)
    if len(rejected) > MOST_SHOWN:
        click.echo(f"rejected: {len(rejected) - MOST_SHOWN:,} more; --json lists all", err=True)
