"""Revocation, introspection, userinfo, and the look-up on every request."""

from __future__ import annotations

import pytest

from fhir_facade.oauth.bearer import BearerInvalid, BearerMissing

from .conftest import BASE, START


def revoke(world, app, token, **form):
    return world.token(app, {"token": token} | form, path="/oauth/revoke")


def introspect(world, app, token):
    return world.token(app, {"token": token}, path="/oauth/introspect")


def userinfo(world, token, method="get"):
    return getattr(world.client, method)("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})


def test_a_revoked_access_token_opens_nothing_and_its_refresh_token_lives(world, public):
    body = world.tokens(public)
    assert revoke(world, public, body["access_token"]).status_code == 200
    assert not world.opens(body["access_token"])
    assert world.refresh(public, body["refresh_token"]).status_code == 200


def test_a_revoked_refresh_token_takes_its_family_along(world, public):
    body = world.tokens(public)
    assert revoke(world, public, body["refresh_token"], token_type_hint="access_token").status_code == 200
    assert not world.opens(body["access_token"])
    assert world.refresh(public, body["refresh_token"]).json["error"] == "invalid_grant"


def test_an_unknown_token_is_no_error(world, public):
    assert revoke(world, public, "unknown").status_code == 200


def test_another_apps_token_stays_as_it_is(world, public, confidential):
    body = world.tokens(public)
    assert revoke(world, confidential, body["access_token"]).status_code == 200
    assert world.opens(body["access_token"])


def test_revocation_needs_a_token_and_a_client(world, public):
    assert world.token(public, {}, path="/oauth/revoke").json["error"] == "invalid_request"
    assert world.client.post("/oauth/revoke", data={"token": "x"}).json["error"] == "invalid_client"


def test_introspection_tells_an_app_about_its_own_token(world, confidential):
    body = world.tokens(confidential)
    told = introspect(world, confidential, body["access_token"]).json
    assert told == {
        "active": True,
        "scope": body["scope"],
        "client_id": confidential.app.app_id,
        "token_type": "Bearer",
        "iat": START,
        "exp": START + 3600,
        "iss": BASE,
        "patient": "synthetic-1",
        "sub": "synthetic-1",
        "fhirUser": f"{BASE}/fhir/Patient/synthetic-1",
    }
    assert introspect(world, confidential, body["refresh_token"]).json["active"] is True


@pytest.mark.parametrize("kind", ["unknown", "expired", "revoked", "spent", "another's", "suspended"])
def test_introspection_tells_nothing_about_any_other_token(world, confidential, public, kind):
    body = world.tokens(confidential)
    token = {"unknown": "invalid_token_value", "spent": body["refresh_token"]}.get(kind, body["access_token"])
    if kind == "expired":
        world.clock.now += 3600
    elif kind == "revoked":
        revoke(world, confidential, token)
    elif kind == "spent":
        world.refresh(confidential, token)
    elif kind == "another's":
        token = world.tokens(public)["access_token"]
    elif kind == "suspended":
        from fhir_facade.oauth.registry import set_state

        other = world.register("checker", kind="confidential", scopes="openid token_introspect")
        set_state(world.server.store, confidential.app.app_id, "suspended")
        confidential = other
    assert introspect(world, confidential, token).json == {"active": False}


def test_a_resource_server_may_introspect_any_token(world, public):
    checker = world.register("checker", kind="confidential", scopes="openid token_introspect")
    token = world.tokens(public)["access_token"]
    assert introspect(world, checker, token).json["client_id"] == public.app.app_id


def test_a_public_app_may_not_introspect(world, public):
    answer = introspect(world, public, "x")
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    "proof",
    [
        {},
        {"client_id": "nobody"},
        {"client_id": "nobody", "client_secret": "x"},
        {"client_assertion": "x"},
        {"grant_type": "refresh_token", "refresh_token": "x"},
    ],
)
def test_whoever_does_not_prove_who_asks_about_a_token_gets_a_challenge(world, proof):
    answer = world.client.post("/oauth/introspect", data={"token": "x"} | proof)
    assert (answer.status_code, answer.json["error"]) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith('Basic realm="OAuth", ')


@pytest.mark.parametrize("method", ["get", "post"])
def test_userinfo_says_who_logged_in(world, public, method):
    token = world.tokens(public)["access_token"]
    assert userinfo(world, token, method).json == {
        "sub": "synthetic-1",
        "fhirUser": f"{BASE}/fhir/Patient/synthetic-1",
        "patient": "synthetic-1",
    }


def test_names_come_with_the_profile_scope_alone(world, public):
    token = world.tokens(public, scope="openid profile patient/*.rs")["access_token"]
    assert userinfo(world, token).json["name"] == "Ana Diaz"


def test_userinfo_needs_openid(world, public):
    token = world.tokens(public, scope="patient/*.rs")["access_token"]
    answer = userinfo(world, token)
    assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")


def test_userinfo_challenges_without_a_good_token(world):
    assert world.client.get("/oauth/userinfo").headers["WWW-Authenticate"] == 'Bearer realm="OAuth"'
    answer = userinfo(world, "unknown")
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


@pytest.mark.parametrize("header", [None, "", "Basic abc", "Bearer", "abc"])
def test_no_bearer_token_is_a_bare_challenge(world, header):
    with pytest.raises(BearerMissing) as raised:
        world.bearer.authenticate(header)
    assert raised.value.challenge == "Bearer"


@pytest.mark.parametrize("token", ["x", "x" * 5000, "a b", "a\nb", "é", "' OR 1=1 --", "\x00", ","])
def test_garbage_opens_nothing(world, token):
    with pytest.raises(BearerInvalid) as raised:
        world.bearer.authenticate(f"Bearer {token}")
    assert token not in raised.value.challenge or token in {"x", ","}


def test_the_scheme_is_read_without_regard_to_case(world, public):
    token = world.tokens(public)["access_token"]
    assert world.bearer.authenticate(f"bearer {token}").patient == "synthetic-1"


def test_a_token_of_another_environment_is_unknown(world, public):
    from fhir_facade.oauth.bearer import Bearer

    token = world.tokens(public)["access_token"]
    with pytest.raises(BearerInvalid):
        Bearer(world.server.store, "production", world.clock).authenticate(f"Bearer {token}")
