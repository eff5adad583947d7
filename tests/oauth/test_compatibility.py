"""What the Blue Button mounts tolerate, that nothing else does, and that no tolerance opens anything."""

from __future__ import annotations

import base64
import hashlib

import pytest

from fhir_facade.oauth.mounts import COMPATIBLE, STRICT, Tolerance

from .conftest import BASE, CALLBACK, basic, query_of

PADDED_VERIFIER = base64.urlsafe_b64encode(b"thirty-two random characters !!!").decode()
PADDED_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(PADDED_VERIFIER.encode()).digest()).decode()
MOUNTS = ["/v1", "/v2", "/v3"]


def sdk_grant(world, app, mount="/v2", **changes):
    """An authorization request as CMS's Python library sends it, granted."""
    code, _ = world.grant(
        app,
        path=f"{mount}/o/authorize",
        drop=("scope", "aud"),
        code_challenge=PADDED_CHALLENGE,
        **changes,
    )
    return code


def sdk_form(app, code):
    return {
        "client_id": app.app.app_id,
        "client_secret": app.secret,
        "code": code,
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code_verifier": PADDED_VERIFIER,
    }


def sdk_tokens(world, app, mount="/v2"):
    form = sdk_form(app, sdk_grant(world, app, mount))
    answer = world.client.post(f"{mount}/o/token/", data=form, content_type="multipart/form-data")
    assert answer.status_code == 200, answer.json
    return answer.json


def test_every_tolerance_is_on_every_blue_button_mount_and_none_on_the_strict_one():
    assert [mount.prefix for mount in COMPATIBLE] == MOUNTS
    assert all(mount.tolerances == frozenset(Tolerance) for mount in COMPATIBLE)
    assert STRICT.tolerances == frozenset()


@pytest.mark.parametrize("mount", MOUNTS)
@pytest.mark.kit("bluebutton 2", "bluebutton 4", "bluebutton 7", "bluebutton 14")
def test_a_request_as_cms_libraries_send_it_is_granted(world, confidential, mount):
    body = sdk_tokens(world, confidential, mount)
    assert set(body) == {
        "access_token",
        "token_type",
        "expires_in",
        "scope",
        "refresh_token",
        "patient",
        "id_token",
        "access_grant_expiration",
    }
    assert body["scope"] == str(confidential.app.scopes)
    assert body["access_grant_expiration"] == "2028-02-15T08:00:00Z"
    assert world.opens(body["access_token"])


@pytest.mark.parametrize("path", ["/v2/o/token", "/v2/o/token/"])
@pytest.mark.kit("bluebutton 1")
def test_a_token_request_is_never_redirected(world, confidential, path):
    form = sdk_form(confidential, sdk_grant(world, confidential))
    assert world.client.post(path, data=form).status_code == 200


@pytest.mark.parametrize("path", ["/v2/o/authorize", "/v2/o/authorize/"])
@pytest.mark.kit("bluebutton 1")
def test_authorize_is_served_with_and_without_its_slash(world, confidential, path):
    assert "/login/" in world.authorize(confidential, path=path).location


