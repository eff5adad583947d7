"""A code for tokens: one winner, however many come; a second one costs what the first one got.

Source: RFC 6749 section 4.1.3, RFC 9700 section 2.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from authlib.oauth2.rfc6749 import InvalidGrantError, InvalidRequestError

from fhir_facade.oauth import issuing, pkce
from fhir_facade.oauth.mounts import Mount
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store.apps import App
from fhir_facade.store.authorizations import Code, Codes
from fhir_facade.store.engine import Connection
from fhir_facade.store.grants import Grants, StoredGrant
from fhir_facade.store.secrets import hash_of


def redeem(server: AuthorizationServer, mount: Mount, app: App, form: Mapping[str, str]) -> dict[str, Any]:
    """The tokens for an authorization code.

    Taking the code and keeping the tokens is one transaction: whoever comes second finds both done, or neither. A code
    that comes with a wrong verifier is used up all the same.

    Raises:
        InvalidRequestError: a parameter is missing.
        InvalidGrantError: the code is unknown, used, too old, another app's, or the proof does not fit.
    """
    for name in ("code", "redirect_uri", "code_verifier"):
        if name not in form:
            raise InvalidRequestError(f"{name} is required")
    code_hash = hash_of(form["code"])
    with server.store.write() as connection:
        code = Codes(connection).take(code_hash, app.app_id, server.clock())
        if code is None:
            _end_what_it_gave(connection, server, app, code_hash)
            outcome: InvalidGrantError | dict[str, Any] = InvalidGrantError("the code is unknown, used or too old")
        else:
            outcome = _tokens(connection, server, mount, app, code, form)
    if isinstance(outcome, InvalidGrantError):  # raised out here, so that the transaction stays
        raise outcome
    return outcome


def _tokens(
    connection: Connection,
    server: AuthorizationServer,
    mount: Mount,
    app: App,
    code: Code,
    form: Mapping[str, str],
) -> InvalidGrantError | dict[str, Any]:
    grants, now = Grants(connection), server.clock()
    grant = grants.find(code.grant_id)
    try:
        _check(mount, code, form, now)
        if grant is None or not grant.is_good(now):
            raise InvalidGrantError("the grant was ended")
    except InvalidGrantError as error:
        grants.end([code.grant_id], now, "code refused")
        return error
    pair = issuing.fresh_pair(renewable=issuing.is_renewable(mount, app, grant))
    access = issuing.keep(connection, server, grant, pair, family=grant.grant_id, scopes=grant.scopes)
    grants.use(grant.grant_id, now)
    issuing.recorded(server, grant, "token", "code redeemed")
    return _with_id_token(server, app, grant, code, issuing.answer(server, mount, grant, pair, access))


def _with_id_token(
    server: AuthorizationServer, app: App, grant: StoredGrant, code: Code, body: dict[str, Any]
) -> dict[str, Any]:
    if "openid" in grant.scopes:
        body["id_token"] = issuing.id_token(server, app, grant, code.nonce)
    return body


def _check(mount: Mount, code: Code, form: Mapping[str, str], now: int) -> None:
    if code.until <= now:
        raise InvalidGrantError("the code is unknown, used or too old")
    if code.mount != mount.prefix or form["redirect_uri"] != code.redirect_uri:
        raise InvalidGrantError("redirect_uri is not that of the authorization request")
    pkce.prove(form["code_verifier"], code.challenge, mount)


def _end_what_it_gave(connection: Connection, server: AuthorizationServer, app: App, code_hash: str) -> None:
    code = Codes(connection).find(code_hash)
    grant = Grants(connection).find(code.grant_id) if code and code.app_id == app.app_id else None
    if grant is not None:
        Grants(connection).end([grant.grant_id], server.clock(), "code replayed")
        issuing.recorded(server, grant, "grant", "ended: code replayed")
