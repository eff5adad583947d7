"""``fhir-facade check``: everything wrong with a config, in one message."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from fhir_facade.app.checking import faults_of, notes_of
from fhir_facade.cli.options import config_option, json_option, print_json, settings_of
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.reach import AHEAD


@click.command()
@config_option
@json_option
def check(config: Path | None, as_json: bool) -> None:
    """Connect to everything the config names and say all that is wrong; exits 1 when something is."""
    notes: list[str] = []
    try:
        settings = settings_of(config)
        faults, notes = faults_of(settings), notes_of(settings)
    except ConfigError as error:
        faults = list(error.faults)
    wrong = [fault for fault in faults if AHEAD not in fault]
    notes = [*(fault for fault in faults if AHEAD in fault), *notes]
    if as_json:
        print_json({"ok": not wrong, "faults": wrong, "notes": notes})
    else:
        click.echo("\n".join(wrong) or "Everything the config names works.", err=bool(wrong))
        for note in notes:
            click.echo(f"Note: {note}", err=True)
    if wrong:
        sys.exit(1)
