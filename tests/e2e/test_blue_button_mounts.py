"""What CMS's Blue Button client libraries rely on beyond the token endpoint, on each of their mounts."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.e2e.conftest import Sandbox

MOUNTS = ("/v1", "/v2", "/v3")


def asked(sandbox: Sandbox, mount: str, path: str, tokens: Any, **headers: str) -> httpx.Response:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx.get(f"{sandbox.base}{mount}/fhir/{path}", headers=tokens.headers | sent, timeout=30)


@pytest.mark.kit("bluebutton 8")
@pytest.mark.parametrize("mount", MOUNTS)
def test_a_bundle_has_its_links_on_the_mount_that_was_asked(sandbox: Sandbox, standalone: Any, mount: str) -> None:
    bundle = asked(sandbox, mount, "ExplanationOfBenefit?_count=1", standalone[1]).json()
    assert (bundle["resourceType"], bundle["type"]) == ("Bundle", "searchset")
    links = {link["relation"]: link["url"] for link in bundle["link"]}
    assert "next" in links
    assert all(url.startswith(f"{sandbox.base}{mount}/fhir/") for url in links.values())


@pytest.mark.kit("bluebutton 9")
@pytest.mark.parametrize("mount", MOUNTS)
def test_of_a_repeated_count_the_last_one_counts_there_and_the_smallest_elsewhere(
    sandbox: Sandbox, standalone: Any, mount: str
) -> None:
    path = "ExplanationOfBenefit?_count=1&_count=2"
    assert len(asked(sandbox, mount, path, standalone[1]).json()["entry"]) == 2
    assert len(asked(sandbox, "", path, standalone[1]).json()["entry"]) == 1
    following = asked(sandbox, mount, "ExplanationOfBenefit?_count=1", standalone[1]).json()["link"]
    url = next(link["url"] for link in following if link["relation"] == "next")
    again = httpx.get(f"{url}&_count=1&_format=json&_format=json", headers=standalone[1].headers, timeout=30)
    assert again.status_code == 200


@pytest.mark.kit("bluebutton 6", "bluebutton 13")
@pytest.mark.parametrize("name", ["python", "node"])
def test_a_get_with_the_libraries_headers_is_answered(sandbox: Sandbox, standalone: Any, name: str) -> None:
    told = {
        "X_BLUEBUTTON_SDK": name,
        "X_BLUEBUTTON_SDK_VERSION": "1.0.12",
        "Content_Type": "multipart/form-data; boundary=x",
    }
    assert asked(sandbox, "/v2", "Patient", standalone[1], **told).status_code == 200


@pytest.mark.parametrize("mount", ["", *MOUNTS])
def test_each_mounts_statement_names_the_endpoints_of_its_own_discovery(sandbox: Sandbox, mount: str) -> None:
    told = httpx.get(f"{sandbox.base}{mount}/fhir/.well-known/smart-configuration", timeout=30).json()
    statement = httpx.get(f"{sandbox.base}{mount}/fhir/metadata", timeout=30).json()
    extension = statement["rest"][0]["security"]["extension"][0]["extension"]
    uris = {one["url"]: one["valueUri"] for one in extension}
    assert uris["authorize"] == told["authorization_endpoint"]
    assert uris["token"] == told["token_endpoint"]
    assert uris["revoke"] == told["revocation_endpoint"]
    assert statement["implementation"]["url"] == f"{sandbox.base}{mount}/fhir"
