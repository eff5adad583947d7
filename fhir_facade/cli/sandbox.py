"""``fhir-facade sandbox``: the whole facade with invented members, from nothing to serving in one command."""

from __future__ import annotations

import sysconfig
from dataclasses import replace
from pathlib import Path

import click

from fhir_facade.app import migrate_databases, open_parts
from fhir_facade.app.sandbox import ensure_demo_app, test_log_ins, token_for
from fhir_facade.cli import serve, sync
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import Settings
from fhir_facade.serving.workers import bound_socket
from fhir_facade.settings import load

HOST = "127.0.0.1"


@click.command()
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65_535), help="Port to serve on.")
@click.option("--members", default=100, show_default=True, help="How many members to invent.")
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), help="Folder for databases and keys.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1, 64), help="Processes that answer.")
def sandbox(port: int, members: int, state: Path | None, workers: int) -> None:
    """Make keys, load invented members, serve them, and print where to go."""
    serve.listening(bound_socket, HOST, port, "--port").close()  # said before anything is loaded
    settings = settings_for(port, members, state)
    migrate_databases(settings)
    for source in settings.claims:
        sync.run(settings, source.name)
    app = ensure_demo_app(open_parts(settings))
    click.echo(welcome(settings, app.app_id))
    serve.run(settings, HOST, port, workers=workers)


def sandbox_config() -> Path:
    """The config of the sandbox: beside the code, or where the wheel put it.

    Raises:
        ConfigError: it is in neither place.
    """
    places = [Path(__file__).parents[2] / "config", Path(sysconfig.get_path("data")) / "share" / "fhir-facade"]
    for place in places:
        if (place / "sandbox.toml").is_file():
            return place / "sandbox.toml"
    raise ConfigError([f"sandbox.toml is in none of {', '.join(map(str, places))}; install fhir-facade again"])


def settings_for(port: int, members: int, state: Path | None) -> Settings:
    """The sandbox's settings with what the command line changes."""
    settings = load(sandbox_config())
    server = replace(settings.server, public_base=f"http://localhost:{port}", state=state or settings.server.state)
    (source,) = settings.claims
    source = replace(source, options=source.options | {"members": members})
    return replace(settings, server=server, claims=(source,))


def welcome(settings: Settings, app_id: str) -> str:
    """Where to go, and one command that works as printed."""
    base = settings.server.public_base
    member = test_log_ins(settings, 1)[0]
    token = token_for(settings, member["username"], app_id, "patient/*.rs")["access_token"]
    return f"""
The sandbox is ready. Ctrl-C ends it.

  portal     {base}/
  FHIR base  {base}/fhir
  log-in     {member["username"]} / {member["password"]}   {member["story"]}
  demo app   {base}/demo   client id: {app_id}

  curl -H 'Authorization: Bearer {token}' '{base}/fhir/ExplanationOfBenefit?_count=2'
"""
