"""A grant given by a representative ends with the representation, at the app's next request."""

from __future__ import annotations

from collections.abc import Callable

from fhir_facade.access.grant import Grant
from fhir_facade.login.ports import People
from fhir_facade.oauth.bearer import BearerInvalid

ENDED = "The person who gave access may no longer act for this member."

Authenticate = Callable[[str | None], Grant]


def while_represented(authenticate: Authenticate, people: People, end: Callable[[str], object]) -> Authenticate:
    """``authenticate``, and for grants of representatives also: they may act for the member today.

    Args:
        authenticate: looks up access tokens.
        people: knows who represents whom.
        end: ends the grant of that id, with all its tokens.

    Raises (the returned function):
        BearerInvalid: the representation has ended; so has the grant.
        ClaimsUnavailable: it cannot be told now.
    """

    def authenticated(header: str | None) -> Grant:
        grant = authenticate(header)
        user = grant.user or ""
        if user.startswith("RelatedPerson/") and grant.patient not in people.represented(user):
            end(grant.grant_id)
            raise BearerInvalid(ENDED)
        return grant

    return authenticated
