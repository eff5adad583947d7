"""The CapabilityStatement and the OpenAPI document."""

from __future__ import annotations

from pathlib import Path

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from fhir_facade.search.registry import REGISTRY, RESULT_PARAMETERS
from tests.web.fhir.memory import parsed
from tests.web.fhir.world import BASE, OAUTH_URIS, World

PROJECT = Path(__file__).resolve().parents[3]


def statement(world):
    return parsed(world.get("metadata", token=""))


def test_the_statement_is_valid_and_needs_no_token(world):
    response = world.get("metadata", token="")
    assert response.status_code == 200
    CapabilityStatement.model_validate(parsed(response))


def test_a_bad_token_does_not_keep_anybody_from_the_statement(world):
    assert world.get("metadata", token="garbage").status_code == 200


def test_the_statement_says_what_test_kits_look_for(world):
    said = statement(world)
    assert said["fhirVersion"] == "4.0.1"
    assert said["instantiates"] == ["http://hl7.org/fhir/us/carin-bb/CapabilityStatement/c4bb"]
    assert {"json", "application/fhir+json"} <= set(said["format"])
    assert said["implementation"]["url"] == BASE
    security = said["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    uris = {each["url"]: each["valueUri"] for each in security["extension"][0]["extension"]}
    assert uris == OAUTH_URIS


def test_the_statement_names_the_configured_profiles(world):
    profiles = {p for resource in statement(world)["rest"][0]["resource"] for p in resource.get("supportedProfile", [])}
    assert "http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-Patient|2.2.0" in profiles
    assert len(profiles) == 10


def test_the_statement_says_how_fresh_the_data_are(world):
    assert "Source memory: data through 2025-06-30" in statement(world)["rest"][0]["documentation"]


def test_the_tag_of_the_statement_is_the_same_in_every_process(world):
    first = world.get("metadata", token="").headers["ETag"]
    again = World(world.resources).get("metadata", token="")
    assert again.headers["ETag"] == first
    assert World(world.resources, strict=True).get("metadata", token="").headers["ETag"] != first
    assert world.get("metadata", token="", If_None_Match=first).status_code == 304


def test_the_statement_can_be_asked_for_in_parts(world):
    short = world.get("metadata?_elements=format", token="")
    assert "rest" not in parsed(short)
    assert parsed(short)["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert short.headers["ETag"] != world.get("metadata", token="").headers["ETag"]
    assert world.get("metadata?_summary=count", token="").status_code == 400


def test_the_statement_lists_every_parameter_and_no_result_parameter(world):
    for resource in statement(world)["rest"][0]["resource"]:
        names = [each["name"] for each in resource["searchParam"]]
        assert names == list(REGISTRY[resource["type"]].parameters)
        assert not set(names) & set(RESULT_PARAMETERS)


@pytest.fixture
def described(world):
    return world.app


def test_the_openapi_document_describes_every_route(described):
    document = described.test_client().get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    rules = {
        rule.rule.replace("<name:", "{").replace("<", "{").replace(">", "}") for rule in described.url_map.iter_rules()
    }
    assert set(document["paths"]) == {rule for rule in rules if rule.startswith("/fhir/")}
    names = {each["name"] for each in document["paths"]["/fhir/ExplanationOfBenefit"]["get"]["parameters"]}
    assert set(REGISTRY["ExplanationOfBenefit"].parameters) <= names


def test_errors_keep_their_headers_beside_flask_smorest(described):
    client = described.test_client()
    assert client.get("/fhir/Patient").headers["WWW-Authenticate"].startswith("Bearer")
    assert "GET" in client.delete("/fhir/Patient").headers["Allow"]
    assert client.get("/nothing").status_code == 404


def test_the_api_page_loads_everything_from_here(described):
    client = described.test_client()
    page = client.get("/api-docs")
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    assert "http" not in page.get_data(as_text=True)
    for name in ("swagger-ui.css", "swagger-ui-bundle.js", "init.js", "LICENSE.txt"):
        assert client.get(f"/api-docs/{name}").status_code == 200
    assert client.get("/api-docs/..%2f..%2ffhir.py").status_code == 404


def test_every_parameter_is_documented():
    text = " ".join((PROJECT / "docs" / "fhir-api.md").read_text(encoding="utf-8").replace("\\|", "|").split())
    undocumented = [
        f"{kind}?{name}"
        for kind, declared in REGISTRY.items()
        for name, parameter in declared.parameters.items()
        if parameter.doc not in text or f"`{name}`" not in text
    ]
    undocumented += [name for name in RESULT_PARAMETERS if f"`{name}`" not in text]
    assert undocumented == []
