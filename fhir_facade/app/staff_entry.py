"""The log-in of the staff at a system of their own, made of a config."""

from __future__ import annotations

from typing import cast

from fhir_facade.app.parts import Parts
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.identity import Assurance, IdentityProvider
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.contracts.sections import Settings
from fhir_facade.login.flow import LoginFlow
from fhir_facade.login.ports import LoginEvent, Record, login_choice
from fhir_facade.oauth import server as authorization
from fhir_facade.plugins import open_provider
from fhir_facade.registry.people import Role
from fhir_facade.registry.staff_door import StaffDoor
from fhir_facade.store.audit import AuditEvent
from fhir_facade.store.developers import Developers
from fhir_facade.store.logins import Logins
from fhir_facade.web.developers import DeveloperDesk
from fhir_facade.web.staff_entry import StaffEntry

LOCAL = "local"
SECOND_FACTOR = Assurance(aal=2)
"""The least that a log-in of staff must reach."""


def staff_provider(settings: Settings) -> IdentityProvider | None:
    """The staff's log-in system, opened; None where their accounts are the facade's own.

    Raises:
        ConfigError: it cannot be used.
    """
    if settings.staff.identity == LOCAL:
        return None
    production, base = settings.server.environment == "production", f"{settings.server.public_base}/staff"
    context = IdentityContext(accounts=None, production=production, public_base=base)
    try:
        return open_provider(settings.staff.identity, settings.staff_options, settings.path.parent, context)
    except ConfigError as error:
        raise ConfigError([fault.replace("identity.", "staff.", 1) for fault in error.faults]) from error


def staff_entry(parts: Parts, desk: DeveloperDesk) -> StaffEntry | None:
    """The way in; None where staff log in with accounts of the facade's own.

    Raises:
        ConfigError: the log-in system cannot be used.
    """
    settings, provider = parts.settings, staff_provider(parts.settings)
    if provider is None:
        return None
    logins, clock = Logins(parts.store), authorization.system_clock
    groups = cast(dict[str, Role], settings.staff.groups)
    developers, accounts = Developers(parts.store), desk.registry.accounts
    door = StaffDoor(developers, accounts, desk.keys, parts.trail.event, clock, groups)
    flow = LoginFlow(
        choices=[login_choice(settings.staff.identity, "", provider)],
        logins=logins,
        keys=desk.keys,
        linker=door,
        callback_url=f"{settings.server.public_base}/staff/login/callback",
        minimum=SECOND_FACTOR,
        record=_recorded(parts.trail.event),
    )
    return StaffEntry(desk=desk, flow=flow, logins=logins, door=door)


def _recorded(record: authorization.Record) -> Record:
    """Log-ins of staff as lines about accounts, apart from those of members."""

    def write(event: LoginEvent) -> None:
        facts = " ".join(f"{name}={value}" for name, value in sorted(event.facts.items()) if value)
        outcome = "ok" if event.outcome == "one" else event.outcome
        detail = " ".join(filter(None, ("staff log-in", event.provider, event.detail, facts)))
        record(AuditEvent(what="account", outcome=outcome, actor=event.user or "", detail=detail))

    return write
