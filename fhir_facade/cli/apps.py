"""``fhir-facade apps``: register apps and list them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO

import click

from fhir_facade.app.databases import require_current_schemas, store_url, write_down
from fhir_facade.cli.apps_review import review
from fhir_facade.cli.options import config_option, json_option, print_json, print_rows, settings_of
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.oauth.registry import DEFAULT_SCOPES, AppFault, list_apps, register_app
from fhir_facade.store import Store
from fhir_facade.store.apps import App


@click.group()
def apps() -> None:
    """Register apps, list them, review their requests for production."""


apps.add_command(review)


@apps.command()
@config_option
@click.option("--name", required=True, help="Name as members read it.")
@click.option("--redirect-uri", "redirect_uris", multiple=True, help="Where users are sent back; may be repeated.")
@click.option(
    "--kind", type=click.Choice(["public", "confidential", "asymmetric"]), default="public", show_default=True
)
@click.option("--scope", "scopes", default=DEFAULT_SCOPES, show_default=True, help="The most it may ask for.")
@click.option(
    "--grant-length", type=click.Choice(["once", "13-months", "study"]), default="13-months", show_default=True
)
@click.option("--jwks-uri", help="Where the public keys of an asymmetric app are.")
@click.option("--jwks", type=click.File(encoding="utf-8"), help="The public keys themselves: a JWK set (JSON).")
@click.option("--backend", is_flag=True, help="The app may use client credentials (asymmetric apps only).")
@click.option("--privacy-url", help="The app's privacy policy.")
@json_option
def add(
    config: Path | None,
    as_json: bool,
    redirect_uris: tuple[str, ...],
    privacy_url: str | None,
    jwks: TextIO | None,
    **app: Any,
) -> None:
    """Register an app; prints its client id and, once, its secret."""
    settings = settings_of(config)
    require_current_schemas(settings)
    details = {"privacy_url": privacy_url} if privacy_url else {}
    store, environment = Store(store_url(settings)), settings.server.environment
    try:
        app |= {"jwks": _key_set(jwks) if jwks else None}
        made = register_app(store, environment=environment, redirect_uris=redirect_uris, details=details, **app)
    except AppFault as fault:
        raise ConfigError(fault.faults) from fault
    write_down(settings, "app", "registered", app_id=made.app.app_id)
    shown = row_of(made.app) | ({"client_secret": made.secret} if made.secret else {})
    if as_json:
        print_json(shown)
        return
    click.echo(f"client id:     {made.app.app_id}")
    if made.secret:
        click.echo(f"client secret: {made.secret}   (shown this once; keep it)")


def _key_set(file: TextIO) -> Any:
    try:
        return json.load(file)
    except (ValueError, RecursionError) as error:
        raise AppFault([f"{file.name} is no JSON: a JWK set is expected"]) from error


@apps.command("list")
@config_option
@json_option
def list_(config: Path | None, as_json: bool) -> None:
    """List the registered apps."""
    settings = settings_of(config)
    require_current_schemas(settings)
    rows = [row_of(app) for app in list_apps(Store(store_url(settings)))]
    print_rows(as_json, "Apps", ["client_id", "name", "kind", "environment", "state", "redirect_uris"], rows)


def row_of(app: App) -> dict[str, Any]:
    """An app as the command line shows it."""
    return {
        "client_id": app.app_id,
        "name": app.name,
        "kind": app.kind,
        "environment": app.environment,
        "state": app.state,
        "redirect_uris": list(app.redirect_uris),
        "scope": str(app.scopes),
        "grant_length": app.grant_length,
    }
