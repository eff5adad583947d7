"""``fhir-facade token``: a token to try the sandbox with."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_facade.app.sandbox import token_for
from fhir_facade.cli.options import config_option, json_option, print_json, settings_of


@click.command()
@config_option
@click.option("--member", required=True, help="User name of a test log-in, or a patient id.")
@click.option("--app", "app_name", required=True, help="Client id or name of a registered app.")
@click.option("--scope", default="patient/*.rs", show_default=True, help="SMART scopes, separated by blanks.")
@json_option
def token(config: Path | None, member: str, app_name: str, scope: str, as_json: bool) -> None:
    """Print an access token for curl, without log-in and consent; in a sandbox only."""
    answer = token_for(settings_of(config), member, app_name, scope)
    if as_json:
        print_json(answer)
    else:
        click.echo(answer["access_token"])
