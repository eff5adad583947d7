"""Apps register themselves for the sandbox, and never anywhere else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from fhir_facade.oauth.registry import AppFault, Registered, find_app, mint_token, register_app
from fhir_facade.store.apps import Apps

from .conftest import CALLBACK

ASKED = {"client_name": "Self-made app", "redirect_uris": [CALLBACK], "scope": "openid offline_access patient/*.rs"}


def test_a_system_scope_that_opens_nothing_cannot_be_registered(world, client_keys):
    jwks = {"keys": [client_keys["ES384"].as_dict(private=False)]}
    for scope in ("system/Patient.rs", "system/ExplanationOfBenefit.read", "system/*.cud", "system/AuditEvent.rs"):
        with pytest.raises(AppFault, match="no member's data"):
            world.register(
                "greedy", kind="asymmetric", jwks=jwks, backend=True, scopes=f"system/Organization.r {scope}"
            )


def test_a_backend_service_is_registered_for_the_directory(world, client_keys):
    asked = {
        "client_name": "Service",
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["client_credentials"],
        "jwks": {"keys": [client_keys["ES384"].as_dict(private=False)]},
    }
    for scope in ({}, {"scope": "system/*.rs"}):
        answer = world.client.post("/oauth/register", json=asked | scope)
        assert answer.json["scope"] == "system/Organization.rs system/Practitioner.rs"


def register(world, **changes):
    return world.client.post("/oauth/register", json=ASKED | changes)


def registered(world, answer) -> Registered:
    with world.server.store.read() as connection:
        return Registered(app=Apps(connection).find(answer.json["client_id"]), secret=answer.json.get("client_secret"))


def test_an_app_registers_and_gets_tokens(world):
    answer = register(world)
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json["client_secret_expires_at"] == 0
    app = registered(world, answer)
    assert (app.app.environment, app.app.kind) == ("sandbox", "confidential")
    assert world.tokens(app)["refresh_token"]


def test_a_public_app_gets_no_secret(world):
    answer = register(world, token_endpoint_auth_method="none", client_uri="https://app.example.com")
    assert "client_secret" not in answer.json
    assert registered(world, answer).app.details == {"website": "https://app.example.com"}


def test_an_app_with_keys_registers_them(world, client_keys):
    jwks = {"keys": [client_keys["ES384"].as_dict(private=False)]}
    answer = register(
        world, token_endpoint_auth_method="private_key_jwt", jwks=jwks, grant_types=["client_credentials"]
    )
    assert answer.status_code == 201, answer.json
    assert registered(world, answer).app.backend


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"redirect_uris": ["http://app.example.com/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["javascript:alert(1)"]}, "invalid_redirect_uri"),
        ({"redirect_uris": [CALLBACK] * 21}, "invalid_redirect_uri"),
        ({"redirect_uris": CALLBACK}, "invalid_client_metadata"),
        ({"redirect_uris": []}, "invalid_client_metadata"),
        ({"redirect_uris": [7]}, "invalid_client_metadata"),
        ({"client_name": ""}, "invalid_client_metadata"),
        ({"client_name": "a\u0000b"}, "invalid_client_metadata"),
        ({"client_name": "\ud800"}, "invalid_client_metadata"),
        ({"client_name": {"en": "x"}}, "invalid_client_metadata"),
        ({"scope": "patient/*.rs admin"}, "invalid_client_metadata"),
        ({"scope": ["openid"]}, "invalid_client_metadata"),
        ({"scope": "openid token_introspect"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"grant_types": ["implicit"]}, "invalid_client_metadata"),
        ({"grant_types": ["client_credentials"]}, "invalid_client_metadata"),
        ({"response_types": ["token"]}, "invalid_client_metadata"),
        ({"jwks": "x"}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}, "token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"policy_uri": "javascript:alert(1)"}, "invalid_client_metadata"),
    ],
)
def test_what_cannot_be_registered_has_its_error(world, changes, error):
    answer = register(world, **changes)
    assert (answer.status_code, answer.json["error"]) == (400, error)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b"[" * 100_000, json.dumps("x").encode()])
def test_a_body_that_is_no_object_has_its_error(world, body):
    answer = world.client.post("/oauth/register", data=body, content_type="application/json")
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")


def test_in_production_nobody_registers_that_way(store, signing_folder):
    from flask import Flask

    from fhir_facade.web.oauth import OAuthDesk, oauth_blueprint
    from fhir_facade.web.oauth_origins import Origins

    from .conftest import build_world

    world = build_world(store, signing_folder)
    server = replace(world.server, environment="production")
    flask = Flask("production")
    desk = OAuthDesk(server, world.bearer, None, Origins(store, "production"), lambda _: {}, world.limits)
    flask.register_blueprint(oauth_blueprint(desk, compatibility=True))
    client = flask.test_client()
    assert client.post("/oauth/register", json=ASKED).status_code == 404
    assert "registration_endpoint" not in client.get("/fhir/.well-known/smart-configuration").json


def test_every_fault_of_an_app_is_named_at_once(world):
    with pytest.raises(AppFault) as raised:
        register_app(
            world.server.store, name="", environment="moon", redirect_uris=["http://x.example/#a"], scopes="a b"
        )
    assert len(raised.value.faults) == 5


def test_an_app_is_found_by_id_or_by_a_name_that_is_its_own(world, public):
    store = world.server.store
    assert find_app(store, public.app.app_id) == public.app
    assert find_app(store, "App public") == public.app
    world.register("public")
    assert find_app(store, "App public") is None


def test_a_token_without_log_in_exists_in_the_sandbox_only(world, public):
    token = mint_token(world.server, public.app, patient="synthetic-7", scopes="patient/Coverage.rs")
    assert world.bearer.authenticate(f"Bearer {token}").patient == "synthetic-7"
    with pytest.raises(AppFault, match="sandbox"):
        mint_token(replace(world.server, environment="production"), public.app, patient="synthetic-7")
    with pytest.raises(AppFault, match="not registered"):
        mint_token(world.server, public.app, patient="synthetic-7", scopes="system/*.rs")
