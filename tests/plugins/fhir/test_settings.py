"""What the settings accept, where tokens come from, and what ``check`` tells."""

from __future__ import annotations

import json
import tomllib
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fhir_facade.contracts.errors import ClaimsUnavailable, ConfigError
from fhir_facade.contracts.settings import Reader, Secret
from fhir_facade_claims_fhir import plugin
from fhir_facade_claims_fhir.settings import BackendServices
from tests.plugins.fhir.payer import EOB, TOKEN, found, payer, resources, source
from tests.plugins.fhir.server import Upstream, always, send, serving

PAGE = Path(__file__).resolve().parents[3] / "docs/plugins/fhir.md"


def pem(key: Any) -> str:
    kind = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, kind, serialization.NoEncryption()).decode()  # type: ignore[no-any-return]


RSA = pem(rsa.generate_private_key(65537, 2048))
EC = pem(ec.generate_private_key(ec.SECP384R1()))


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"base": "http://mco.example.org/fhir"}, "base: must be https"),
        ({"base": "mco.example.org"}, "base: must be an absolute URL"),
        ({"base": "https://me:word@mco.example.org/fhir"}, "base: must be an absolute URL"),
        ({"base": "https://mco.example.org/fhir?x=1"}, "base: must have no query"),
        ({"token": None}, "either token or backend"),
        ({"identifiers": {}}, "identifiers"),
        ({"types": ("Observation",)}, "Observation"),
        ({"page_size": 0}, "page_size: must be 1 to 100"),
        ({"retries": 4}, "retries: must be 0 to 3"),
        ({"aliases": ("mco",)}, "aliases"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        source(Upstream(base="https://mco.example.org/fhir"), **changed)


class Authority:
    """A token endpoint that checks the assertion as SMART says."""

    def __init__(self, upstream: Upstream, key: Any, algorithm: str, lives: int = 300) -> None:
        self.url = f"{upstream.base}/token"
        self.key, self.algorithm, self.lives = key, algorithm, lives
        self.seen: list[str] = []

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        from urllib.parse import parse_qs

        form = parse_qs(request.rfile.read(int(request.headers["Content-Length"])).decode())
        token = jwt.decode(form["client_assertion"][0], self.key, algorithms=[self.algorithm])
        claims = token.claims
        assert (claims["iss"], claims["sub"], claims["aud"]) == ("facade", "facade", self.url)
        assert 0 < claims["exp"] - claims["iat"] <= 300
        assert token.header["kid"] == "k1"
        assert claims["jti"] not in self.seen
        self.seen.append(claims["jti"])
        answer = {"access_token": f"token-{len(self.seen)}", "token_type": "bearer", "expires_in": self.lives}
        send(request, json.dumps(answer).encode())


def backend(authority: Authority, key: str) -> dict[str, Any]:
    algorithm: Any = authority.algorithm
    services = BackendServices(
        token_url=authority.url,
        client_id="facade",
        private_key=Secret("env:KEY", key),
        key_id="k1",
        algorithm=algorithm,
    )
    return {"token": None, "backend": services}


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS384"), (EC, "ES384")])
def test_backend_services_ask_for_one_token_and_keep_it(key: str, algorithm: str) -> None:
    imported = RSAKey.import_key(key) if algorithm == "RS384" else ECKey.import_key(key)
    with serving(payer()) as upstream:
        authority = Authority(upstream, imported, algorithm)
        upstream.instead["/token"] = authority
        over = resources(upstream, **backend(authority, key))
        found(over, EOB)
        found(over, EOB)

    assert len(authority.seen) == 1
    assert [token for token in upstream.tokens if token] == ["Bearer token-1"] * (len(upstream.tokens) - 1)


def test_a_token_that_was_refused_is_replaced_once() -> None:
    with serving(payer()) as upstream:
        authority = Authority(upstream, RSAKey.import_key(RSA), "RS384")
        upstream.instead["/token"] = authority
        over = resources(upstream, **backend(authority, RSA))
        found(over, EOB)
        upstream.instead[f"/{EOB}"] = always(b"", 401)

        with pytest.raises(ClaimsUnavailable, match="401"):
            found(over, EOB)

    assert len(authority.seen) == 2


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b'{"access_token": 7}', b'{"access_token": "a\\nb"}'])
def test_a_token_endpoint_that_gives_none_makes_the_source_unavailable(answer: bytes) -> None:
    with serving(payer()) as upstream:
        authority = Authority(upstream, RSAKey.import_key(RSA), "RS384")
        upstream.instead["/token"] = always(answer)

        with pytest.raises(ClaimsUnavailable, match="no token"):
            found(resources(upstream, **backend(authority, RSA)), EOB)


@pytest.mark.parametrize(("key", "algorithm"), [("no key", "RS384"), (EC, "RS384"), (RSA, "ES384")])
def test_a_key_that_does_not_fit_is_refused(key: str, algorithm: str) -> None:
    upstream = Upstream(base="https://mco.example.org/fhir")

    with pytest.raises(ConfigError, match="private_key"):
        source(upstream, **backend(Authority(upstream, None, algorithm), key))


def capability(**types: list[str]) -> dict[str, Any]:
    declared = [{"type": kind, "searchParam": [{"name": name} for name in names]} for kind, names in types.items()]
    return {"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1", "rest": [{"resource": declared}]}


def test_check_names_what_the_upstream_does_not_declare() -> None:
    with serving(payer()) as upstream:
        upstream.instead["/metadata"] = always(
            capability(Patient=["identifier"], ExplanationOfBenefit=["patient"], Coverage=[])
        )
        types = ("Patient", "ExplanationOfBenefit", "Coverage", "RelatedPerson")
        faults = source(upstream, types=types, parameters=("service-date",)).check()

    assert len(faults) == 3
    for part in ("RelatedPerson", "Coverage by beneficiary", "service-date"):
        assert any(part in fault for fault in faults)


def test_check_says_why_it_cannot_ask() -> None:
    with serving(payer()) as upstream:
        upstream.instead["/metadata"] = always(b"", 404)
        (missing,) = source(upstream).check()
        upstream.instead["/metadata"] = always({"resourceType": "CapabilityStatement", "fhirVersion": "3.0.2"})
        (old,) = source(upstream).check()
        upstream.instead["/metadata"] = always(b"", 401)
        (refused,) = source(upstream).check()

    assert "no CapabilityStatement" in missing
    assert "3.0.2" in old
    assert "401" in refused
    assert TOKEN not in missing + old + refused


def test_the_settings_on_the_page_are_accepted_as_they_stand() -> None:
    blocks = PAGE.read_text(encoding="utf-8").split("```toml\n")[1:]
    for block in blocks:
        (entry,) = tomllib.loads(block.split("```")[0])["claims"]
        reader = Reader(PAGE.parent, {"MCO_TOKEN": "token", "MCO_KEY": RSA})
        read = reader.read(plugin.settings, entry["fhir"], "claims.fhir")
        assert reader.faults == []
        assert list(read.faults()) == []


def test_every_key_stands_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for key in [*plugin.settings.__dataclass_fields__, *BackendServices.__dataclass_fields__]:
        assert f"`{key}`" in text, key
