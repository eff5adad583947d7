"""The member's decision, turned into a grant and a code, or into a refusal: the seam to the log-in.

A grant lives as long as its app's class says, and ends by one function, ``end_grants``.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from fhir_facade.access.scopes import Scopes
from fhir_facade.contracts.errors import LoginRejected
from fhir_facade.oauth import redirects
from fhir_facade.oauth.issuing import recorded
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App, Apps
from fhir_facade.store.authorizations import Authorization, Authorizations, Code, Codes
from fhir_facade.store.engine import Connection
from fhir_facade.store.grants import Grants, StoredGrant
from fhir_facade.store.secrets import hash_of, is_name, new_id, new_secret

GRANT_MONTHS = 13


def pending(server: AuthorizationServer, authorization_id: str, browser: str | None) -> Authorization | None:
    """The request that waits for a decision, if this browser started it; None when it is over or another's."""
    if not browser or not is_name(authorization_id):
        return None
    with server.store.read() as connection:
        return Authorizations(connection).pending(authorization_id, hash_of(browser), server.clock())


def app_of(server: AuthorizationServer, authorization: Authorization) -> App:
    """The app that asks.

    Raises:
        LoginRejected: its access was ended meanwhile.
    """
    with server.store.read() as connection:
        return _active_app(connection, server, authorization.app_id)


def issue(
    server: AuthorizationServer,
    authorization: Authorization,
    *,
    patient: str,
    user: str,
    scopes: Scopes,
    withheld: frozenset[str],
    authenticated_at: datetime,
) -> str:
    """Record the member's yes.

    What the member withholds or declines now also ends an earlier grant to the same app that gave it: the last choice
    holds. A member who repeats a choice keeps every device connected.

    Args:
        server: the authorization server.
        authorization: the request, as ``pending`` gave it.
        patient: the member's ``Patient.id``.
        user: who logged in, ``Patient/id`` or ``RelatedPerson/id``.
        scopes: what the member grants; anything that was not asked for is left out.
        withheld: security labels this app must not see.
        authenticated_at: when the person logged in.

    Returns:
        The app's redirect URI with code, state and ``iss``; with ``access_denied`` when nothing was left to grant.

    Raises:
        LoginRejected: the request is over, or the app's access was ended.
    """
    asked, now = Scopes.parse(authorization.scope), server.clock()
    granted = scopes.within(asked)
    if not granted.smart and asked.smart:
        return refuse(server, authorization)
    code = new_secret()
    with server.store.write() as connection:
        _decide_once(connection, authorization, now)
        app = _active_app(connection, server, authorization.app_id)
        grant = StoredGrant(
            grant_id=new_id(), app_id=app.app_id, patient=patient, user=user, scopes=granted, withheld=withheld,
            length=app.grant_length, authenticated_at=int(authenticated_at.timestamp()), created_at=now,
            until=ends(server, app, now),
        )  # fmt: skip
        _end_wider(connection, grant, asked, now)
        Grants(connection).add(grant)
        Codes(connection).add(_code(authorization, grant, code, now + server.settings.code_s))
        recorded(server, grant, "grant", "given")
    answer = {"code": code, "state": authorization.state, "iss": server.base}
    return redirects.answer_url(authorization.redirect_uri, answer)


def refuse(server: AuthorizationServer, authorization: Authorization) -> str:
    """Record the member's no; nothing that existed changes.

    Returns:
        The app's redirect URI with ``access_denied``.

    Raises:
        LoginRejected: the request is over.
    """
    with server.store.write() as connection:
        _decide_once(connection, authorization, server.clock())
    answer = {
        "error": "access_denied",
        "error_description": "the member did not grant access",
        "state": authorization.state,
        "iss": server.base,
    }
    return redirects.answer_url(authorization.redirect_uri, answer)


def ends(server: AuthorizationServer, app: App, now: int) -> int | None:
    """When a grant given now to that app ends; None for a study, which ends by the member or the operator."""
    if app.grant_length == "once":
        return now + server.settings.code_s + server.settings.access_token_s
    return months_later(now, GRANT_MONTHS) if app.grant_length == "13-months" else None


