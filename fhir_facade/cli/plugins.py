"""``fhir-facade plugins``: what is installed."""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from fhir_facade.cli.options import json_option, print_rows
from fhir_facade.plugins import installed


@click.command()
@json_option
def plugins(as_json: bool) -> None:
    """List the installed claims and identity plugins; exits 1 when one cannot be loaded."""
    rows = [asdict(plugin) for plugin in installed()]
    print_rows(as_json, "Plugins", ["kind", "name", "distribution", "version", "contract", "summary", "fault"], rows)
    if any(row["fault"] for row in rows):
        sys.exit(1)
