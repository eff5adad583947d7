"""What can be asked of AuditEvent: who looked at a member's data, told to the member.

Source: R4 AuditEvent search parameters.
"""

from __future__ import annotations

from fhir_facade.search.declaration import Kind, Parameter, ResourceType
from fhir_facade.search.every_type import CORE_PARAMETERS, parameters

DISCLOSURE = ResourceType(
    name="AuditEvent",
    doc="Who looked at the member's data, when, through which app; needs a scope that names it.",
    parameters=parameters(
        Parameter(
            name="patient",
            kind=Kind.REFERENCE,
            paths=("entity.what",),
            doc="The member whose data it was.",
            definition=CORE_PARAMETERS + "AuditEvent-patient",
            targets=("Patient",),
        ),
        Parameter(
            name="date",
            kind=Kind.DATE,
            paths=("recorded",),
            doc="When it happened.",
            definition=CORE_PARAMETERS + "AuditEvent-date",
        ),
        Parameter(
            name="subtype",
            kind=Kind.TOKEN,
            paths=("subtype",),
            doc="What happened: read, search, login, token, grant.",
            definition=CORE_PARAMETERS + "AuditEvent-subtype",
            folded=True,
        ),
        Parameter(
            name="outcome",
            kind=Kind.TOKEN,
            paths=("outcome",),
            doc="0 success, 4 refused, 8 failure.",
            definition=CORE_PARAMETERS + "AuditEvent-outcome",
            system="http://terminology.hl7.org/CodeSystem/audit-event-outcome",
        ),
    ),
    sorts=("_id", "_lastUpdated", "date"),
    order=("-date",),
    member_path="entity.what",
)
