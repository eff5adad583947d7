"""The app registry of a config: for the pages, and for the commands, which need no claims source."""

from __future__ import annotations

from pathlib import Path

from fhir_facade.app.databases import audit_log, store_url
from fhir_facade.app.trail import Trail
from fhir_facade.contracts.sections import Settings
from fhir_facade.login.keys import LoginKeys
from fhir_facade.oauth.server import Record, system_clock
from fhir_facade.registry.mail import Carrier, FolderCarrier, SmtpCarrier
from fhir_facade.registry.parts import Registry, registry_of
from fhir_facade.state import cursor_key, state_folder
from fhir_facade.store import Store
from fhir_facade.web.letters import composer


def open_registry(
    settings: Settings, store: Store | None = None, record: Record | None = None, *, letters_at_once: bool = False
) -> Registry:
    """The registry; on a store and trail of its own where none are given."""
    return registry_of(
        store=store or Store(store_url(settings)),
        keys=LoginKeys(cursor_key(settings)),
        record=record or Trail(audit_log(settings)).event,
        clock=system_clock,
        base=settings.server.public_base,
        compose=composer(settings.agency.name, settings.agency.contact, settings.server.public_base),
        carrier=carrier_of(settings),
        reasons=settings.registry.denial_reasons,
        staff_elsewhere=settings.staff.identity != "local",
        letters_at_once=letters_at_once,
    )


def carrier_of(settings: Settings) -> Carrier:
    """What carries letters: the mail server of the config, or else a folder in the state folder."""
    if settings.mail.host:
        return SmtpCarrier(settings.mail)
    return FolderCarrier(outbox_of(settings), settings.mail.sender)


def outbox_of(settings: Settings) -> Path:
    """Where letters lie that no mail server takes."""
    return state_folder(settings) / "outbox"


def takes_sign_ups(settings: Settings) -> bool:
    """Whether developers may make accounts: where letters can reach them, and the operator allows it."""
    reachable = bool(settings.mail.host) or settings.server.environment == "sandbox"
    return settings.registry.sign_up and reachable
