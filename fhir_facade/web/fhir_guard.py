"""Who may see what: decided before the data are asked for, and checked again before they leave.

The member comes from the grant alone. Scopes decide about types; scopes narrowed by ``?type=`` become criteria that no
request can take away.

Source: SMART App Launch 2.2 (scopes); R4 §3.1.1.3.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import Any

import msgspec

from fhir_facade.access.grant import Grant
from fhir_facade.access.scopes import DIRECTORY, Interaction
from fhir_facade.contracts.errors import ClaimsInvalid
from fhir_facade.resources.page import NOBODY, Rendered, Viewer
from fhir_facade.search.index import elements, index
from fhir_facade.search.match import matches
from fhir_facade.search.query import Criterion, SearchQuery
from fhir_facade.search.registry import REGISTRY
from fhir_facade.search.values import FHIR_ID, read_values
from fhir_facade.web.errors import Problem, not_found

_MEMBER_PATHS = {kind.name: kind.member_path for kind in REGISTRY.values()}

DIRECTORY_ALONE = (
    f"This access token belongs to a backend service and to no member: it opens {' and '.join(DIRECTORY)} alone. "
    "A member's data are opened by that member, who logs in and consents."
)


class Guard(msgspec.Struct, frozen=True):
    """What one grant opens.

    Args:
        grant: the member's permission to the app.
        viewer: the member, and what stays hidden from this app.
        base: absolute URL of the FHIR server.
    """

    grant: Grant
    viewer: Viewer
    base: str

    def allows(self, resource_type: str, interaction: Interaction) -> bool:
        """Whether some resource of the type may be read (``r``) or searched for (``s``)."""
        return self.grant.scopes.allows(resource_type, interaction)

    def demand(self, resource_type: str, interaction: Interaction) -> None:
        """Refuse what the scopes do not allow.

        Raises:
            Problem: 403, the scopes do not allow it.
        """
        if not self.allows(resource_type, interaction):
            scope = f"{'patient' if self.grant.patient else 'system'}/{resource_type}.{interaction}"
            challenge = f'Bearer realm="FHIR", error="insufficient_scope", scope="{scope}"'
            text = f"The access token has no scope such as {scope}."
            raise Problem(403, "forbidden", text, {"WWW-Authenticate": challenge})

    def criteria(self, resource_type: str, interaction: Interaction) -> tuple[Criterion, ...]:
        """What every resource of the type must meet because the scopes were narrowed.

        A narrowed scope is a conjunction, and several scopes are alternatives; the criteria are their product.
        """
        alternatives = self.grant.scopes.constraints(resource_type, interaction)
        if not alternatives:
            return ()
        return tuple(dict.fromkeys(self._any_of(resource_type, choice) for choice in product(*alternatives)))

    def _any_of(self, resource_type: str, choice: tuple[tuple[str, str], ...]) -> Criterion:
        names = {name for name, _ in choice}
        if len(names) != 1:
            raise Problem(403, "forbidden", "Scopes narrowed by different parameters cannot be used together.")
        parameter = REGISTRY[resource_type].parameters[names.pop()]
        values = [each for _, value in choice for each in read_values(parameter, None, value, self.base)]
        return Criterion(parameter.name, tuple(dict.fromkeys(values)))

    def readable(self, resource: Rendered) -> Rendered:
        """``resource``, once it is sure that it may be read.

        Raises:
            Problem: 404, a narrowed scope does not reach it.
            ClaimsInvalid: a source gave what is not this member's.
        """
        criteria = self.criteria(resource.type, "r")
        if criteria:
            query = SearchQuery(resource_type=resource.type, criteria=criteria)
            if not matches(query, index(json.loads(resource.body))):
                raise not_found()
        return self.own([resource])[0]

    def own(self, resources: Iterable[Rendered]) -> list[Rendered]:
        """``resources``, once it is sure that each is this member's and hidden from nobody here.

        Raises:
            ClaimsInvalid: one of them is not.
        """
        checked = list(resources)
        patient, withheld = self.viewer.patient, self.viewer.withheld
        for resource in checked:
            if resource.labels and resource.labels & withheld:
                raise ClaimsInvalid("withheld", f"a withheld {resource.type} was about to leave")
            if not belongs(resource, patient):
                raise ClaimsInvalid("foreign-member", f"a {resource.type} of another member was about to leave")
        return checked


def guard(grant: Grant, base: str, resource_type: str) -> Guard:
    """What ``grant`` opens of that type.

    Raises:
        Problem: 403, the token is a backend service's, and the type is about members.
    """
    if grant.patient is None and resource_type not in DIRECTORY:
        raise Problem(403, "forbidden", DIRECTORY_ALONE)
    return Guard(grant, Viewer(patient=grant.patient or NOBODY, withheld=grant.withheld), base)


def require_id(text: str) -> None:
    """Refuse what cannot be an id.

    Raises:
        Problem: 400.
    """
    if not FHIR_ID.fullmatch(text):
        raise Problem(400, "value", "An id has 1 to 64 letters, digits, dashes and dots.")


def belongs(resource: Rendered, patient: str) -> bool:
    """Whether a resource is the member's, or of a type that belongs to nobody (organizations, practitioners).

    The rendered bytes are looked at first; only where they do not show it plainly is the resource parsed.
    """
    path = _MEMBER_PATHS[resource.type]
    if not path:
        return True
    if path == "id":
        return resource.id == patient
    at = resource.body.find(_needle(path, patient))
    if at >= 0 and resource.body.find(b'"contained"', 0, at) < 0:
        return True
    return f"Patient/{patient}" in elements(_parsed(resource), f"{path}.reference")


@lru_cache(maxsize=256)
def _needle(path: str, patient: str) -> bytes:
    return f'"{path}":{{"reference":"Patient/{patient}"'.encode()


def _parsed(resource: Rendered) -> Any:
    return json.loads(resource.body)
