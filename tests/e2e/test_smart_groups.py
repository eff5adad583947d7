"""What the SMART App Launch 2.2 test kit asks of a patient-facing server, group by group, and what it leaves out.

Numbers are those of the kit: 1 standalone launch, 3 backend services, 4 token introspection.
"""

from __future__ import annotations

import base64
import json
import secrets
import time
from typing import Any

import httpx
import pytest
from fhirclient import client as smart
from joserfc import jwt
from joserfc.jwk import KeySet

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey
from tests.e2e.kit_apps import REDIRECT, SCOPE

ORIGIN = "https://app.example.org"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def fetched(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def discovered(sandbox: Sandbox) -> dict[str, Any]:
    return dict(fetched(f"{sandbox.fhir}/.well-known/smart-configuration", Accept="application/json").json())


@pytest.mark.kit("smart 1.1.1", "smart 1.1.2", "smart 3.1.1", "smart 3.1.2", "smart 4.1.1", "smart 4.1.2")
def test_1_1_the_discovery_document_names_what_a_launch_needs(discovered: dict[str, Any]) -> None:
    assert "authorization_code" in discovered["grant_types_supported"]
    assert discovered["code_challenge_methods_supported"] == ["S256"]
    for name in ("issuer", "jwks_uri", "authorization_endpoint", "token_endpoint"):
        assert discovered[name].startswith("http"), name
    assert {"launch-standalone", "sso-openid-connect", "permission-v2"} <= set(discovered["capabilities"])


@pytest.mark.parametrize("path", ["/.well-known/smart-configuration", "/metadata"])
@pytest.mark.kit("smart 1.1.3", "smart 1.1.4", "smart 3.1.3", "smart 3.1.4", "smart 4.1.3", "smart 4.1.4")
def test_1_1_public_documents_can_be_read_by_any_page(sandbox: Sandbox, path: str) -> None:
    answer = fetched(f"{sandbox.fhir}{path}", Origin="https://kit.example")
    assert answer.headers["Access-Control-Allow-Origin"] in ("*", "https://kit.example")


def test_1_1_the_statement_names_the_same_endpoints(sandbox: Sandbox, discovered: dict[str, Any]) -> None:
    security = fetched(f"{sandbox.fhir}/metadata").json()["rest"][0]["security"]
    uris = {each["url"]: each["valueUri"] for each in security["extension"][0]["extension"]}
    assert uris["authorize"] == discovered["authorization_endpoint"]
    assert uris["token"] == discovered["token_endpoint"]
    assert uris["revoke"] == discovered["revocation_endpoint"]
    assert uris["introspect"] == discovered["introspection_endpoint"]


@pytest.mark.kit(
    "smart 1.2.2", "smart 1.2.3", "smart 1.2.6", "smart 4.1.6", "smart 4.1.7", "smart 4.1.9", "smart 4.1.10"
)
def test_1_2_the_token_response_has_every_field_and_header(sandbox: Sandbox, standalone: Any) -> None:
    _, tokens = standalone
    assert tokens.body["token_type"] == "Bearer"
    assert isinstance(tokens.body["expires_in"], int)
    assert tokens.body["refresh_token"]
    assert set(tokens.body["scope"].split()) <= set(SCOPE.split())
    assert fetched(f"{sandbox.fhir}/Patient/{tokens.patient}", **tokens.headers).json()["id"] == tokens.patient


@pytest.mark.kit("smart 1.2.8", "smart 4.1.12")
def test_1_2_a_public_apps_page_may_read_the_token_response(sandbox: Sandbox, public: dict[str, Any]) -> None:
    form = {"grant_type": "authorization_code", "code": "x", "client_id": public["client_id"]}
    answer = httpx.post(f"{sandbox.base}/oauth/token", data=form, headers={"Origin": ORIGIN}, timeout=30)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"


@pytest.mark.kit("smart 1.2.5")
@pytest.mark.parametrize("alg", ["RS384", "ES384"])
def test_1_2_an_asymmetric_app_exchanges_its_code(
    sandbox: Sandbox, asymmetric: Any, keys: Any, person: dict[str, str], alg: str
) -> None:
    way = Journey(sandbox.base, asymmetric["client_id"], REDIRECT)
    called = way.decide(way.log_in(way.start(SCOPE), person["username"], person["password"]))
    proof = {"client_assertion_type": ASSERTION, "client_assertion": assertion(sandbox, asymmetric, keys, alg)}
    answer = way.exchange(called["code"], **proof)
    assert answer.status_code == 200, answer.text
    assert answer.json()["patient"] == person["patient"]


@pytest.mark.kit("smart 1.2.5", "smart 1.2.7", "smart 4.1.11")
@pytest.mark.parametrize("kind", ["public", "secret_app"])
def test_1_2_a_code_is_exchanged_and_the_answer_not_stored(
    request: Any, sandbox: Sandbox, person: dict[str, str], kind: str
) -> None:
    app = request.getfixturevalue(kind)
    way = Journey(sandbox.base, app["client_id"], REDIRECT, app.get("client_secret"))
    called = way.decide(way.log_in(way.start(SCOPE), person["username"], person["password"]))
    assert called["state"] == way.state
    answer = way.exchange(called["code"])
    assert answer.status_code == 200
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


@pytest.mark.kit("smart 1.3.8")
def test_1_3_a_page_of_the_app_may_read_who_logged_in(standalone: Any) -> None:
    _, tokens = standalone
    claims = json.loads(base64.urlsafe_b64decode(tokens.body["id_token"].split(".")[1] + "=="))
    answer = fetched(claims["fhirUser"], **tokens.headers, Origin=ORIGIN)
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN


@pytest.mark.kit("smart 1.2.2")
def test_1_2_a_launch_may_begin_by_post(sandbox: Sandbox, public: dict[str, Any]) -> None:
    way = Journey(sandbox.base, public["client_id"], REDIRECT)
    answer = way.browser.post(f"{sandbox.base}/oauth/authorize", data=way.authorize_parameters(SCOPE))
    assert "/login/" in answer.headers["location"]


@pytest.mark.kit(
    "smart 1.3.1", "smart 1.3.2", "smart 1.3.3", "smart 1.3.4", "smart 1.3.5", "smart 1.3.6", "smart 1.3.7"
)
def test_1_3_the_id_token_verifies_and_names_a_readable_person(
    sandbox: Sandbox, public: dict[str, Any], standalone: Any
) -> None:
    _, tokens = standalone
    header = json.loads(base64.urlsafe_b64decode(tokens.body["id_token"].split(".")[0] + "=="))
    claims = jwt.decode(
        tokens.body["id_token"],
        KeySet.import_key_set(fetched(f"{sandbox.base}/.well-known/jwks.json").json()),
        algorithms=["RS256"],
    ).claims
    openid = fetched(f"{claims['iss']}/.well-known/openid-configuration")
    assert openid.headers["Content-Type"] == "application/json"
    assert openid.json()["issuer"] == claims["iss"] == sandbox.base
    assert "RS256" in openid.json()["id_token_signing_alg_values_supported"]
    assert header["alg"] == "RS256"
    assert header["kid"]
    assert claims["aud"] == public["client_id"]
    assert claims["iat"] <= time.time() + 5 < claims["exp"]
    assert 0 < len(claims["sub"]) < 256
    answer = fetched(claims["fhirUser"], **tokens.headers)
    assert answer.status_code == 200
    assert claims["fhirUser"].endswith(f"{answer.json()['resourceType']}/{answer.json()['id']}")


@pytest.mark.parametrize("repeat_scope", [False, True])
@pytest.mark.kit("smart 1.4.1", "smart 1.4.2", "smart 1.4.3", "smart 1.5.1", "smart 1.5.2", "smart 1.5.3")
def test_1_4_and_1_5_a_refresh_works_without_and_with_scope(
    public: dict[str, Any], launch: Any, repeat_scope: bool
) -> None:
    way, tokens = launch(public)
    scope = {"scope": tokens.body["scope"]} if repeat_scope else {}
    answer = way.token_request(grant_type="refresh_token", refresh_token=tokens.body["refresh_token"], **scope)
    assert answer.status_code == 200
    assert {"access_token", "token_type", "expires_in", "scope"} <= answer.json().keys()
    assert set(answer.json()["scope"].split()) <= set(tokens.body["scope"].split())
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


def assertion(sandbox: Sandbox, app: dict[str, Any], keys: dict[str, Any], alg: str, **changes: Any) -> str:
    claims = {
        "iss": app["client_id"],
        "sub": app["client_id"],
        "aud": f"{sandbox.base}/oauth/token",
        "exp": int(time.time()) + 300,
        "jti": secrets.token_hex(16),
    } | changes
    return jwt.encode({"alg": alg, "kid": keys[alg].kid, "typ": "JWT"}, claims, keys[alg], algorithms=[alg])


def credentials(sandbox: Sandbox, signed: str, **changes: str) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "scope": "system/*.rs",
        "client_assertion_type": ASSERTION,
        "client_assertion": signed,
    } | changes
    return httpx.post(f"{sandbox.base}/oauth/token", data=form, timeout=30)


