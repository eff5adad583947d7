"""What an error answer must hold, whatever the error."""

from __future__ import annotations

import json

from tests.web.fhir.memory import parsed


def issue(response, status):
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"].startswith("application/fhir+json")
    body = parsed(response)
    assert body["resourceType"] == "OperationOutcome"
    assert response.headers["X-Request-Id"] in json.dumps(body)
    return body["issue"][0]
