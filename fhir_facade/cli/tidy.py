"""``fhir-facade tidy``: removes what has run out."""

from __future__ import annotations

import time
from pathlib import Path

import click

from fhir_facade.app.databases import require_current_schemas, store_url
from fhir_facade.cli.options import config_option, json_option, print_json, settings_of
from fhir_facade.store import Store
from fhir_facade.store.tidy import tidy as remove_expired


@click.command()
@config_option
@json_option
def tidy(config: Path | None, as_json: bool) -> None:
    """Remove expired requests, codes, tokens and assertions; once a day is often enough."""
    settings = settings_of(config)
    require_current_schemas(settings)
    removed = remove_expired(Store(store_url(settings), patient=True), int(time.time()))
    if as_json:
        print_json(removed)
    else:
        click.echo("removed: " + ", ".join(f"{count} {kind}" for kind, count in removed.items()))
