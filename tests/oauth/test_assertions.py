"""Signed client assertions: the right one counts once; no mutation of it counts at all."""

from __future__ import annotations

import pytest

from fhir_facade.oauth.jwks import Fetched, KeysUnavailable, fetch_json, read_keys
from fhir_facade.oauth.registry import AppFault

from .conftest import BASE, START, build_world, signed, with_assertion

FORM = {"grant_type": "client_credentials", "scope": "system/*.rs"}


def send(world, assertion, **form):
    return world.client.post("/oauth/token", data=with_assertion(FORM, assertion) | form)


@pytest.mark.parametrize("alg", ["RS384", "ES384"])
def test_a_backend_service_gets_a_short_token_without_a_member(world, asymmetric, client_keys, alg):
    answer = send(world, signed(client_keys[alg], asymmetric.app.app_id, alg=alg))
    assert answer.status_code == 200, answer.json
    assert answer.json == {
        "access_token": answer.json["access_token"],
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "system/Organization.rs system/Practitioner.rs",
    }
    grant = world.bearer.authenticate(f"Bearer {answer.json['access_token']}")
    assert (grant.patient, grant.user) == (None, None)


def test_an_assertion_counts_once(world, asymmetric, client_keys):
    assertion = signed(client_keys["RS384"], asymmetric.app.app_id)
    assert send(world, assertion).status_code == 200
    assert send(world, assertion).json["error"] == "invalid_client"


@pytest.mark.parametrize(
    ("scope", "granted"),
    [
        ("system/*.read", "system/Organization.read system/Practitioner.read"),
        ("system/Organization.r system/Coverage.rs", "system/Organization.r"),
        ("system/Practitioner.cruds openid", "system/Practitioner.rs"),
    ],
)
def test_a_backend_service_is_told_exactly_what_it_was_given(world, asymmetric, client_keys, scope, granted):
    answer = send(world, signed(client_keys["RS384"], asymmetric.app.app_id), scope=scope)
    assert answer.json["scope"] == granted


@pytest.mark.parametrize("scope", ["", "patient/*.rs", "openid", "system/patient.rs", "system/Patient.rs system/*.cud"])
def test_a_backend_service_gets_system_scopes_alone(world, asymmetric, client_keys, scope):
    answer = send(world, signed(client_keys["RS384"], asymmetric.app.app_id), scope=scope)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


def test_an_app_that_is_no_backend_service_gets_none(world, client_keys):
    jwks = {"keys": [client_keys["RS384"].as_dict(private=False)]}
    app = world.register("frontend", kind="asymmetric", jwks=jwks, scopes="system/*.rs patient/*.rs")
    assert send(world, signed(client_keys["RS384"], app.app.app_id)).json["error"] == "unauthorized_client"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "somebody"},
        {"sub": "somebody"},
        {"aud": f"{BASE}/oauth/authorize"},
        {"aud": BASE},
        {"aud": f"{BASE}/oauth/token/"},
        {"aud": []},
        {"aud": None},
        {"exp": START - 11},
        {"exp": START + 311},
        {"exp": START + 30 * 24 * 3600},
        {"exp": str(START + 100)},
        {"exp": True},
        {"exp": 1e300},
        {"exp": None},
        {"nbf": START + 60},
        {"iat": START + 60},
        {"jti": ""},
        {"jti": 7},
        {"jti": "j" * 501},
        {"drop": ("jti",)},
        {"drop": ("exp",)},
        {"drop": ("aud",)},
        {"drop": ("sub",)},
        {"header": {"kid": "other"}},
        {"header": {"jku": "https://evil.example/jwks.json"}},
        {"header": {"kid": "../../etc/passwd"}},
    ],
)
def test_a_wrong_claim_is_refused(world, asymmetric, client_keys, changes):
    assertion = signed(client_keys["RS384"], asymmetric.app.app_id, **changes)
    answer = send(world, assertion)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client")