def months_later(now: int, months: int) -> int:
    """The same time of day that many months later, on the month's last day where the day does not exist."""
    start = datetime.fromtimestamp(now, UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    day = min(start.day, monthrange(year, month + 1)[1])
    return int(start.replace(year=year, month=month + 1, day=day).timestamp())


def end_grants(server: AuthorizationServer, grant_ids: Sequence[str], because: str) -> int:
    """End grants and all their tokens at once; gives how many had not ended before.

    ``because`` (``member``, ``app``, ``operator``, ``narrowed`` …) is kept with the grant.
    """
    with server.store.write() as connection:
        grants = Grants(connection)
        for grant_id in grant_ids:
            if (grant := grants.find(grant_id)) and grant.ended_at is None:
                recorded(server, grant, "grant", f"ended: {because}")
        return grants.end(grant_ids, server.clock(), because)


def end_grants_on(server: AuthorizationServer, patient: str, because: str) -> int:
    """End every good grant on a member's data; gives how many there were."""
    with server.store.read() as connection:
        given = [grant.grant_id for grant in Grants(connection).good(server.clock(), patient=patient)]
    return end_grants(server, given, because)


def narrow_grant(
    server: AuthorizationServer, grant_id: str, scopes: Scopes, withheld: frozenset[str]
) -> StoredGrant | None:
    """Narrow a grant and all its tokens at once, without the app's doing.

    Args:
        server: the authorization server.
        grant_id: the grant.
        scopes: what the app keeps; anything that was not granted is left out.
        withheld: security labels this app must not see; those it must not see already stay.

    Returns:
        The grant as it is now. None when there is no good grant of that id, or when it was ended because nothing of
        the member's data was left of it.
    """
    with server.store.write() as connection:
        grants, now = Grants(connection), server.clock()
        grant = grants.find(grant_id)
        if grant is None or not grant.is_good(now):
            return None
        narrowed = replace(grant, scopes=grant.scopes.within(scopes), withheld=grant.withheld | withheld)
        if not narrowed.scopes.smart:
            recorded(server, grant, "grant", "ended: member")
            grants.end([grant_id], now, "member")
            return None
        recorded(server, narrowed, "grant", "narrowed: member")
        grants.narrow(grant_id, narrowed.scopes, narrowed.withheld)
        return narrowed


def grants_of(server: AuthorizationServer, patient: str) -> Sequence[tuple[StoredGrant, App]]:
    """The good grants on a member's data with their apps, newest first."""
    with server.store.read() as connection:
        found, apps = Grants(connection).good(server.clock(), patient=patient), Apps(connection)
        return [(grant, app) for grant in found if grant.used_at and (app := apps.find(grant.app_id))]


def _decide_once(connection: Connection, authorization: Authorization, now: int) -> None:
    if not Authorizations(connection).decide(authorization.authorization_id, now):
        raise LoginRejected("the request was already decided or is too old")


def _active_app(connection: Connection, server: AuthorizationServer, app_id: str) -> App:
    app = Apps(connection).find(app_id)
    if app is None or app.state != "active" or app.environment != server.environment:
        raise LoginRejected("the app's access was ended")
    return app


def _end_wider(connection: Connection, grant: StoredGrant, asked: Scopes, now: int) -> None:
    grants = Grants(connection)
    earlier = [g for g in grants.good(now, patient=grant.patient, app_id=grant.app_id) if g.user == grant.user]
    wider = [
        g.grant_id
        for g in earlier
        if grant.withheld - g.withheld or g.scopes.hold_what_was_declined(asked, grant.scopes)
    ]
    if wider:
        grants.end(wider, now, "narrowed")


def _code(authorization: Authorization, grant: StoredGrant, code: str, until: int) -> Code:
    return Code(
        code_hash=hash_of(code),
        app_id=grant.app_id,
        grant_id=grant.grant_id,
        redirect_uri=authorization.redirect_uri,
        challenge=authorization.challenge,
        nonce=authorization.nonce,
        mount=authorization.mount,
        until=until,
    )
