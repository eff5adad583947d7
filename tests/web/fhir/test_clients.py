"""Unmodified clients that developers use search, follow pages and take included resources."""

from __future__ import annotations

import asyncio
import json
import subprocess
from pathlib import Path

import pytest

from tests.peers.fetched import beside_packages, from_npm
from tests.web.fhir.served import Served
from tests.web.fhir.world import World, listening

KIT = "fhir-kit-client@2.0.3"


@pytest.fixture(scope="module")
def live(served: Served):
    with listening(served.world.resources) as world:
        yield world


def expected(served: Served):
    return [each["id"] for each in served.matches("ExplanationOfBenefit?_count=100")]


def test_fhirpy_searches_includes_and_pages(live: World, served: Served):
    from fhirpy import AsyncFHIRClient

    async def read():
        client = AsyncFHIRClient(live.base, authorization=f"Bearer {served.rich}")
        search = client.resources("ExplanationOfBenefit").search(patient=served.rich, type="pharmacy").limit(3)
        found = await search.fetch_all()
        raw = (
            await client.resources("ExplanationOfBenefit")
            .limit(2)
            .include("ExplanationOfBenefit", "coverage")
            .fetch_raw()
        )
        count = await client.resources("ExplanationOfBenefit").count()
        return [each["id"] for each in found], {each.resource.resourceType for each in raw.entry}, count

    found, types, count = asyncio.run(read())
    assert found == [each["id"] for each in served.matches("ExplanationOfBenefit?type=pharmacy&_count=100")]
    assert types == {"ExplanationOfBenefit", "Coverage"}
    assert count == served.bundle("ExplanationOfBenefit?_count=0")["total"]


def test_fhirclient_searches_includes_and_pages(live: World, served: Served):
    from fhirclient import client
    from fhirclient.models.explanationofbenefit import ExplanationOfBenefit
    from fhirclient.models.patient import Patient

    smart = client.FHIRClient(settings={"app_id": "test", "api_base": live.base})
    smart.server.session.headers["Authorization"] = f"Bearer {served.rich}"
    assert Patient.read(served.rich, smart.server).id == served.rich
    search = ExplanationOfBenefit.where({"patient": served.rich, "_count": "7"}).include("insurer")
    found = list(search.perform_resources_iter(smart.server))
    claims = [each.id for each in found if each.resource_type == "ExplanationOfBenefit"]
    assert claims[:100] == expected(served)
    assert "Organization" in {each.resource_type for each in found}


@pytest.mark.peer("node")
def test_fhir_kit_client_searches_includes_and_pages(live: World, served: Served, tmp_path: Path):
    script = beside_packages(from_npm(KIT), Path(__file__).with_name("kit.mjs"))
    run = ["node", script, live.base, served.rich, served.rich]
    done = subprocess.run(run, check=True, capture_output=True, timeout=60)
    said = json.loads(done.stdout)
    assert said["version"] == "4.0.1"
    assert said["patient"] == served.rich
    assert said["claims"][:100] == expected(served)
    assert said["included"] == ["Coverage"]
    assert said["posted"] == 3
    assert said["coverages"] >= 1
    assert said["refused"] == 404
