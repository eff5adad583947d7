"""Where events of the rooms become lines of the audit trail."""

from __future__ import annotations

import structlog

from fhir_facade.login.ports import LoginEvent
from fhir_facade.web.fhir_audit import FhirAccess

log = structlog.get_logger("fhir_facade.audit")


class Trail:
    """Writes log-ins and disclosures."""

    def login(self, event: LoginEvent) -> None:
        """One step of a log-in or a decision."""
        log.info("login", outcome=event.outcome, provider=event.provider, visit=event.visit, app=event.app_id)

    def access(self, access: FhirAccess) -> None:
        """One FHIR request that carried a token."""
        log.info(
            "access",
            request_id=access.request_id,
            grant=access.grant.grant_id,
            app=access.grant.app_id,
            interaction=access.interaction,
            type=access.resource_type,
            status=access.status,
            matches=access.matches,
        )
