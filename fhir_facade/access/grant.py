"""What an access token stands for, once it has been looked up."""

from __future__ import annotations

from datetime import datetime

import msgspec

from fhir_facade.access.scopes import Scopes


class Grant(msgspec.Struct, frozen=True, kw_only=True):
    """One member's permission to one app.

    ``patient`` is the member's ``Patient.id`` (None for a backend service, which has no member); ``user`` the relative
    reference of who logged in (``Patient/…`` or ``RelatedPerson/…``); ``withheld`` the security labels this app must
    not see; ``until`` when the access token ends; ``token_id`` a name of the token that is safe to log.
    """

    grant_id: str
    token_id: str
    app_id: str
    app_name: str
    patient: str | None
    user: str | None
    scopes: Scopes
    withheld: frozenset[str]
    until: datetime
