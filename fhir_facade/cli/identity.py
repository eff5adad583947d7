"""``fhir-facade identity``: try a log-in without issuing anything; block log-ins to a member."""

from __future__ import annotations

import time
from dataclasses import asdict
from pathlib import Path

import click

from fhir_facade.app.databases import ACCOUNT, require_current_schemas, write_down
from fhir_facade.app.parts import open_parts
from fhir_facade.app.trying import try_log_in
from fhir_facade.cli.options import config_option, json_option, print_json, print_rows, settings_of
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.store.logins import Logins


@click.group()
def identity() -> None:
    """The log-in systems of a config."""


@identity.command("try")
@config_option
@json_option
@click.option("--provider", help="Which log-in, where the config has several.")
def try_(config: Path | None, as_json: bool, provider: str | None) -> None:
    """Log in on this terminal; prints the evidence, masked, and how many members it finds."""
    settings = settings_of(config)
    require_current_schemas(settings)
    trial = try_log_in(
        open_parts(settings),
        provider or settings.identity.providers[0],
        lambda label, hidden: click.prompt(label, hide_input=hidden, err=True),
        lambda text: click.echo(text, err=True),
    )
    if as_json:
        print_json(asdict(trial))
        return
    told = {name: value for name, value in asdict(trial).items() if name != "evidence"}
    rows = [{"what": name, "value": str(value)} for name, value in {**told, **trial.evidence}.items()]
    print_rows(False, "Log-in", ["what", "value"], rows)


@identity.command()
@config_option
@click.argument("patient")
def block(config: Path | None, patient: str) -> None:
    """Refuse log-ins to a member (their Patient.id), as after a report of misuse; what apps may see stays as it is."""
    _set_block(config, patient, int(time.time()))
    click.echo(f"Log-ins to {patient} are blocked.")


@identity.command()
@config_option
@click.argument("patient")
def unblock(config: Path | None, patient: str) -> None:
    """Allow log-ins to a member again."""
    _set_block(config, patient, None)
    click.echo(f"Log-ins to {patient} are allowed.")


def _set_block(config: Path | None, patient: str, since: int | None) -> None:
    settings = settings_of(config)
    require_current_schemas(settings)
    parts = open_parts(settings)
    if since is not None and parts.people.name(patient) is None:
        raise ConfigError([f"no member {patient} is served here"])
    write_down(settings, ACCOUNT, "allowed again" if since is None else "blocked", patient=patient)
    Logins(parts.store).block(f"Patient/{patient}", since)
