"""What the FHIR endpoints answer over the edge cases: statement, resources, bundles, and every kind of refusal."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Flask

from fhir_facade.access.grant import Grant
from fhir_facade.access.scopes import Scopes
from fhir_facade.contracts.errors import ClaimsUnavailable
from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.mapper import Mapped, Mapper
from fhir_facade.oauth.bearer import BearerInvalid, BearerMissing
from fhir_facade.search.cursor import Cursors
from fhir_facade.web.capability import Publication
from fhir_facade.web.fhir import FhirService, fhir_blueprint
from fhir_facade.web.fhir_errors import answer_errors
from tests.conformance.edge_cases import edge_cases
from tests.conformance.guides import Guide
from tests.conformance.sources import Emitted, edges
from tests.web.fhir.memory import MemoryResources

logging.getLogger("fhir_facade.web.errors").addHandler(logging.NullHandler())  # failures here are on purpose

BASE = "https://claims.example.gov/fhir"
PATIENT = "src-m-1"
REQUESTS = (
    "metadata",
    "metadata?_summary=true",
    f"Patient/{PATIENT}",
    "ExplanationOfBenefit/src-in-everything",
    "ExplanationOfBenefit/src-in-everything?_pretty=true",
    "ExplanationOfBenefit?_count=50",
    "ExplanationOfBenefit?_count=5&_include=ExplanationOfBenefit:*",
    "ExplanationOfBenefit?_count=0",
    "ExplanationOfBenefit?_count=3&_total=accurate&_sort=-service-date",
    "ExplanationOfBenefit?_summary=count",
    "ExplanationOfBenefit?type=pharmacy&_include=ExplanationOfBenefit:provider",
    "ExplanationOfBenefit?service-date=ge2030",
    "Coverage?_include=Coverage:payor",
    f"Patient?_id={PATIENT}&_revinclude=ExplanationOfBenefit:patient",
    f"Patient/{PATIENT}/$everything",
    f"Patient/{PATIENT}/Coverage",
    "Patient?_id=somebody-else",
    # What follows is refused, or answered with a warning.
    "ExplanationOfBenefit?colour=red",
    "ExplanationOfBenefit?service-date=yesterday",
    "ExplanationOfBenefit?_count=many",
    "ExplanationOfBenefit?_include=Moon:phase",
    "ExplanationOfBenefit?_cursor=forged",
    "ExplanationOfBenefit/of-nobody",
    "ExplanationOfBenefit/src-in-plain/_history/000000000000",
    "ExplanationOfBenefit/not~an~id",
    "Observation",
    "nowhere/at/all",
)
"""Paths asked for with a good token."""


XML = (
    "metadata?_format=xml",
    "Patient/src-m-1?_format=xml",
    "ExplanationOfBenefit?_count=50&_include=ExplanationOfBenefit:*&_format=xml",
    "ExplanationOfBenefit/of-nobody?_format=xml",
)
"""Paths asked for in XML."""


class Failing(MemoryResources):
    """Resources whose source is down for one search, and at fault for another."""

    def search(self, viewer: Any, query: Any, after: Any = None, before: Any = None) -> Any:
        """As in memory, but no Coverage can be had."""
        if query.resource_type == "Coverage":
            raise ClaimsUnavailable("the test turned it off")
        if query.resource_type == "Organization":
            raise RuntimeError("a fault of the program")
        return super().search(viewer, query, after, before)


@dataclass(frozen=True)
class Answers:
    """The endpoints as a source of resources."""

    name: str = "answers"
    rejected: tuple[str, ...] = ()

    def emit(self, guide: Guide) -> Iterator[Emitted]:
        """The edge cases, which references name, and every answer."""
        yield from edges().emit(guide)
        for number, (request, body) in enumerate(_answers(guide)):
            one_line = body.replace(b"\n", b" ") if request in XML else encode(_numbered(json.loads(body), number))
            yield Emitted(f"answers:{number} {request}", one_line)


def _numbered(resource: dict[str, Any], number: int) -> dict[str, Any]:
    """The answer under an id of its own, so that it stands for no resource that references name."""
    if resource["resourceType"] in ("OperationOutcome", "CapabilityStatement", "Bundle"):
        return resource
    return resource | {"id": f"{resource['id'][:40]}-{number}"}


def _answers(guide: Guide) -> Iterator[tuple[str, bytes]]:
    good = {"Authorization": "Bearer good"}
    client = _application(guide, MemoryResources()).test_client()
    for request in (*REQUESTS, *XML):
        yield request, client.get(f"/fhir/{request}", headers=good).get_data()
    path = "/fhir/ExplanationOfBenefit"
    yield "no token", client.get(path).get_data()
    yield "bad token", client.get(path, headers={"Authorization": "Bearer bad"}).get_data()
    yield "no scope", client.get(path, headers={"Authorization": "Bearer narrow"}).get_data()
    yield "strict", client.get(f"{path}?colour=red", headers=good | {"Prefer": "handling=strict"}).get_data()
    yield "format", client.get(path, headers=good | {"Accept": "image/png"}).get_data()
    yield "method", client.put(f"{path}/1", headers=good).get_data()
    yield "media type", client.post(f"{path}/_search", headers=good, data=b"{}", content_type="text/csv").get_data()
    broken = _application(guide, Failing()).test_client()
    yield "source down", broken.get("/fhir/Coverage", headers=good).get_data()
    yield "fault", broken.get("/fhir/Organization", headers=good).get_data()


def _application(guide: Guide, resources: MemoryResources) -> Flask:
    mapper = Mapper("src", guide.carin, guide.pins)
    for records in edge_cases():
        for mapped in mapper.resources(records):
            if isinstance(mapped, Mapped):
                resources.add(PATIENT if records.claims else mapper.id(records.member.member_id), mapped.resource)
    service = FhirService(
        resources=resources,
        authenticate=_authenticate,
        publication=Publication(
            base=BASE, carin=guide.carin, publisher="Example Plan", version="1.2.3", oauth_uris=_URIS
        ),
        cursors=Cursors(b"s" * 32),
        audit=lambda access: None,
        allowed_origin=lambda origin: False,
        source="src",
    )
    app = Flask(__name__)
    app.register_blueprint(fhir_blueprint(service))
    answer_errors(app, (service.mount,))
    return app


_URIS = {name: f"https://claims.example.gov/oauth/{name}" for name in ("authorize", "token", "revoke", "introspect")}


def _authenticate(header: str | None) -> Grant:
    if header is None:
        raise BearerMissing
    name = header.removeprefix("Bearer ")
    if name == "bad":
        raise BearerInvalid("The access token is unknown.")
    return Grant(
        grant_id="grant",
        token_id="token",
        app_id="app",
        app_name="Test app",
        patient=PATIENT,
        user=f"Patient/{PATIENT}",
        scopes=Scopes.parse("patient/Patient.rs" if name == "narrow" else "patient/*.rs"),
        withheld=frozenset(),
        until=datetime(2030, 1, 1, tzinfo=UTC),
    )
