"""The Postman collection holds every request of the API, and each of them works when newman runs it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_facade.web.postman import FILE
from tests.e2e.conftest import Sandbox
from tests.e2e.guide_pages import steps_of, typed
from tests.e2e.test_guides import app_of, token


@pytest.fixture(scope="module")
def collection(sandbox: Sandbox) -> dict[str, Any]:
    answer = httpx.get(f"{sandbox.base}/samples/{FILE}")
    assert answer.headers["content-disposition"] == f'attachment; filename="{FILE}"'
    found: dict[str, Any] = answer.json()
    return found


def test_every_operation_of_the_api_is_in_the_collection(sandbox: Sandbox, collection: dict[str, Any]) -> None:
    paths = httpx.get(f"{sandbox.base}/openapi.json").json()["paths"]
    operations = sum(method in ("get", "post") for methods in paths.values() for method in methods)
    requests = [request for folder in collection["item"] for request in folder["item"]]
    assert len(requests) == operations > 30


def test_every_documented_search_parameter_is_there_to_switch_on(sandbox: Sandbox, collection: dict[str, Any]) -> None:
    folder = next(folder for folder in collection["item"] if folder["name"] == "ExplanationOfBenefit")
    search = next(item for item in folder["item"] if item["name"] == "Search ExplanationOfBenefit")
    keys = {one["key"] for one in search["request"]["url"]["query"]}
    assert {"service-date", "_lastUpdated", "type", "_count"} <= keys


@pytest.mark.figure(of="Postman")
@pytest.mark.peer("node")
def test_the_command_of_the_guide_runs_every_request(
    sandbox: Sandbox, collection: dict[str, Any], tmp_path: Path, figure: Callable[[str], None]
) -> None:
    """As it stands on the page; with a token of an app that may read who looked, too."""
    scope = "launch/patient patient/*.rs patient/AuditEvent.rs"
    command = steps_of(sandbox.base, "samples", "en")[-1].command
    printed = typed(command, tmp_path, TOKEN=token(sandbox, "ingrid", scope, app_of(sandbox, scope)))
    requests = sum(len(folder["item"]) for folder in collection["item"])
    assert totals(printed) == {"requests": (requests, 0), "assertions": (requests, 0)}
    assert set(re.findall(r"\[(\d{3}) ", printed)) == {"200"}
    figure(f"{requests} requests of the Postman collection, all answered")


@pytest.mark.peer("node")
def test_a_member_without_claims_leaves_nothing_failed(sandbox: Sandbox, tmp_path: Path) -> None:
    command = steps_of(sandbox.base, "samples", "es")[-1].command
    printed = typed(command, tmp_path, TOKEN=token(sandbox, "nora"))
    assert [failed for _, failed in totals(printed).values()] == [0, 0]


def totals(printed: str) -> dict[str, tuple[int, int]]:
    """What newman's table says: how many were executed, how many failed."""
    rows = re.findall(r"│\s+(requests|assertions)\s+│\s+(\d+)\s+│\s+(\d+)", printed)
    return {name: (int(executed), int(failed)) for name, executed, failed in rows}
