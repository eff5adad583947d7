"""Everything a start would stumble over, found without starting."""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import fields

from sqlalchemy.engine import URL

from fhir_facade.app.accounts import local_accounts
from fhir_facade.app.databases import audit_log, replica_faults, standby_urls, store_faults, store_url
from fhir_facade.app.parts import authorization_server, providers_of
from fhir_facade.app.schedules import schedules_of
from fhir_facade.app.sources import policy_of, scratch_of
from fhir_facade.app.staff_entry import staff_provider
from fhir_facade.app.trail import Trail
from fhir_facade.contracts.claims import Capabilities, HasNotes
from fhir_facade.contracts.databases import told
from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError, FacadeError
from fhir_facade.contracts.guarding import guarded
from fhir_facade.contracts.identity import Account
from fhir_facade.contracts.plugin import IDENTITY_GROUP
from fhir_facade.contracts.sections import Settings, SourceSettings
from fhir_facade.oauth.keys import read_records
from fhir_facade.plugins import close_source, find, open_source
from fhir_facade.resources.database import DATABASE_ERRORS, latest_version, schema_version
from fhir_facade.resources.places import Place
from fhir_facade.state import cursor_key, identifier_key, signing_folder, state_folder
from fhir_facade.store import Store
from fhir_facade.web.agency import agency_of

KEY = re.compile(r"(identity|server)\.")
"""A fault that names its key in the config needs nothing before it."""


class _NoAccounts:
    """The account store of a check: nobody logs in."""

    def find(self, username: str) -> Account | None:
        """Nobody."""
        del username
        return None


def faults_of(settings: Settings) -> list[str]:
    """Every fault, each a sentence that says what to do."""
    faults: list[str] = []
    tries: list[Callable[[], Sequence[str]]] = [
        lambda: _raised(lambda: state_folder(settings)),
        lambda: _raised(lambda: (identifier_key(settings), cursor_key(settings))),
        lambda: _said(lambda: store_faults(settings)),
        lambda: _said(lambda: replica_faults(settings)),
        lambda: _said(lambda: [fault for url in standby_urls(settings) for fault in _standby(url)]),
        lambda: _raised(lambda: policy_of(settings)),
        lambda: _raised(lambda: agency_of(settings.agency)),
        lambda: _signing(settings),
        *(lambda entry=entry: _source(settings, entry) for entry in settings.claims),
        lambda: _raised(lambda: schedules_of(settings)),
        lambda: _providers(settings),
        lambda: _staff(settings),
    ]
    for attempt in tries:
        faults.extend(attempt())
    return list(dict.fromkeys(faults))  # a database that cannot be used is met more than once


def notes_of(settings: Settings) -> list[str]:
    """What is no fault, and better known; sources that cannot be opened are among the faults already."""
    notes = [*_unwritable(settings), *_unnamed(settings)]
    for entry in settings.claims:
        with suppress(FacadeError), guarded():
            source = open_source(entry, settings.path.parent, scratch_of(settings, entry))
            if isinstance(source, HasNotes):
                notes += [f"claims {entry.name}: {note}" for note in source.notes()]
            notes += [f"claims {entry.name}: {note}" for note in _apart(settings, source.capabilities)]
            close_source(source, entry.name)
    return notes


def _apart(settings: Settings, capabilities: Capabilities) -> Sequence[str]:
    """That nobody of a source can be joined with others, where it says which identifiers its members carry."""
    kind, carried = settings.identity.crosswalk, capabilities.match_keys
    if not kind or not carried or kind in carried:
        return []
    return [
        f"its members carry {', '.join(carried)}, no {kind}: identity.crosswalk joins none of them with other sources"
    ]


def _unwritable(settings: Settings) -> list[str]:
    folder = settings.server.state
    if not folder.is_dir() or os.access(folder, os.W_OK | os.X_OK):
        return []
    whose = f"{getpass.getuser()} cannot write in {folder}"
    return [f"server.state: {whose}; sync and schedule keep their locks, reject lists and temporary files there"]


def _unnamed(settings: Settings) -> list[str]:
    """Of several log-ins among which members choose, those that go by the name of their plugin."""
    several = settings.identity.options if len(settings.identity.providers) > 1 else {}
    return [
        f"identity.{name}.label: members choose by it, and read {name} on the button; write what they call this log-in"
        for name, options in several.items()
        if not options.get("label") and _can_be_named(name)
    ]


def _can_be_named(provider: str) -> bool:
    with suppress(FacadeError):
        return "label" in {field.name for field in fields(find(IDENTITY_GROUP, provider).settings)}
    return False


def _standby(url: URL) -> Sequence[str]:
    place, where = Place(url), url.render_as_string(hide_password=True)
    try:
        place.connect().close()
        if schema_version(url) != latest_version():
            return [f"replica.replicas: {where} is no standby of the replica: it has another schema"]
    except ClaimsUnavailable as error:
        return [f"replica.replicas: {error}"]
    except DATABASE_ERRORS as error:
        return [f"replica.replicas: {where} cannot be reached: {told(error)}"]
    finally:
        place.close()
    return []


def _raised(action: Callable[[], object]) -> Sequence[str]:
    def nothing() -> Sequence[str]:
        action()
        return ()

    return _said(nothing)


def _said(action: Callable[[], Sequence[str]]) -> Sequence[str]:
    try:
        return action()
    except ConfigError as error:
        return error.faults
    except FacadeError as error:
        return [str(error)]


def _signing(settings: Settings) -> Sequence[str]:
    if settings.server.environment == "sandbox":
        return _raised(lambda: authorization_server(settings, Store("sqlite://"), Trail(audit_log(settings))))
    folder = signing_folder(settings)
    if not folder.is_dir() or not read_records(folder):
        return [f"keys.signing: there is no key in {folder}; run: fhir-facade keys rotate --config {settings.path}"]
    return []


def _source(settings: Settings, entry: SourceSettings) -> Sequence[str]:
    try:
        source = open_source(entry, settings.path.parent, scratch_of(settings, entry))
    except ConfigError as error:
        return error.faults
    except FacadeError as error:
        return [f"claims {entry.name}: {error}"]
    try:
        with guarded():
            faults = [*source.check(), *_unmatched(settings, entry, source.capabilities)]
    except FacadeError as error:
        faults = [str(error)]
    close_source(source, entry.name)
    return [f"claims {entry.name}: {fault}" for fault in faults]


def _unmatched(settings: Settings, entry: SourceSettings, capabilities: Capabilities) -> Sequence[str]:
    """Combinations that a live source cannot be asked for; the copy holds them in any case."""
    kinds = ["+".join(kinds) for kinds in settings.login.match if len(kinds) > 1] if entry.mode == "live" else []
    return [
        f"login.match: a live source must carry the match key {kind} itself; add it, or serve the source from its copy"
        for kind in kinds
        if kind not in capabilities.match_keys
    ]


def _providers(settings: Settings) -> Sequence[str]:
    try:
        providers = providers_of(
            settings, {"sandbox": _NoAccounts(), "local": local_accounts(settings, Store(store_url(settings)))}
        )
    except ConfigError as error:
        return error.faults
    except FacadeError as error:
        return [f"identity: {error}"]
    told = [(name, fault) for name, provider in providers.items() for fault in provider.check()]
    return [fault if KEY.match(fault) else f"identity {name}: {fault}" for name, fault in told]


def _staff(settings: Settings) -> Sequence[str]:
    try:
        provider = staff_provider(settings)
        return [f"staff: {fault}" for fault in provider.check()] if provider else ()
    except ConfigError as error:
        return error.faults
    except FacadeError as error:
        return [f"staff: {error}"]
