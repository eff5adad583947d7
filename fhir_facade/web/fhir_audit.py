"""What the audit trail is told of every FHIR request that carried a token."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from fhir_facade.access.grant import Grant


class FhirAccess(msgspec.Struct, frozen=True, kw_only=True):
    """One request and how it was answered; never the values that were searched for.

    Args:
        request_id: name of the request, as the app got it.
        grant: whose data, for which app.
        interaction: ``read``, ``vread``, ``search`` or ``everything``.
        resource_type: what was asked for.
        resource_id: which one, ``""`` for a search.
        parameters: names of the parameters, each once.
        status: HTTP status of the answer.
        matches: how many resources of the member went out, without included ones.
    """

    request_id: str
    grant: Grant
    interaction: str
    resource_type: str
    resource_id: str
    parameters: tuple[str, ...]
    status: int
    matches: int


Audit = Callable[[FhirAccess], None]
