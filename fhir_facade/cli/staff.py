"""``fhir-facade staff``: accounts of reviewers, operators and auditors."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click

from fhir_facade.cli.apps_review import opened
from fhir_facade.cli.options import config_option, json_option, print_json, print_rows, settings_of
from fhir_facade.registry.faults import NotNow
from fhir_facade.registry.people import STAFF, Role, faults_of_person


@click.group()
def staff() -> None:
    """Accounts of reviewers, operators and auditors."""


@staff.command()
@config_option
@click.option("--email", required=True, help="The address the person logs in with.")
@click.option("--name", required=True, help="Name as the history of requests shows it.")
@click.option("--role", type=click.Choice(STAFF), default="reviewer", show_default=True)
@json_option
def add(config: Path | None, email: str, name: str, role: str, as_json: bool) -> None:
    """Invite a person: prints a link, good for 72 hours, to set a password, or else where staff log in."""
    if faults_of_person(email, name, "agency"):
        raise click.UsageError("--email must be like name@example.org, --name 1 to 200 characters")
    settings = settings_of(config)
    try:
        link = opened(config).accounts.invite(email, name, cast(Role, role))
    except NotNow as refused:
        raise click.ClickException("this address has an account of another role") from refused
    if settings.staff.identity != "local":  # whoever logs in there needs no password here
        link = f"{settings.server.public_base}/staff/log-in"
    print_json({"link": link}) if as_json else click.echo(link)


@staff.command()
@config_option
@click.argument("email")
@click.option("--role", type=click.Choice(STAFF), required=True)
def role(config: Path | None, email: str, role: str) -> None:
    """Give a staff account another role; it holds with the next page that is opened."""
    if not opened(config).accounts.assign(email, cast(Role, role)):
        raise click.ClickException("there is no staff account of this address")
    click.echo(f"the role is {role} now")


@staff.command()
@config_option
@click.argument("email")
def remove(config: Path | None, email: str) -> None:
    """Take the role from a staff account: its sessions end, its password and second factor are gone."""
    if not opened(config).accounts.assign(email, None):
        raise click.ClickException("there is no staff account of this address")
    click.echo("the account is no longer one of the staff")


@staff.command("list")
@config_option
@json_option
def list_(config: Path | None, as_json: bool) -> None:
    """List the staff accounts."""
    rows = [
        {"email": one.email, "name": one.name, "role": one.role, "second_factor": one.second_factor}
        for one in opened(config).accounts.staff()
    ]
    print_rows(as_json, "Staff", ["email", "name", "role", "second_factor"], rows)


@staff.command("forget-factor")
@config_option
@click.argument("email")
def forget_factor(config: Path | None, email: str) -> None:
    """Take a lost authenticator from an account, a developer's too; its sessions end."""
    if not opened(config).accounts.forget_second_factor(email):
        raise click.ClickException("there is no account of this address")
    click.echo("the second factor is gone; the next log-in asks for a new one where it is needed")
