"""Group 1 of the CARIN Blue Button 2.0.0 kit: discovery, and a launch with the scopes that the guide names."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey
from tests.e2e.kit_apps import GUIDE_SCOPES, GUIDE_TYPES, REDIRECT

OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
SAME = {
    "authorization_endpoint": "authorize",
    "token_endpoint": "token",
    "introspection_endpoint": "introspect",
    "management_endpoint": "manage",
    "registration_endpoint": "register",
    "revocation_endpoint": "revoke",
}


@pytest.fixture(scope="module")
def answer(sandbox: Sandbox) -> httpx.Response:
    url = f"{sandbox.fhir}/.well-known/smart-configuration"
    return httpx.get(url, headers={"Accept": "application/json"}, timeout=30)


@pytest.fixture(scope="module")
def security(sandbox: Sandbox) -> dict[str, Any]:
    return dict(httpx.get(f"{sandbox.fhir}/metadata", timeout=30).json()["rest"][0]["security"])


@pytest.fixture(scope="module")
def granted(sandbox: Sandbox, guide_app: dict[str, Any], person: dict[str, str]) -> tuple[dict[str, str], Any]:
    """What the app was called back with, and what the token endpoint answered."""
    way = Journey(sandbox.base, guide_app["client_id"], REDIRECT, guide_app["client_secret"])
    called = way.decide(way.log_in(way.start(GUIDE_SCOPES), person["username"], person["password"]))
    assert called["state"] == way.state
    return called, way.exchange(called["code"])


@pytest.mark.kit("carin 1.1.1", "carin 1.1.2")
def test_the_configuration_is_json_with_the_fields_of_smart_1(answer: httpx.Response) -> None:
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    told = answer.json()
    assert isinstance(told["authorization_endpoint"], str)
    assert isinstance(told["token_endpoint"], str)
    assert {type(one) for one in told["capabilities"]} == {str}


@pytest.mark.kit("carin 1.1.3", "carin 1.1.4")
def test_the_statement_names_the_same_endpoints_or_none(answer: httpx.Response, security: dict[str, Any]) -> None:
    assert "SMART-on-FHIR" in [coding["code"] for service in security["service"] for coding in service["coding"]]
    (extension,) = [one for one in security["extension"] if one["url"] == OAUTH_URIS]
    uris = {one["url"]: one["valueUri"] for one in extension["extension"]}
    assert {"authorize", "token"} <= uris.keys()
    for field, name in SAME.items():
        assert answer.json().get(field) == uris.get(name), field


@pytest.mark.kit("carin 1.1.5")
def test_every_capability_of_the_guide_is_there(answer: httpx.Response) -> None:
    assert {
        "launch-standalone",
        "client-public",
        "client-confidential-symmetric",
        "sso-openid-connect",
        "context-standalone-patient",
        "permission-offline",
        "permission-patient",
        "permission-user",
    } <= set(answer.json()["capabilities"])


@pytest.mark.kit("carin 1.2.2", "carin 1.2.3", "carin 1.2.5", "carin 1.2.6", "carin 1.2.7")
def test_a_launch_ends_with_a_whole_token_response(granted: Any) -> None:
    called, answer = granted
    assert "error" not in called
    assert answer.status_code == 200
    body = answer.json()
    assert body["token_type"].lower() == "bearer"
    assert isinstance(body["expires_in"], int)
    assert isinstance(body["access_token"], str)
    assert isinstance(body["patient"], str)
    assert (answer.headers["Cache-Control"], answer.headers["Pragma"]) == ("no-store", "no-cache")


@pytest.mark.kit("carin 1.2.8")
def test_the_thirteen_scopes_of_the_guide_are_granted_as_they_were_asked_for(sandbox: Sandbox, granted: Any) -> None:
    assert sorted(granted[1].json()["scope"].split()) == sorted(GUIDE_SCOPES.split())
    bearer = {"Authorization": f"Bearer {granted[1].json()['access_token']}"}
    for kind in GUIDE_TYPES:
        assert httpx.get(f"{sandbox.fhir}/{kind}?_count=1", headers=bearer, timeout=30).status_code == 200, kind
