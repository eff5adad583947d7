"""``fhir-facade migrate``: bring the databases to this release's schema."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_facade.app import migrate_databases
from fhir_facade.cli.options import config_option, json_option, print_json, settings_of


@click.command()
@config_option
@json_option
def migrate(config: Path | None, as_json: bool) -> None:
    """Create or upgrade the store and the replica; does nothing where they are current."""
    versions = migrate_databases(settings_of(config))
    if as_json:
        print_json(versions)
    else:
        for database, version in versions.items():
            click.echo(f"{database}: schema {version}")
