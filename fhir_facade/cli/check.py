"""``fhir-facade check``: everything wrong with a config, in one message."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_facade.app.checking import faults_of
from fhir_facade.cli.options import config_option, json_option, print_json, settings_of
from fhir_facade.contracts.errors import ConfigError


@click.command()
@config_option
@json_option
def check(config: Path | None, as_json: bool) -> None:
    """Connect to everything the config names and say all that is wrong; exits 1 when something is."""
    try:
        faults = faults_of(settings_of(config))
    except ConfigError as error:
        faults = list(error.faults)
    if as_json:
        print_json({"ok": not faults, "faults": faults})
    else:
        click.echo("\n".join(faults) or "Everything the config names works.", err=bool(faults))
    if faults:
        sys.exit(1)
