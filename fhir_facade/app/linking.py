"""What finds the member of a log-in, made of a config's parts."""

from __future__ import annotations

from fhir_facade.app.parts import Parts
from fhir_facade.login.identifiers import IdentifierHash
from fhir_facade.login.linking import Linker
from fhir_facade.oauth.codes import end_grants_on
from fhir_facade.state import identifier_keys
from fhir_facade.store.logins import Logins


def linker_of(parts: Parts) -> Linker:
    """The linker; grants on a member who is gone end when the account moves away from them."""
    keys = identifier_keys(parts.settings)
    hashing = IdentifierHash(keys, next(iter(keys)))

    def gone(reference: str) -> None:
        end_grants_on(parts.server, reference.removeprefix("Patient/"), "member gone")

    return Linker(parts.people, Logins(parts.store), hashing, parts.settings.login.match, gone)