@pytest.mark.kit("bluebutton 5")
def test_a_refresh_may_carry_basic_and_a_client_id_in_the_body(world, confidential):
    body = sdk_tokens(world, confidential)
    form = {"client_id": confidential.app.app_id, "grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    header = {"Authorization": basic(confidential.app.app_id, confidential.secret)}
    answer = world.client.post("/v2/o/token/", data=form, headers=header, content_type="multipart/form-data")
    assert answer.status_code == 200


def test_a_refresh_token_comes_without_offline_access(world):
    app = world.register("plain", kind="confidential", scopes="patient/*.rs profile")
    body = sdk_tokens(world, app)
    assert "offline_access" not in body["scope"]
    assert body["refresh_token"]


def test_one_time_access_stays_one_time(world):
    app = world.register("once", kind="confidential", grant_length="once")
    assert "refresh_token" not in sdk_tokens(world, app)


@pytest.mark.kit("bluebutton 6")
def test_a_leftover_bearer_token_is_not_looked_at(world, confidential):
    form = sdk_form(confidential, sdk_grant(world, confidential))
    header = {"Authorization": "Bearer of-somebody-else"}
    assert world.client.post("/v2/o/token/", data=form, headers=header).status_code == 200


@pytest.mark.kit("bluebutton 9")
def test_of_a_repeated_parameter_the_last_one_counts(world, confidential):
    url = world.authorize(confidential, path="/v2/o/authorize", state="first").request.url
    answer = world.client.get(f"{url}&scope=&code_challenge_method=plain")
    assert query_of(answer.location)["error"] == "invalid_request"
    assert "/login/" in world.client.get(f"{url}&state=second").location


def test_userinfo_calls_the_member_by_patient_id(world, confidential):
    body = sdk_tokens(world, confidential)
    answer = world.client.get("/v2/connect/userinfo", headers={"Authorization": f"Bearer {body['access_token']}"})
    assert answer.json["sub"] == answer.json["patient"] == "synthetic-1"
    assert answer.json["name"] == "Ana Diaz"


def test_revoking_a_token_keeps_the_grant_and_revoking_the_grant_ends_it(world, confidential):
    header = {"Authorization": basic(confidential.app.app_id, confidential.secret)}
    first, second = sdk_tokens(world, confidential), sdk_tokens(world, confidential)
    world.client.post("/v2/o/revoke_token/", data={"token": first["access_token"]}, headers=header)
    assert not world.opens(first["access_token"])
    world.client.post("/v2/o/revoke/", data={"token": second["access_token"]}, headers=header)
    form = {"grant_type": "refresh_token", "refresh_token": second["refresh_token"]}
    assert world.client.post("/v2/o/token/", data=form, headers=header).json["error"] == "invalid_grant"
    form["refresh_token"] = first["refresh_token"]
    assert world.client.post("/v2/o/token/", data=form, headers=header).status_code == 200


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "="}, "invalid_request"),
        ({"drop": ("code_challenge",)}, "invalid_request"),
        ({"drop": ("state",)}, "invalid_request"),
        ({"aud": "https://other.example"}, "invalid_request"),
        ({"client_secret": "x"}, "invalid_request"),
    ],
)
def test_what_protects_members_is_required_here_too(world, confidential, changes, error):
    answer = world.authorize(confidential, path="/v2/o/authorize", **changes)
    assert query_of(answer.location)["error"] == error


@pytest.mark.parametrize("verifier", [PADDED_VERIFIER.rstrip("="), PADDED_VERIFIER + "=", "v" * 43, "="])
@pytest.mark.kit("bluebutton 3")
def test_the_padded_verifier_is_compared_as_it_was_sent(world, confidential, verifier):
    form = sdk_form(confidential, sdk_grant(world, confidential)) | {"code_verifier": verifier}
    assert world.client.post("/v2/o/token/", data=form).json["error"] == "invalid_grant"


def test_a_code_of_one_mount_is_worth_nothing_at_another(world, confidential):
    form = sdk_form(confidential, sdk_grant(world, confidential))
    assert world.client.post("/v1/o/token/", data=form).json["error"] == "invalid_grant"
    code, verifier = world.grant(confidential)
    form = sdk_form(confidential, code) | {"code_verifier": verifier}
    assert world.client.post("/v2/o/token/", data=form).json["error"] == "invalid_grant"


@pytest.mark.parametrize("mount", MOUNTS)
def test_discovery_names_the_mounts_own_endpoints(world, mount):
    smart = world.client.get(f"{mount}/fhir/.well-known/smart-configuration").json
    assert smart["token_endpoint"] == f"{BASE}{mount}/o/token/"
    assert smart["authorization_endpoint"] == f"{BASE}{mount}/o/authorize/"
    openid = world.client.get(f"{mount}/connect/.well-known/openid-configuration").json
    assert openid["userinfo_endpoint"] == f"{BASE}{mount}/connect/userinfo"


def test_the_mounts_can_be_switched_off(store, signing_folder):
    from flask import Flask

    from fhir_facade.web.oauth import OAuthDesk, oauth_blueprint
    from fhir_facade.web.oauth_origins import Origins

    from .conftest import build_world

    world = build_world(store, signing_folder)
    flask = Flask("strict")
    desk = OAuthDesk(world.server, world.bearer, None, Origins(store, "sandbox"), lambda _: {}, world.limits)
    flask.register_blueprint(oauth_blueprint(desk, compatibility=False))
    assert flask.test_client().post("/v2/o/token/").status_code == 404
    assert flask.test_client().post("/oauth/token").status_code == 400
