"""Apps of every kind at the running sandbox, and a member who launches them: what the kits' tests begin with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from tests.e2e.journey import Journey, Tokens

if TYPE_CHECKING:
    from tests.e2e.conftest import Sandbox

REDIRECT = "https://app.example.org/callback"
SCOPE = "launch/patient openid fhirUser offline_access patient/*.rs"
GUIDE_TYPES = ("Patient", "ExplanationOfBenefit", "Coverage", "Organization", "Practitioner")
GUIDE_SCOPES = " ".join(
    ["openid", "fhirUser", "launch/patient"]
    + [f"{context}/{kind}.read" for context in ("patient", "user") for kind in GUIDE_TYPES]
)
"""The thirteen scopes of the CARIN guide's security page."""


@pytest.fixture(scope="module")
def config(sandbox: Sandbox) -> str:
    from tests.e2e.test_sandbox import config_of  # which needs the fixtures beside this one

    return str(config_of(sandbox))


@pytest.fixture(scope="module")
def public(sandbox: Sandbox, config: str) -> dict[str, Any]:
    arguments = ["--name", "Public kit", "--redirect-uri", REDIRECT, "--json"]
    return dict(sandbox.run("apps", "add", "--config", config, *arguments))


@pytest.fixture(scope="module")
def secret_app(sandbox: Sandbox, config: str) -> dict[str, Any]:
    arguments = ["--name", "Secret kit", "--kind", "confidential", "--redirect-uri", REDIRECT, "--json"]
    return dict(sandbox.run("apps", "add", "--config", config, *arguments))


@pytest.fixture(scope="module")
def keys() -> dict[str, Any]:
    return {
        "RS384": RSAKey.generate_key(2048, {"kid": "rsa"}, private=True),
        "ES384": ECKey.generate_key("P-384", {"kid": "ec"}, private=True),
    }


@pytest.fixture(scope="module")
def backend(sandbox: Sandbox, keys: dict[str, Any]) -> dict[str, Any]:
    asked = {
        "client_name": "Backend kit",
        "token_endpoint_auth_method": "private_key_jwt",
        "grant_types": ["client_credentials"],
        "scope": "system/*.rs",
        "jwks": {"keys": [key.as_dict(private=False) for key in keys.values()]},
    }
    answer = httpx.post(f"{sandbox.base}/oauth/register", json=asked, timeout=30)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture(scope="module")
def person(sandbox: Sandbox, config: str) -> dict[str, str]:
    return dict(sandbox.run("members", "--config", config, "--json")[0])


@pytest.fixture(scope="module")
def launch(sandbox: Sandbox, person: dict[str, str]) -> Callable[..., tuple[Journey, Tokens]]:
    def go(app: dict[str, Any], scope: str = SCOPE) -> tuple[Journey, Tokens]:
        way = Journey(sandbox.base, app["client_id"], REDIRECT, app.get("client_secret"))
        return way, way.whole(person["username"], person["password"], scope)

    return go


@pytest.fixture(scope="module")
def standalone(public: dict[str, Any], launch: Callable[..., tuple[Journey, Tokens]]) -> tuple[Journey, Tokens]:
    return launch(public)


@pytest.fixture(scope="module")
def asymmetric(sandbox: Sandbox, keys: dict[str, Any]) -> dict[str, Any]:
    asked = {
        "client_name": "Asymmetric kit",
        "redirect_uris": [REDIRECT],
        "token_endpoint_auth_method": "private_key_jwt",
        "jwks": {"keys": [key.as_dict(private=False) for key in keys.values()]},
    }
    answer = httpx.post(f"{sandbox.base}/oauth/register", json=asked, timeout=30)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.fixture(scope="module")
def guide_app(sandbox: Sandbox, config: str) -> dict[str, Any]:
    """A confidential app that is registered for every scope of the guide."""
    arguments = ["--name", "Guide kit", "--kind", "confidential", "--redirect-uri", REDIRECT, "--scope", GUIDE_SCOPES]
    return dict(sandbox.run("apps", "add", "--config", config, *arguments, "--json"))
