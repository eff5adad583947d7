"""The command group: loads a command's file when it is called, and turns errors into one message and an exit code."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from fhir_facade.contracts.errors import ConfigError, FacadeError

COMMANDS: dict[str, str] = {
    "accounts": "fhir_facade.cli.accounts:accounts",
    "adapter": "fhir_facade.cli.adapter:adapter",
    "apps": "fhir_facade.cli.apps:apps",
    "audit": "fhir_facade.cli.audit:audit",
    "check": "fhir_facade.cli.check:check",
    "identity": "fhir_facade.cli.identity:identity",
    "keys": "fhir_facade.cli.keys:keys",
    "load-csv": "fhir_facade.cli.load_csv:load_csv",
    "mail": "fhir_facade.cli.mail:mail",
    "mapping": "fhir_facade.cli.mapping:mapping",
    "members": "fhir_facade.cli.members:members",
    "migrate": "fhir_facade.cli.migrate:migrate",
    "plugins": "fhir_facade.cli.plugins:plugins",
    "sandbox": "fhir_facade.cli.sandbox:sandbox",
    "schedule": "fhir_facade.cli.schedule:schedule",
    "serve": "fhir_facade.cli.serve:serve",
    "staff": "fhir_facade.cli.staff:staff",
    "sync": "fhir_facade.cli.sync:sync",
    "tidy": "fhir_facade.cli.tidy:tidy",
    "tmsis": "fhir_facade.cli.tmsis:tmsis",
    "token": "fhir_facade.cli.token:token",
}
"""Command → where it stands. A file is imported only when its command is called, so that ``--help`` is quick."""

WRONG_USE = 2


class Commands(click.Group):
    """Commands by name, imported when used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, by name."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name, or None."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a wrong config exits 2, anything else the facade refuses exits 1, and so does a bad path."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            click.echo("\n".join(error.faults), err=True)
            sys.exit(WRONG_USE)
        except FacadeError as error:
            raise click.ClickException(str(error)) from error
        except OSError as error:
            if error.filename is None:
                raise
            raise click.ClickException(f"{error.filename}: {error.strerror}") from error


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="fhir-facade")
def main() -> None:
    """A claims API for any health payer: claims sources and log-ins plug in, FHIR and OAuth come out."""
