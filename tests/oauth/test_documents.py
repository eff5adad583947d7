"""Discovery documents, keys that rotate unnoticed, and which web pages may call."""

from __future__ import annotations

import base64
import json

import pytest
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from authlib.oidc.discovery import OpenIDProviderMetadata

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.oauth import keys
from fhir_facade.oauth.keys import KEEP_S, PUBLISH_S, SigningKeys

from .conftest import BASE, CALLBACK, START

SMART = "/fhir/.well-known/smart-configuration"
OPENID = "/.well-known/openid-configuration"
OAUTH = "/.well-known/oauth-authorization-server"


def test_the_smart_configuration_has_what_the_guide_requires(world):
    answer = world.client.get(SMART, headers={"Accept": "application/fhir+json"})
    assert answer.mimetype == "application/json"
    told = answer.json
    assert told["issuer"] == BASE
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert {"authorization_code", "client_credentials"} <= set(told["grant_types_supported"])
    assert {
        "launch-standalone",
        "client-public",
        "client-confidential-symmetric",
        "client-confidential-asymmetric",
        "sso-openid-connect",
        "context-standalone-patient",
        "permission-offline",
        "permission-patient",
        "permission-v1",
        "permission-v2",
        "authorize-post",
    } <= set(told["capabilities"])


def test_the_documents_agree_with_each_other(world):
    smart, openid, oauth = (world.client.get(path).json for path in (SMART, OPENID, OAUTH))
    for document in (smart, openid):
        for name in oauth.keys() & document.keys():
            assert document[name] == oauth[name], name


def test_the_documents_pass_authlibs_own_checks(world):
    production = {
        name: value.replace("http://", "https://") if isinstance(value, str) else value
        for name, value in world.client.get(OPENID).json.items()
    }
    AuthorizationServerMetadata(production).validate()
    OpenIDProviderMetadata(production).validate()


def test_every_endpoint_that_is_named_is_there(world):
    told = world.client.get(SMART).json
    for name, url in told.items():
        if name.endswith("_endpoint") and name != "management_endpoint":
            assert world.client.options(url.removeprefix(BASE)).status_code == 204, name
    assert world.client.get(told["jwks_uri"].removeprefix(BASE)).json["keys"]


def test_only_public_keys_are_published(world):
    for key in world.client.get("/.well-known/jwks.json").json["keys"]:
        assert not {"d", "p", "q", "dp", "dq", "qi"} & key.keys()
        assert {"kid", "n", "e", "kty"} <= key.keys()


@pytest.mark.parametrize("path", [SMART, OPENID, OAUTH, "/.well-known/jwks.json"])
def test_any_page_may_read_public_documents(world, path):
    answer = world.client.get(path, headers={"Origin": "https://anybody.example"})
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("path", ["/oauth/token", "/oauth/revoke", "/oauth/userinfo"])
def test_only_pages_of_registered_apps_may_call_the_endpoints(world, public, path):
    ours, foreign = CALLBACK.removesuffix("/callback"), "https://evil.example"
    call = world.client.open
    for method in ("OPTIONS", "POST"):
        allowed = call(path, method=method, headers={"Origin": ours})
        assert allowed.headers["Access-Control-Allow-Origin"] == ours
        assert "Origin" in allowed.headers["Vary"]
        for origin in (foreign, "null", ours + ".evil.example", ours.replace("https", "http")):
            refused = call(path, method=method, headers={"Origin": origin})
            assert "Access-Control-Allow-Origin" not in refused.headers


def test_the_first_key_signs_at_once_and_the_next_one_after_it_was_published(tmp_path):
    first = keys.rotate(tmp_path, START)
    signing = SigningKeys(tmp_path)
    assert _kid(signing.sign({}, START)) == first.kid
    second = keys.rotate(tmp_path, START + 10)
    signing = SigningKeys(tmp_path)
    assert _published(signing, START + 10) == {first.kid, second.kid}
    assert _kid(signing.sign({}, START + 10)) == first.kid
    assert _kid(signing.sign({}, START + 10 + PUBLISH_S)) == second.kid
    assert first.kid in _published(signing, START + 10 + PUBLISH_S + KEEP_S - 1)
    assert _published(signing, START + 10 + PUBLISH_S + KEEP_S) == {second.kid}


def test_keys_are_readable_by_their_owner_alone(tmp_path):
    folder = tmp_path / "keys"
    keys.rotate(folder, START)
    assert folder.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir())


def test_a_folder_without_keys_or_with_damaged_ones_stops_the_start(tmp_path):
    with pytest.raises(ConfigError, match="keys rotate"):
        SigningKeys(tmp_path)
    keys.rotate(tmp_path, START)
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(ConfigError, match="damaged"):
        SigningKeys(tmp_path)


def _kid(token: str) -> str:
    return json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))["kid"]


def _published(signing: SigningKeys, now: int) -> set[str]:
    return {key["kid"] for key in signing.published(now)["keys"]}
