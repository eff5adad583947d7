"""``fhir-facade mail``: send the letters that wait."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_facade.cli.apps_review import opened
from fhir_facade.cli.options import config_option
from fhir_facade.store.letters import Letters


@click.command()
@config_option
def mail(config: Path | None) -> None:
    """Send the letters that wait because the mail server was down; exits 1 while any wait."""
    registry = opened(config)
    sent = registry.mailroom.deliver()
    left = Letters(registry.store).waiting()
    click.echo(f"{sent} sent, {left} waiting")
    if left:
        raise click.ClickException("the mail server takes no letters; see [mail] in the config")
