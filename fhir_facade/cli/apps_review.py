"""``fhir-facade apps review``: work the requests for production without a browser."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from fhir_facade.app.databases import require_current_schemas
from fhir_facade.app.registry import open_registry
from fhir_facade.cli.options import config_option, json_option, print_json, print_rows, print_told, settings_of
from fhir_facade.registry.faults import NotNow
from fhir_facade.registry.parts import Registry
from fhir_facade.registry.reviews import OPEN, OPERATOR
from fhir_facade.store.reviews import Review, Step

NOT_NOW = {
    "wrong_state": "there is no such request, or it is not in a state for this step",
    "why_missing": "say why with --why",
}


@click.group()
def review() -> None:
    """Work the requests for production."""


@review.command("list")
@config_option
@click.option("--all", "everything", is_flag=True, help="Also those that were decided.")
@json_option
def list_(config: Path | None, everything: bool, as_json: bool) -> None:
    """List the requests, the longest waiting first."""
    registry = opened(config)
    rows = [row_of(one) for one in registry.reviews.all(() if everything else OPEN)]
    print_rows(as_json, "Requests for production", ["request", "app", "state", "changed", "production_client_id"], rows)


@review.command()
@config_option
@click.argument("request")
@json_option
def show(config: Path | None, request: str, as_json: bool) -> None:
    """Show a request: what was asked, the answers about privacy, and every step."""
    registry = opened(config)
    found = registry.reviews.find(request)
    if found is None:
        raise click.ClickException(f"there is no request {request}")
    told = row_of(found[0]) | {"asked": dict(found[0].asked), "history": [step_of(step) for step in found[1]]}
    owner = registry.accounts.find(found[0].owner)
    told["developer"] = (
        {"name": owner.name, "organization": owner.organization, "email": owner.email} if owner else None
    )
    if as_json:
        print_json(told)
        return
    print_told({name: value for name, value in told.items() if name != "history"})
    for step in told["history"]:
        click.echo(f"  {step['at']}  {step['state']}  {step['actor']} ({step['role']})  {step['why']}".rstrip())


def take_step(config: Path | None, request: str, action: str, why: str = "") -> None:
    """Take a step and print where it led.

    Raises:
        click.ClickException: the step cannot be taken.
    """
    registry = opened(config)
    try:
        if action in {"ask", "approve", "deny"} and is_submitted(registry, request):
            registry.reviews.move(request, "take", OPERATOR)
        moved = registry.reviews.move(request, action, OPERATOR, why)
    except NotNow as refused:
        message = NOT_NOW.get(refused.reason, str(refused))
        if refused.reason == "reason_unknown":
            message = "--reason must be one of: " + " | ".join(registry.reviews.reasons)
        raise click.ClickException(message) from refused
    key = f"   production client id: {moved.production_app_id}" if moved.production_app_id else ""
    click.echo(f"{moved.asked['name']}: {moved.state}{key}")


def is_submitted(registry: Registry, request: str) -> bool:
    """Whether nobody took the request into review yet: deciding does that too."""
    found = registry.reviews.find(request)
    return found is not None and found[0].state == "submitted"


@review.command()
@config_option
@click.argument("request")
def approve(config: Path | None, request: str) -> None:
    """Approve: the app gets a production key."""
    take_step(config, request, "approve")


@review.command()
@config_option
@click.argument("request")
@click.option("--reason", required=True, help="One of the configured reasons, word by word.")
def deny(config: Path | None, request: str, reason: str) -> None:
    """Deny, for one of the configured reasons."""
    take_step(config, request, "deny", reason)


@review.command()
@config_option
@click.argument("request")
@click.option("--why", required=True, help="What is missing; the developer reads it.")
def ask(config: Path | None, request: str, why: str) -> None:
    """Ask the developer for more information."""
    take_step(config, request, "ask", why)


@review.command()
@config_option
@click.argument("request")
@click.option("--why", required=True, help="The developer reads it.")
def suspend(config: Path | None, request: str, why: str) -> None:
    """Suspend the production key; members' permissions stay."""
    take_step(config, request, "suspend", why)


@review.command()
@config_option
@click.argument("request")
@click.option("--why", required=True, help="The developer reads it.")
def reinstate(config: Path | None, request: str, why: str) -> None:
    """Let a suspended production key work again."""
    take_step(config, request, "reinstate", why)


@review.command()
@config_option
@click.argument("request")
@click.option("--why", required=True, help="The developer reads it.")
def retire(config: Path | None, request: str, why: str) -> None:
    """Retire the production key for good and end every permission."""
    take_step(config, request, "retire", why)


def opened(config: Path | None) -> Registry:
    """The registry of a config."""
    settings = settings_of(config)
    require_current_schemas(settings)
    return open_registry(settings, letters_at_once=True)


def row_of(review: Review) -> dict[str, Any]:
    """A request as the command line shows it."""
    return {
        "request": review.review_id,
        "app": review.asked["name"],
        "state": review.state,
        "changed": instant(review.changed_at),
        "client_id": review.app_id,
        "production_client_id": review.production_app_id or "",
    }


def step_of(step: Step) -> Mapping[str, str]:
    """A step as the command line shows it."""
    return {
        "at": instant(step.at),
        "state": step.state,
        "actor": step.actor,
        "role": step.role,
        "why": step.why,
    }


def instant(at: int) -> str:
    """An instant in ISO 8601."""
    return datetime.fromtimestamp(at, UTC).isoformat()
