"""What exists in a sandbox alone: test log-ins, tokens without a log-in, the demo app."""

from __future__ import annotations

from typing import Any

from fhir_facade.access.scopes import Scopes
from fhir_facade.app.databases import replica_url
from fhir_facade.app.parts import Parts, open_parts
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import Settings
from fhir_facade.login.sandbox_accounts import generated_password
from fhir_facade.oauth.registry import AppFault, find_app, mint_token
from fhir_facade.oauth.server import system_clock
from fhir_facade.resources.roster import patients
from fhir_facade.state import identifier_key
from fhir_facade.store.apps import App, Apps
from fhir_facade.web.demo import demo_app


def require_sandbox(settings: Settings) -> None:
    """Nothing, in a sandbox.

    Raises:
        ConfigError: the config is for production.
    """
    if settings.server.environment != "sandbox" or "sandbox" not in settings.identity.providers:
        raise ConfigError(["this works in a sandbox only: server.environment and identity.provider must be sandbox"])


def test_log_ins(settings: Settings, limit: int) -> list[dict[str, Any]]:
    """User name, password, story and patient id of each member who may be logged in as.

    Args:
        settings: of a sandbox.
        limit: most members without a story; those with one are always listed.

    Raises:
        ConfigError: the config is for production.
    """
    require_sandbox(settings)
    parts = open_parts(settings)
    told = [
        {
            "username": member.username,
            "password": member.password,
            "story": member.story,
            "patient": patient_of(parts, member.evidence),
        }
        for member in parts.named
    ]
    if told:
        return told
    key = identifier_key(settings)
    found = patients(replica_url(settings), [source.name for source in settings.claims], limit)
    return [{"username": one, "password": generated_password(key, one), "story": "", "patient": one} for one in found]


def patient_of(parts: Parts, evidence: dict[str, str] | Any) -> str:
    """The ``Patient.id`` that a log-in with this evidence leads to; of the first member a representative acts for."""
    for reference in parts.people.match(evidence):
        kind, _, identifier = reference.partition("/")
        if kind == "Patient":
            return str(identifier)
        acting = parts.people.represented(reference)
        if acting:
            return str(acting[0])
    return ""


def token_for(settings: Settings, member: str, app_name: str, scopes: str) -> dict[str, Any]:
    """An access token to try the API with, as the token endpoint would answer it.

    Args:
        settings: of a sandbox.
        member: user name of a test log-in, or a ``Patient.id``.
        app_name: client id or name of a registered app.
        scopes: SMART scopes.

    Raises:
        ConfigError: there is no such member or app, or this is no sandbox.
    """
    require_sandbox(settings)
    parts = open_parts(settings)
    app = find_app(parts.store, app_name)
    if app is None:
        known = f"see: fhir-facade apps list --config {settings.path}"
        raise ConfigError([f"no app, or more than one, is registered as {app_name}; {known}"])
    patient = _patient(parts, member)
    try:
        token = mint_token(parts.server, app, patient=patient, scopes=scopes)
    except AppFault as fault:
        raise ConfigError(fault.faults) from fault
    granted = Scopes.parse(scopes).within(app.scopes)
    return {
        "access_token": token,
        "token_type": "Bearer",
        "expires_in": settings.oauth.access_token_s,
        "scope": str(granted),
        "patient": patient,
    }


def _patient(parts: Parts, member: str) -> str:
    for named in parts.named:
        if named.username.casefold() == member.casefold():
            return patient_of(parts, named.evidence)
    if parts.people.name(member) is not None:
        return member
    raise ConfigError([f"no member {member}; see: fhir-facade members --config {parts.settings.path}"])


def ensure_demo_app(parts: Parts) -> App:
    """The demo app, registered where it is not."""
    app = demo_app(parts.settings.server.public_base, parts.settings.server.environment, system_clock())
    with parts.store.write() as connection:
        apps = Apps(connection)
        if apps.find(app.app_id):
            apps.change(app)
        else:
            apps.add(app)
    return app
