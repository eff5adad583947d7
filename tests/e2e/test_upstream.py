"""A facade in front of a facade: its own R4 server is the upstream, and a member sees the same claims through it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_facade.app.sources import resources_of
from fhir_facade.plugins import open_source
from fhir_facade.resources.page import Resources, Viewer
from fhir_facade.search.query import SearchQuery
from fhir_facade.settings import load
from tests.e2e.conftest import Sandbox, command
from tests.e2e.test_sandbox import config_of

CONFIG = """
[server]
environment = "sandbox"
[[claims]]
name = "mco"
adapter = "fhir"
mode = "live"
[claims.fhir]
base = "{base}"
token = {{ file = "token" }}
parameters = ["service-date", "_lastUpdated", "identifier"]
types = ["Patient", "Coverage", "ExplanationOfBenefit", "Organization", "Practitioner"]
page_size = 7
[claims.fhir.identifiers]
member-number = "{system}"
[identity]
provider = "sandbox"
"""
TYPES = ("Patient", "Coverage", "ExplanationOfBenefit", "Organization", "Practitioner")
"""What the demo app's token may read."""


@pytest.fixture(scope="module")
def token(sandbox: Sandbox) -> str:
    """A token of the sandbox's first member."""
    config = str(config_of(sandbox))
    who = sandbox.run("members", "--config", config, "--json")[0]["username"]
    done = command("token", "--config", config, "--member", who, "--app", "demo", state=sandbox.state)
    return done.stdout.strip()


def everything(sandbox: Sandbox, token: str, kind: str) -> list[dict[str, Any]]:
    """Every resource of a type, page by page, as the upstream shows it; numbers as written."""
    url, found = f"{sandbox.fhir}/{kind}?_count=50", []
    while url:
        answer = httpx.get(url, headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 200, answer.text
        bundle = json.loads(answer.content, parse_float=str)
        found += [entry["resource"] for entry in bundle.get("entry", [])]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    return found


@pytest.fixture(scope="module")
def patient(sandbox: Sandbox, token: str) -> dict[str, Any]:
    return everything(sandbox, token, "Patient")[0]


@pytest.fixture(scope="module")
def facade(sandbox: Sandbox, token: str, patient: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The config of a facade whose claims come from the sandbox."""
    folder = tmp_path_factory.mktemp("facade")
    system = patient["identifier"][0]["system"]
    (folder / "token").write_text(token, encoding="utf-8")
    (folder / "facade.toml").write_text(CONFIG.format(base=sandbox.fhir, system=system), encoding="utf-8")
    return folder / "facade.toml"


@pytest.fixture(scope="module")
def through(facade: Path) -> Resources:
    return resources_of(load(facade, {"FHIR_FACADE_STATE": str(facade.parent / "state")}))


def test_the_upstream_declares_all_that_is_asked_of_it(facade: Path) -> None:
    (entry,) = load(facade, {"FHIR_FACADE_STATE": str(facade.parent / "state")}).claims
    source = open_source(entry, facade.parent, facade.parent / "scratch")

    assert source.check() == []
    source.close()


def test_a_member_is_found_at_the_upstream(through: Resources, patient: dict[str, Any]) -> None:
    assert through.match({"member-number": patient["identifier"][0]["value"]}) == [f"Patient/mco-{patient['id']}"]


@pytest.mark.parametrize("kind", TYPES)
def test_a_member_sees_the_same_through_the_facade_digit_by_digit(
    through: Resources, sandbox: Sandbox, token: str, patient: dict[str, Any], kind: str
) -> None:
    viewer, seen = Viewer(patient=f"mco-{patient['id']}"), []
    page = through.search(viewer, SearchQuery(resource_type=kind, count=10))
    while True:
        seen += [one.body for one in page.matches]
        if page.next is None:
            break
        page = through.search(viewer, SearchQuery(resource_type=kind, count=10), after=page.next)

    there = everything(sandbox, token, kind)
    assert there
    assert [plain(body) for body in seen] == [unversioned(one) for one in there]


def plain(body: bytes) -> Any:
    """A resource without the name of the second source; numbers as written."""
    text = body.replace(b'"mco-sandbox-', b'"sandbox-').replace(b"/mco-sandbox-", b"/sandbox-")
    return unversioned(json.loads(text, parse_float=str))


def unversioned(resource: dict[str, Any]) -> dict[str, Any]:
    """A resource without its version: each server has its own."""
    meta = {name: value for name, value in resource["meta"].items() if name != "versionId"}
    return resource | {"meta": meta}
