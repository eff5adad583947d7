"""The staff's pages of a config: where they look things up."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from flask import Blueprint

from fhir_facade.app.databases import audit_url, replica_url, store_url
from fhir_facade.app.lateness import lateness
from fhir_facade.app.parts import Parts
from fhir_facade.app.staff_entry import staff_entry
from fhir_facade.contracts.sections import Settings
from fhir_facade.login.linking import keys_of
from fhir_facade.oauth.server import system_clock
from fhir_facade.resources.rejects import Rejects
from fhir_facade.state import identifier_key, signing_folder
from fhir_facade.store import Store, StoreUnavailable
from fhir_facade.store.audit_check import AuditReport, verify
from fhir_facade.store.audit_search import AuditSearch
from fhir_facade.store.standing import Standing
from fhir_facade.web.developers import DeveloperDesk
from fhir_facade.web.reviews import reviews_blueprint
from fhir_facade.web.staff import StaffDesk, staff_blueprint
from fhir_facade.web.staff_audit import CHECK, AuditBook, audit_blueprint, report_told
from fhir_facade.web.staff_entry import entry_blueprint
from fhir_facade.web.staff_keys import keys_blueprint
from fhir_facade.web.staff_log_ins import log_ins_blueprint
from fhir_facade.web.staff_sources import SourceBook, SourceShown, sources_blueprint


def staff_blueprints(parts: Parts, desk: DeveloperDesk) -> Sequence[Blueprint]:
    """Every page of the staff."""
    entry = staff_entry(parts, desk)
    staff = StaffDesk(desk=desk, forward=entry.forward if entry else None)
    return (
        *((entry_blueprint(entry),) if entry else ()),
        staff_blueprint(staff),
        reviews_blueprint(staff),
        sources_blueprint(staff, _sources(parts)),
        log_ins_blueprint(staff, parts.store),
        keys_blueprint(staff, signing_folder(parts.settings), system_clock),
        audit_blueprint(staff, _audit(parts)),
    )


def checked_trail(settings: Settings) -> AuditReport:
    """A check of the whole trail; its result is kept for the auditors' page where the store can be written."""
    report = verify(audit_url(settings), identifier_key(settings))
    store = Store(store_url(settings))
    with suppress(StoreUnavailable):
        Standing(store).found(CHECK, system_clock(), report_told(report))
    store.close()
    return report


def _sources(parts: Parts) -> SourceBook:
    settings = parts.settings
    return SourceBook(
        sources=[SourceShown(name=one.name, adapter=one.adapter, live=one.mode == "live") for one in settings.claims],
        resources=parts.resources,
        rejects=Rejects(replica_url(settings)),
        standing=Standing(parts.store),
        late=lateness(settings),
    )


def _audit(parts: Parts) -> AuditBook:
    settings = parts.settings

    def find(kind: str, value: str) -> Sequence[str]:
        """Patient ids of the members who carry an identifier; a name or birth date finds nobody."""
        keys = keys_of({kind: value}, ())
        found = parts.people.match(keys[0]) if keys else ()
        return [one.removeprefix("Patient/") for one in found if one.startswith("Patient/")]

    return AuditBook(
        search=AuditSearch(audit_url(settings), identifier_key(settings)),
        find=find,
        verify=lambda: verify(audit_url(settings), identifier_key(settings)),
        standing=Standing(parts.store),
        clock=system_clock,
    )
