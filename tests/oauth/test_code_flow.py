"""From an authorization request to tokens, for every kind of app."""

from __future__ import annotations

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from .conftest import BASE, CALLBACK, START, query_of, signed, with_assertion


def test_a_public_app_gets_tokens_that_say_what_was_granted(world, public):
    body = world.tokens(public)
    assert body["token_type"] == "Bearer"
    assert body["expires_in"] == 3600
    assert body["scope"] == "launch/patient openid fhirUser offline_access patient/*.rs"
    assert body["patient"] == "synthetic-1"
    assert len(body["access_token"]) == len(body["refresh_token"]) == 43


def test_token_answers_are_never_stored(world, public):
    answer = world.redeem(public, *world.grant(public))
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"


def test_the_bearer_look_up_gives_the_grant(world, public):
    body = world.tokens(public, withheld=frozenset({"42CFRPart2"}))
    grant = world.bearer.authenticate(f"Bearer {body['access_token']}")
    assert (grant.patient, grant.user, grant.app_name) == ("synthetic-1", "Patient/synthetic-1", "App public")
    assert grant.withheld == {"42CFRPart2"}
    assert grant.until.timestamp() == START + 3600
    assert grant.scopes.allows("ExplanationOfBenefit", "s")
    assert body["access_token"] not in repr(grant)


def test_a_confidential_app_authenticates_by_basic_or_by_body(world, confidential):
    assert world.tokens(confidential)["patient"] == "synthetic-1"
    code, verifier = world.grant(confidential)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": verifier,
        "client_id": confidential.app.app_id,
        "client_secret": confidential.secret,
    }
    assert world.client.post("/oauth/token", data=form).status_code == 200


@pytest.mark.parametrize("alg", ["RS384", "ES384"])
def test_an_asymmetric_app_authenticates_by_signed_jwt(world, asymmetric, client_keys, alg):
    code, verifier = world.grant(asymmetric, scope="openid patient/*.rs")
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
    assertion = signed(client_keys[alg], asymmetric.app.app_id, alg=alg)
    assert world.client.post("/oauth/token", data=with_assertion(form, assertion)).status_code == 200


def test_the_id_token_says_who_logged_in(world, public):
    body = world.tokens(public, nonce="n-1", user="RelatedPerson/synthetic-r1")
    published = KeySet.import_key_set(world.client.get("/.well-known/jwks.json").json)
    token = jwt.decode(body["id_token"], published, algorithms=["RS256"])
    assert token.header["alg"] == "RS256"
    assert token.claims["iss"] == BASE
    assert token.claims["aud"] == public.app.app_id
    assert token.claims["nonce"] == "n-1"
    assert token.claims["fhirUser"] == f"{BASE}/fhir/RelatedPerson/synthetic-r1"
    assert token.claims["sub"] == "RelatedPerson/synthetic-r1"
    assert body["patient"] == "synthetic-1"


def test_no_id_token_without_openid_and_no_refresh_token_without_offline_access(world, public):
    body = world.tokens(public, scope="patient/*.rs")
    assert "id_token" not in body
    assert "refresh_token" not in body


def test_the_answer_carries_state_and_issuer(world, public):
    client = world.client
    answer = world.authorize(public, client=client, scope="patient/*.rs")
    assert answer.status_code == 302
    from fhir_facade.oauth import codes

    cookie = client.get_cookie(world.server.browser_cookie).value
    waiting = codes.pending(world.server, answer.location.rpartition("/")[2], cookie)
    url = codes.refuse(world.server, waiting)
    assert url.startswith(CALLBACK + "?")
    assert query_of(url)["error"] == "access_denied"
    assert query_of(url)["state"] == "state-of-the-app"
    assert query_of(url)["iss"] == BASE


def test_another_browser_cannot_take_over_a_pending_request(world, public):
    from fhir_facade.oauth import codes

    answer = world.authorize(public)
    authorization = answer.location.rpartition("/")[2]
    assert codes.pending(world.server, authorization, "x" * 43) is None
    assert codes.pending(world.server, authorization, None) is None


def test_authorize_takes_post_as_well(world, public):
    form = query_of(world.authorize(public, scope="patient/*.rs").request.url)
    assert "/login/" in world.client.post("/oauth/authorize", data=form).location


def test_a_member_grants_less_than_was_asked(world, public):
    body = world.tokens(public, scope="patient/*.rs", scopes="patient/Coverage.rs system/*.rs openid")
    assert body["scope"] == "patient/Coverage.rs"


def test_version_1_scopes_come_back_as_version_1(world, public):
    assert world.tokens(public, scope="patient/*.read openid")["scope"] == "patient/*.read openid"


def test_scopes_beyond_the_registration_are_left_out(world):
    app = world.register("narrow", scopes="openid patient/Patient.rs patient/Coverage.r")
    body = world.tokens(app, scope="patient/*.rs openid offline_access user/*.rs")
    assert body["scope"] == "patient/Patient.rs patient/Coverage.r openid"


def test_a_narrower_yes_ends_the_wider_grant_before_it(world, public):
    wide = world.tokens(public)
    narrow = world.tokens(public, scopes="patient/Coverage.rs")
    assert not world.opens(wide["access_token"])
    assert world.opens(narrow["access_token"])


def test_the_same_yes_twice_leaves_both_devices_connected(world, public):
    one, other = world.tokens(public), world.tokens(public)
    assert world.opens(one["access_token"])
    assert world.opens(other["access_token"])


def test_a_no_leaves_what_existed(world, public):
    from fhir_facade.oauth import codes

    body = world.tokens(public)
    client = world.client
    answer = world.authorize(public, client=client)
    cookie = client.get_cookie(world.server.browser_cookie).value
    codes.refuse(world.server, codes.pending(world.server, answer.location.rpartition("/")[2], cookie))
    assert world.opens(body["access_token"])


def test_a_request_is_decided_once(world, public):
    from fhir_facade.contracts.errors import LoginRejected
    from fhir_facade.oauth import codes

    client = world.client
    answer = world.authorize(public, client=client)
    cookie = client.get_cookie(world.server.browser_cookie).value
    waiting = codes.pending(world.server, answer.location.rpartition("/")[2], cookie)
    codes.refuse(world.server, waiting)
    with pytest.raises(LoginRejected):
        codes.refuse(world.server, waiting)
    assert codes.pending(world.server, waiting.authorization_id, cookie) is None
