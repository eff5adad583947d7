"""A walker reads the CapabilityStatement and calls everything it declares; nothing undeclared answers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

import pytest

from fhir_facade.search.registry import REGISTRY, Kind
from tests.web.fhir.memory import parsed
from tests.web.fhir.served import Served, entries


def statement(served: Served) -> dict[str, Any]:
    response = served.world.get("metadata", token="")
    assert response.status_code == 200
    return parsed(response)


def declared(served: Served):
    return statement(served)["rest"][0]["resource"]


def first(served: Served, kind: str) -> dict[str, Any]:
    found = served.matches(f"{kind}?_count=1")
    assert found, f"the member should have a {kind}"
    return found[0]


def test_every_declared_interaction_behaves(served):
    for resource in declared(served):
        kind = resource["type"]
        assert [each["code"] for each in resource["interaction"]] == ["read", "vread", "search-type"]
        one = first(served, kind)
        path = f"{kind}/{one['id']}"
        assert parsed(served.get(path)) == one
        assert parsed(served.get(f"{path}/_history/{one['meta']['versionId']}")) == one
        assert [each["id"] for each in entries(parsed(served.post(f"{kind}/_search", "_count=1")))] == [one["id"]]
        assert served.get(path, If_None_Match=f'W/"{one["meta"]["versionId"]}"').status_code == 304


def value_for(served: Served, kind: str, parameter) -> str:
    """A value that some resource of the member has, taken from what the index sees."""
    from fhir_facade.search.index import index

    for one in served.matches(f"{kind}?_count=100"):
        for found in index(one).get(parameter.name, ()):
            if parameter.kind is Kind.TOKEN and hasattr(found, "code"):
                return f"{found.system}|{found.code}" if found.system else found.code
            if parameter.kind is Kind.REFERENCE and hasattr(found, "reference"):
                return found.reference
            if parameter.kind is Kind.DATE:
                return "2024" if parameter.name != "_lastUpdated" else one["meta"]["lastUpdated"]
            if parameter.kind in (Kind.STRING, Kind.URI):
                return found.text
    return "2024" if parameter.kind is Kind.DATE else "none"


def test_every_declared_parameter_behaves_with_every_modifier_and_prefix(served):
    for resource in declared(served):
        kind = resource["type"]
        everything = served.bundle(f"{kind}?_count=0")["total"]
        for name in (each["name"] for each in resource["searchParam"]):
            parameter = REGISTRY[kind].parameters[name]
            value = quote(value_for(served, kind, parameter).replace(",", "\\,"))
            if value != "none":
                found = served.bundle(f"{kind}?{name}={value}&_total=accurate&_count=1")
                assert found["total"] >= (0 if parameter.kind is Kind.DATE else 1), (kind, name, value)
                assert name in found["link"][0]["url"]
            missing = [
                served.bundle(f"{kind}?{name}:missing={answer}&_count=0")["total"] for answer in ("true", "false")
            ]
            assert sum(missing) == everything, (kind, name)
            for prefix in parameter.prefixes:
                assert served.get(f"{kind}?{name}={prefix}2024-02-01").status_code == 200
            for modifier in parameter.modifiers:
                written = "false" if modifier == "missing" else value
                assert served.get(f"{kind}?{name}:{modifier}={written}").status_code == 200, (kind, name, modifier)


def test_every_declared_include_behaves(served):
    for resource in declared(served):
        kind = resource["type"]
        for include in resource.get("searchInclude", ()):
            bundle = served.bundle(f"{kind}?_count=20&_include={include}")
            references = set(re.findall(r'"reference":\s*"([A-Za-z]+/[^"]+)"', str(bundle).replace("'", '"')))
            for one in entries(bundle, "include"):
                assert f"{one['resourceType']}/{one['id']}" in references, include
            assert served.get(f"{kind}?_include:iterate={include}").status_code == 200
        for include in resource.get("searchRevInclude", ()):
            bundle = served.bundle(f"{kind}?_revinclude={include}")
            assert entries(bundle, "include"), include


def test_every_declared_operation_behaves(served):
    for resource in declared(served):
        for operation in resource.get("operation", ()):
            path = f"{resource['type']}/{first(served, resource['type'])['id']}/${operation['name']}"
            assert served.matches(path)


def test_every_sort_key_behaves(served):
    for kind, declared_type in REGISTRY.items():
        for key in declared_type.sorts:
            up = [one["id"] for one in served.matches(f"{kind}?_sort={key}&_count=100")]
            down = [one["id"] for one in served.matches(f"{kind}?_sort=-{key}&_count=100")]
            assert len(up) == len(down) == len(set(up))


def test_every_route_is_declared(served):
    """Nothing answers under the base that the statement does not name."""
    kinds = {resource["type"] for resource in declared(served)}
    operations = {"$" + each["name"] for resource in declared(served) for each in resource.get("operation", ())}
    allowed = {"metadata", "_search", "_history", *kinds, *operations}
    for rule in served.world.app.url_map.iter_rules():
        words = [word for word in rule.rule.split("/") if word and not word.startswith("<")]
        if words[0] == "fhir":
            assert set(words[1:]) <= allowed, rule.rule


UNDECLARED = [
    ("Observation", 404),
    ("Claim", 404),
    ("ExplanationOfBenefit/$validate", 404),
    ("Patient/{id}/_history", 404),
    ("Patient/{id}/Observation", 404),
    ("ExplanationOfBenefit?patient.name=x", 400),
    ("ExplanationOfBenefit?_has:Claim:x:y=1", 400),
    ("ExplanationOfBenefit?_include=ExplanationOfBenefit:facility", 400),
    ("ExplanationOfBenefit?_revinclude=Provenance:target", 400),
    ("ExplanationOfBenefit?type:text=x", 400),
]


@pytest.mark.parametrize(("path", "status"), UNDECLARED)
def test_what_is_not_declared_does_not_answer(served, path, status):
    assert served.get(path.format(id=served.rich)).status_code == status


@pytest.mark.parametrize("name", ["facility", "disposition", "care-team-x", "_source", "_security", "-service-date"])
def test_parameters_that_are_not_declared_are_said_to_be_left_out(served, name):
    bundle = served.bundle(f"ExplanationOfBenefit?{name}=x&_count=1")
    assert name in str(entries(bundle, "outcome"))
    assert name not in bundle["link"][0]["url"]
