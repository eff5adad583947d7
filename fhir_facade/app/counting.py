"""Refusals that never reach the audit trail, counted for the developer of the app that met them."""

from __future__ import annotations

from collections.abc import Callable

from fhir_facade.access.grant import Grant
from fhir_facade.oauth.bearer import BearerInvalid
from fhir_facade.store import Store, StoreUnavailable
from fhir_facade.store.apps import Apps
from fhir_facade.store.tallies import APP, Tally

Authenticate = Callable[[str | None], Grant]


def counting_refusals(authenticate: Authenticate, tally: Tally) -> Authenticate:
    """``authenticate``, which also counts tokens of known apps that open nothing any more."""

    def counted(header: str | None) -> Grant:
        try:
            return authenticate(header)
        except BearerInvalid as error:
            if error.app_id:
                tally.add(APP, error.app_id, "access 401")
            raise

    return counted


def counting_token_refusals(store: Store, tally: Tally) -> Callable[[str, str], None]:
    """Counts refused token requests by error; a client id that nobody registered is nobody's."""

    def refused(client_id: str, error: str) -> None:
        try:
            with store.read() as connection:
                known = Apps(connection).find(client_id) is not None
        except StoreUnavailable:
            return
        if known:
            tally.add(APP, client_id, f"token {error}")

    return refused
