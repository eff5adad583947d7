"""``fhir-facade accounts``: invite people to the local log-in, and help those who lost their credentials."""

from __future__ import annotations

from pathlib import Path

import click

from fhir_facade.app import accounts as desk
from fhir_facade.cli.options import config_option, json_option, print_json, print_rows, settings_of
from fhir_facade.contracts.errors import ConfigError

days_option = click.option("--days", default=7, show_default=True, type=click.IntRange(1, 365), help="Valid for.")
proofed_option = click.option("--proofed", required=True, help="How and by whom the identity was proofed.")


@click.group()
def accounts() -> None:
    """Accounts of the local log-in."""


@accounts.command()
@config_option
@json_option
@click.option("--identifier", "identifiers", multiple=True, required=True, help="KIND=VALUE, as in medicaid-id=123.")
@proofed_option
@click.option("--ial", default=1, show_default=True, type=click.IntRange(0, 3), help="Identity assurance level.")
@days_option
def invite(config: Path | None, as_json: bool, identifiers: tuple[str, ...], proofed: str, ial: int, days: int) -> None:
    """Make an invitation; its code is printed once, for the person who was proofed."""
    code = desk.invite(settings_of(config), _pairs(identifiers), proofed, ial, days)
    _print(code, as_json)


@accounts.command()
@config_option
@json_option
@click.argument("username")
@proofed_option
@days_option
def reset(config: Path | None, as_json: bool, username: str, proofed: str, days: int) -> None:
    """Make an invitation that replaces the password and second factor of an account."""
    _print(desk.reset(settings_of(config), username, proofed, days), as_json)


@accounts.command()
@config_option
@click.argument("username")
def unlock(config: Path | None, username: str) -> None:
    """Let a locked account log in again."""
    desk.unlock(settings_of(config), username)
    click.echo(f"{username} may log in again.")


@accounts.command("list")
@config_option
@json_option
def list_accounts(config: Path | None, as_json: bool) -> None:
    """List accounts."""
    columns = ["username", "second factor", "locked", "proofing"]
    print_rows(as_json, "Accounts", columns, desk.names(settings_of(config)))


def _print(code: str, as_json: bool) -> None:
    if as_json:
        print_json({"invitation": code})
    else:
        click.echo(f"Invitation code: {code}\nThe person enters it on the log-in page, with a new name and password.")


def _pairs(identifiers: tuple[str, ...]) -> dict[str, str]:
    pairs = [text.partition("=") for text in identifiers]
    faults = [f"--identifier {kind}: write KIND=VALUE" for kind, _, value in pairs if not kind or not value.strip()]
    if faults:
        raise ConfigError(faults)
    return {kind: value.strip() for kind, _, value in pairs}