def test_a_list_of_audiences_may_name_the_token_url(world, asymmetric, client_keys):
    assertion = signed(client_keys["RS384"], asymmetric.app.app_id, aud=["x", f"{BASE}/oauth/token"])
    assert send(world, assertion).status_code == 200


@pytest.mark.parametrize("kind", ["jwt-bearer", "not_an_assertion_type", ""])
def test_a_wrong_assertion_type_is_refused(world, asymmetric, client_keys, kind):
    answer = send(world, signed(client_keys["RS384"], asymmetric.app.app_id), client_assertion_type=kind)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client")


def test_keys_are_fetched_from_the_registered_url_and_again_after_a_rotation(store, signing_folder, client_keys):
    served = [client_keys["RS384"]]
    asked = []

    def fetch(url):
        asked.append(url)
        return Fetched({"keys": [key.as_dict(private=False) for key in served]}, 300)

    world = build_world(store, signing_folder, fetch)
    app = world.register(
        "remote", kind="asymmetric", jwks_uri="https://app.example.com/jwks", backend=True, scopes="system/*.rs"
    )
    for _ in range(3):
        assert send(world, signed(client_keys["RS384"], app.app.app_id)).status_code == 200
    assert asked == ["https://app.example.com/jwks"]
    header = {"jku": "https://app.example.com/jwks"}
    assert send(world, signed(client_keys["RS384"], app.app.app_id, header=header)).status_code == 200
    served[:] = [client_keys["ES384"]]
    world.server.key_sets._kept["https://app.example.com/jwks"] = (
        *(stamp - 60 for stamp in world.server.key_sets._kept["https://app.example.com/jwks"][:2]),
        world.server.key_sets._kept["https://app.example.com/jwks"][2],
    )
    assert send(world, signed(client_keys["ES384"], app.app.app_id, alg="ES384")).status_code == 200


def test_keys_that_cannot_be_fetched_refuse_the_app(store, signing_folder, client_keys):
    def fetch(url):
        raise KeysUnavailable("down")

    world = build_world(store, signing_folder, fetch)
    app = world.register(
        "remote", kind="asymmetric", jwks_uri="https://app.example.com/jwks", backend=True, scopes="system/*.rs"
    )
    assert send(world, signed(client_keys["RS384"], app.app.app_id)).json["error"] == "invalid_client"


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/jwks",
        "https://127.0.0.1/jwks",
        "https://10.0.0.1/jwks",
        "https://169.254.169.254/latest",
        "https://[::1]/jwks",
        "https://[fd00::1]/jwks",
        "https://localhost/jwks",
        "https:///jwks",
        "file:///etc/passwd",
        "https://host.invalid/jwks",
        "https://127.0.0.1:99999/jwks",
    ],
)
def test_no_address_inside_the_network_is_fetched(url):
    with pytest.raises(KeysUnavailable):
        fetch_json(url, local_allowed=False)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        {"keys": "x"},
        {"keys": [{"kty": "RSA", "n": "!", "e": "AQAB", "kid": "a"}]},
        {"keys": [{"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA", "kid": "a"}]},
        {"keys": [{"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA", "kid": "a"}]},
        {"keys": [{"kty": "RSA"}] * 21},
    ],
)
def test_a_malformed_key_set_is_refused(document):
    with pytest.raises(KeysUnavailable):
        read_keys(document)


def test_a_private_key_is_never_registered(world, client_keys):
    jwks = {"keys": [client_keys["RS384"].as_dict(private=True)]}
    with pytest.raises(AppFault, match="private"):
        world.register("leaky", kind="asymmetric", jwks=jwks)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": START - 11}, "the assertion has expired"),
        ({"exp": START + 3600}, "exp must be at most five minutes ahead"),
        ({"drop": ("exp",)}, "exp is required, in seconds since 1970"),
    ],
)
def test_a_wrong_time_is_called_what_it_is(world, asymmetric, client_keys, changes, said):
    assertion = signed(client_keys["RS384"], asymmetric.app.app_id, **changes)
    answer = world.client.post("/oauth/token", data=with_assertion({"grant_type": "client_credentials"}, assertion))
    assert answer.json["error_description"] == said
