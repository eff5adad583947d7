"""``fhir-facade keys``: the keys that sign id_tokens."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import click

from fhir_facade.app.accounts import rekey
from fhir_facade.app.databases import write_down
from fhir_facade.cli.options import config_option, json_option, print_json, print_table, settings_of
from fhir_facade.contracts.sections import Settings
from fhir_facade.oauth.keys import read_records, rotate
from fhir_facade.state import signing_folder


@click.group()
def keys() -> None:
    """Make, replace and list the keys that sign id_tokens."""


@keys.command("rotate")
@config_option
@json_option
@click.option("--identifiers", is_flag=True, help="Re-key what is stored under keys.identifiers_before instead.")
def rotate_(config: Path | None, as_json: bool, identifiers: bool) -> None:
    """Make a new signing key: published at once, signing after an hour, the old one retired two hours later."""
    if identifiers:
        rekey_identifiers(settings_of(config), as_json)
        return
    settings = settings_of(config)
    record = rotate(signing_folder(settings), int(time.time()))
    write_down(settings, "key", "rotated", detail=record.kid)
    if as_json:
        print_json(asdict(record))
    else:
        click.echo(f"{record.kid} signs from {shown(record.signs_from)}; servers see it without a restart")


def rekey_identifiers(settings: Settings, as_json: bool) -> None:
    """Bring local accounts under the current key; links follow at the next log-in, match keys at the next sync."""
    moved = rekey(settings) if "local" in settings.identity.providers else 0
    if as_json:
        print_json({"accounts": moved})
        return
    click.echo(f"Local accounts under the current key: {moved}; servers go on meanwhile.")
    click.echo("Next: fhir-facade sync each source, so that its match keys are hashed under the current key too.")


@keys.command("list")
@config_option
@json_option
def list_(config: Path | None, as_json: bool) -> None:
    """List the signing keys."""
    records = read_records(signing_folder(settings_of(config)))
    if as_json:
        print_json([asdict(record) for record in records])
        return
    rows = [[record.kid, shown(record.signs_from), shown(record.until) if record.until else ""] for record in records]
    print_table("Signing keys", ["key", "signs from", "published until"], rows)


def shown(seconds: int) -> str:
    """An instant as an operator reads it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
