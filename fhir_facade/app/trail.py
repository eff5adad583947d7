"""Where events of the rooms become lines of the audit trail."""

from __future__ import annotations

from msgspec.structs import replace

from fhir_facade.login.ports import LoginEvent
from fhir_facade.store.audit import AuditEvent, AuditLog
from fhir_facade.store.tallies import APP, LOG_IN, Tally
from fhir_facade.web.fhir_audit import FhirAccess
from fhir_facade.web.request_id import is_asked, request_id


class Trail:
    """Writes log-ins, decisions, tokens and disclosures.

    Args:
        log: the trail of this process.
        tally: counts log-ins and requests, where given.
    """

    def __init__(self, log: AuditLog, tally: Tally | None = None) -> None:
        self._log = log
        self._tally = tally

    def event(self, event: AuditEvent) -> None:
        """Anything that is already an event, with the request it came in."""
        self._log.write(replace(event, request_id=request_id()) if is_asked() else event)

    def login(self, event: LoginEvent) -> None:
        """One step of a log-in or a decision."""
        facts = " ".join(f"{name}={value}" for name, value in sorted(event.facts.items()) if value)
        self.event(
            AuditEvent(
                what="login",
                outcome=event.outcome,
                app_id=event.app_id or "",
                actor=event.user or "",
                patient=event.patient or "",
                detail=" ".join(filter(None, (event.provider, event.detail, facts))),
            )
        )
        if self._tally is not None:
            self._tally.add(LOG_IN, event.provider or "none", event.outcome)
            self._tally.flush()  # a log-in writes the store anyway: not one is lost

    def access(self, access: FhirAccess) -> None:
        """One FHIR request that carried a token."""
        grant = access.grant
        self._log.write(
            AuditEvent(
                what=access.interaction,
                outcome=str(access.status),
                app_id=grant.app_id,
                actor=grant.user or "",
                patient=grant.patient or "",
                request_id=access.request_id,
                detail=f"{access.resource_type} {access.matches}",
            )
        )
        if self._tally is not None:
            self._tally.add(APP, grant.app_id, f"{access.interaction} {access.status}")

    def close(self) -> None:
        """Seal what was written, write what was counted, and give back the connection."""
        if self._tally is not None:
            self._tally.close()
        self._log.close()
