"""schemathesis over the OpenAPI document: what it describes is what happens."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.conftest import FULL
from tests.web.fhir.memory import MemoryResources, member
from tests.web.fhir.world import World


def described():
    resources = MemoryResources()
    member(resources, "alice", claims=4)
    member(resources, "bob", claims=2)
    return World(resources, known={"alice"})


WORLD = described()
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", WORLD.app)
for path in SCHEMA.raw_schema["paths"].values():  # the tool reads JSON alone
    for operation in path.values():
        if isinstance(operation, dict):
            operation["parameters"] = [each for each in operation.get("parameters", ()) if each["name"] != "_format"]
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["schema"]["properties"].pop("_format")


@SCHEMA.auth()
class Token:
    def get(self, case, context):
        return "alice"

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


LEFT_OUT = [
    positive_data_acceptance,  # R4's grammar of values says more than a schema can
]


@pytest.mark.filterwarnings("ignore")  # the tool's own warnings on what it cannot generate
@SCHEMA.parametrize()
@settings(
    max_examples=60 if FULL else 4,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
    derandomize=True,
)
def test_every_described_operation_answers_as_described(case):
    response = case.call(headers={"Accept": "application/fhir+json", "Accept-Encoding": "identity"})
    assert response.status_code < 500
    if response.status_code >= 400:
        assert response.json()["resourceType"] == "OperationOutcome"
    case.validate_response(response, excluded_checks=LEFT_OUT)