@pytest.mark.parametrize("alg", ["RS384", "ES384"])
@pytest.mark.kit("smart 3.2.5", "smart 3.2.6")
def test_3_2_a_backend_service_gets_a_token(sandbox: Sandbox, backend: Any, keys: Any, alg: str) -> None:
    answer = credentials(sandbox, assertion(sandbox, backend, keys, alg))
    assert answer.status_code == 200, answer.text
    assert answer.json()["token_type"].lower() == "bearer"
    assert isinstance(answer.json()["expires_in"], int)
    assert answer.json()["scope"] == "system/Organization.rs system/Practitioner.rs"


def test_3_a_backend_service_reads_the_directory_and_no_members_data(sandbox: Sandbox, backend: Any, keys: Any) -> None:
    token = credentials(sandbox, assertion(sandbox, backend, keys, "ES384")).json()["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    found = fetched(f"{sandbox.fhir}/Organization", **bearer).json()["entry"]
    assert {entry["resource"]["resourceType"] for entry in found} == {"Organization"}
    assert fetched(found[0]["fullUrl"], **bearer).status_code == 200
    refused = fetched(f"{sandbox.fhir}/Patient", **bearer)
    assert refused.status_code == 403
    assert "Organization and Practitioner alone" in refused.json()["issue"][0]["diagnostics"]


@pytest.mark.kit("smart 3.2.2", "smart 3.2.3")
def test_3_2_wrong_requests_have_their_status(sandbox: Sandbox, backend: Any, keys: Any) -> None:
    good = assertion(sandbox, backend, keys, "RS384")
    assert credentials(sandbox, good, grant_type="not_a_grant_type").status_code == 400
    assert credentials(sandbox, good, client_assertion_type="not_an_assertion_type").status_code in (400, 401)


@pytest.mark.kit("smart 3.2.4", "beyond 3.11", "beyond 3.12", "beyond 3.13")
def test_3_2_what_the_kit_never_sends_is_refused_too(sandbox: Sandbox, backend: Any, keys: Any) -> None:
    used = assertion(sandbox, backend, keys, "ES384")
    assert credentials(sandbox, used).status_code == 200
    expired = assertion(sandbox, backend, keys, "RS384", exp=int(time.time()) - 60)
    far = assertion(sandbox, backend, keys, "RS384", exp=int(time.time()) + 3600)
    elsewhere = assertion(sandbox, backend, keys, "RS384", aud="https://other.example/token")
    for wrong in (used, expired, far, elsewhere, used[:-6] + "AAAAAA", "invalid"):
        assert credentials(sandbox, wrong).json()["error"] == "invalid_client"


@pytest.mark.kit("smart 4.2.1", "smart 4.3.1")
def test_4_introspection_tells_what_the_token_response_told(
    sandbox: Sandbox, secret_app: Any, launch: Any, discovered: dict[str, Any]
) -> None:
    _, tokens = launch(secret_app)
    auth = (secret_app["client_id"], secret_app["client_secret"])
    told = httpx.post(discovered["introspection_endpoint"], data={"token": tokens.access}, auth=auth, timeout=30).json()
    assert told["active"] is True
    assert told["client_id"] == secret_app["client_id"]
    assert told["scope"].split() == tokens.body["scope"].split()
    assert told["exp"] > time.time()
    assert told["patient"] == tokens.patient
    claims = json.loads(base64.urlsafe_b64decode(tokens.body["id_token"].split(".")[1] + "=="))
    assert (told["iss"], told["sub"], told["fhirUser"]) == (claims["iss"], claims["sub"], claims["fhirUser"])


@pytest.mark.kit("smart 4.2.2", "smart 4.3.2")
def test_4_introspection_of_an_invalid_token_says_nothing_more(secret_app: Any, discovered: dict[str, Any]) -> None:
    auth = (secret_app["client_id"], secret_app["client_secret"])
    form = {"token": "invalid_token_value"}
    assert httpx.post(discovered["introspection_endpoint"], data=form, auth=auth, timeout=30).json() == {
        "active": False
    }


@pytest.mark.kit("beyond 3.1")
def test_scopes_are_enforced_on_the_fhir_endpoints(sandbox: Sandbox, public: Any, launch: Any) -> None:
    _, tokens = launch(public, "patient/Coverage.rs")
    assert fetched(f"{sandbox.fhir}/Coverage", **tokens.headers).status_code == 200
    refused = fetched(f"{sandbox.fhir}/ExplanationOfBenefit", **tokens.headers)
    assert refused.status_code == 403
    assert 'error="insufficient_scope"' in refused.headers["WWW-Authenticate"]


def test_fhirclient_for_python_launches_on_its_own(sandbox: Sandbox, public: Any, person: dict[str, str]) -> None:
    settings = {"app_id": public["client_id"], "api_base": f"{sandbox.fhir}/", "redirect_uri": REDIRECT}
    app = smart.FHIRClient(settings=settings | {"scope": "openid fhirUser offline_access patient/*.rs"})
    app.prepare()
    way = Journey(sandbox.base, public["client_id"], REDIRECT)
    page = way.log_in(way.follow(way.browser.get(app.authorize_url)), person["username"], person["password"])
    called = way.decide(page)
    app.handle_callback(f"{REDIRECT}?{httpx.QueryParams(called)}")
    assert app.ready
    assert app.patient.id == person["patient"]
