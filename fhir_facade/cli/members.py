"""``fhir-facade members``: the test log-ins of a sandbox."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_facade.app.sandbox import test_log_ins
from fhir_facade.cli.options import config_option, json_option, print_rows, settings_of


@click.command()
@config_option
@json_option
@click.option("--limit", default=100, show_default=True, help="Most members to list that have no story.")
def members(config: Path | None, as_json: bool, limit: int) -> None:
    """List members with user name, password, story and patient id; in a sandbox only."""
    rows = test_log_ins(settings_of(config), limit)
    print_rows(as_json, "Test log-ins", ["username", "password", "patient", "story"], rows)
