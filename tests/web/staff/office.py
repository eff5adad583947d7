"""The staff's pages on a real audit trail, a real replica with rejects, and a folder of real keys."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.engine import URL

from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.oauth.keys import rotate
from fhir_facade.resources import database
from fhir_facade.resources.page import Freshness
from fhir_facade.resources.rejects import Rejects
from fhir_facade.resources.schema import reject, source
from fhir_facade.store.audit import AuditEvent, AuditLog
from fhir_facade.store.audit_check import verify
from fhir_facade.store.audit_search import AuditSearch
from fhir_facade.store.standing import Standing
from fhir_facade.web.staff import StaffDesk
from fhir_facade.web.staff_audit import AuditBook, audit_blueprint
from fhir_facade.web.staff_keys import keys_blueprint
from fhir_facade.web.staff_log_ins import log_ins_blueprint
from fhir_facade.web.staff_sources import SourceBook, SourceShown, sources_blueprint
from tests.web.portal.stage import Browser, Stage, build

SECRET = b"audit" * 8
MEDICAID = "MCD-778812345"
PATIENT = "medical-maria"


class Resources:
    """How fresh the sources are; away when told so."""

    away = False

    def freshness(self) -> list[Freshness]:
        """One copy and one live source."""
        if self.away:
            raise ClaimsUnavailable("away")
        published = datetime(2026, 11, 20, 3, tzinfo=UTC)
        return [
            Freshness(source="medical", data_through=published, received=published, published=published),
            Freshness(source="state", data_through=None, received=None, published=None),
        ]


@dataclass
class Office:
    """Everything a test looks at."""

    stage: Stage
    log: AuditLog
    audit_url: str
    replica: URL
    keys: Path
    resources: Resources

    def staff(self, role: str) -> Browser:
        """Somebody of that role who is logged in with a second factor."""
        return self.stage.staff(role, f"{role}@agency.example")

    def reject(self, *rows: tuple[str, str, str]) -> None:
        """Put records on the reject list of *medical*."""
        engine = database.writer(self.replica)
        with engine.begin() as connection:
            key = connection.execute(sa.select(source.c.key).where(source.c.name == "medical")).scalar()
            if key is None:
                connection.execute(sa.insert(source).values(name="medical", rendering="", run=1))
                key = connection.execute(sa.select(source.c.key).where(source.c.name == "medical")).scalar_one()
            for file, line, reason in rows:
                connection.execute(sa.insert(reject).values(source=key, file=file, line=line, reason=reason, run=1))

    def staff_lines(self, what: str = "staff") -> list[str]:
        """What the trail says that staff did, as outcome and detail."""
        return [f"{one.outcome} {one.detail}" for one in self.stage.events if one.what == what]


def furnish(folder: Path) -> Office:
    """A fresh office in a folder."""
    url = f"sqlite:///{folder / 'audit.db'}"
    log, replica, resources = AuditLog(url, SECRET), database.replica_url(None, folder), Resources()
    database.migrate(replica)
    stage = build(folder, record=log.write)
    rotate(folder / "keys", stage.clock.now)
    office = Office(stage, log, url, replica, folder / "keys", resources)
    staff = StaffDesk(desk=stage.desk)
    for blueprint in (
        sources_blueprint(staff, _sources(office)),
        log_ins_blueprint(staff, stage.store),
        keys_blueprint(staff, office.keys, stage.clock),
        audit_blueprint(staff, _audit(office)),
    ):
        stage.app.register_blueprint(blueprint)
    return office


def _sources(office: Office) -> SourceBook:
    return SourceBook(
        sources=[
            SourceShown(name="medical", adapter="sql", live=False),
            SourceShown(name="state", adapter="fhir", live=True),
        ],
        resources=office.resources,  # type: ignore[arg-type]
        rejects=Rejects(office.replica),
        standing=Standing(office.stage.store),
        late=lambda fresh: None if fresh.source == "state" else True,
    )


def _audit(office: Office) -> AuditBook:
    return AuditBook(
        search=AuditSearch(office.audit_url, SECRET),
        find=lambda kind, value: [PATIENT] if (kind, value) == ("medicaid-id", MEDICAID) else [],
        verify=lambda: verify(office.audit_url, SECRET),
        standing=Standing(office.stage.store),
        clock=lambda: int(time.time()),
    )


def disclose(office: Office, number: int, patient: str = PATIENT, **more: str) -> None:
    """So many answers to an app about a member stand in the trail."""
    for count in range(number):
        told = {"app_id": "buddy", "request_id": f"request-{count}", "detail": f"Coverage {count}"} | more
        office.log.write(AuditEvent(what="search", outcome="200", patient=patient, actor=f"Patient/{patient}", **told))
