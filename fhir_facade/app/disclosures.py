"""The audit trail's lines about one member, as the FHIR endpoints tell them to that member."""

from __future__ import annotations

from collections.abc import Iterator

from fhir_facade.app.databases import ACCOUNT
from fhir_facade.fhir.disclosure import Disclosure
from fhir_facade.resources.disclosures import Disclosures
from fhir_facade.store import Store
from fhir_facade.store.apps import Apps
from fhir_facade.store.audit import AuditLine, AuditLog

AT_ONCE = 500


def disclosures_of(log: AuditLog, store: Store) -> Disclosures:
    """Patient id → lines about that member's data, newest first, read as far as they are asked for."""

    def lines(patient: str) -> Iterator[Disclosure]:
        names: dict[str, str] = {}
        before: int | None = None
        while found := log.of_member(patient, limit=AT_ONCE, before=before):
            _look_up_names(store, {line.app_id for line in found}, names)
            for line in found:
                if line.what == ACCOUNT:  # an operator's act: nobody saw data of the member
                    continue
                yield _disclosure(line, names.get(line.app_id, ""))
            before = found[-1].number

    return lines


def _look_up_names(store: Store, app_ids: set[str], names: dict[str, str]) -> None:
    with store.read() as connection:
        for app_id in app_ids - names.keys() - {""}:
            app = Apps(connection).find(app_id)
            names[app_id] = app.name if app else ""


def _disclosure(line: AuditLine, app_name: str) -> Disclosure:
    return Disclosure(
        number=line.number,
        at=line.at,
        what=line.what,
        outcome=line.outcome,
        app_id=line.app_id,
        app_name=app_name,
        by_member=line.by_member,
        request_id=line.request_id,
        detail=line.detail,
    )
