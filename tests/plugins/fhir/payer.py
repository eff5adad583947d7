"""A payer's resources, small enough to read, and the source and resources over a server that serves them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from fhir_facade.access import sensitivity
from fhir_facade.access.sensitive_resources import resource_labels
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.settings import Secret
from fhir_facade.resources.page import Rendered, Viewer
from fhir_facade.resources.upstream import UpstreamResources
from fhir_facade.search.query import SearchQuery
from fhir_facade_claims_fhir import plugin
from fhir_facade_claims_fhir.settings import FhirSettings
from fhir_facade_claims_fhir.source import FhirSource
from tests.plugins.fhir.server import Json, Upstream

SYSTEM = "https://mco.example.org/member"
TOKEN = "the-payers-token"
VIEWER = Viewer(patient="mco-anna")
EOB = "ExplanationOfBenefit"


def patient(who: str) -> Json:
    return {
        "resourceType": "Patient",
        "id": who,
        "meta": {"versionId": "7", "lastUpdated": "2026-01-02T03:04:05Z"},
        "identifier": [{"system": SYSTEM, "value": f"number-{who}"}],
    }


def cover(who: str) -> Json:
    return {
        "resourceType": "Coverage",
        "id": f"cover-{who}",
        "status": "active",
        "beneficiary": {"reference": f"Patient/{who}"},
        "period": {"start": "2020-01-01"},
        "payor": [{"reference": "Organization/mco"}],
    }


def claim(number: int, who: str = "anna", **elements: Any) -> Json:
    day = date.fromordinal(date(2025, 1, 1).toordinal() + number).isoformat()
    return {
        "resourceType": EOB,
        "id": f"claim-{number:03}",
        "meta": {"lastUpdated": "2026-01-02T03:04:05Z"},
        "status": "active",
        "patient": {"reference": f"Patient/{who}"},
        "billablePeriod": {"start": day, "end": day},
        "provider": {"reference": "Practitioner/house"},
        "insurance": [{"focal": True, "coverage": {"reference": f"Coverage/cover-{who}"}}],
        "total": [{"amount": {"value": Decimal("100.10"), "currency": "USD"}}],
        **elements,
    }


def named(kind: str, identifier: str) -> Json:
    return {"resourceType": kind, "id": identifier, "meta": {"lastUpdated": "2026-01-02T03:04:05Z"}}


def payer(claims: int = 5) -> Upstream:
    people = [one for who in ("anna", "ben") for one in (patient(who), cover(who))]
    known = [named("Organization", "mco"), named("Organization", "other"), named("Practitioner", "house")]
    return Upstream([*people, *known, *(claim(n) for n in range(claims)), claim(900, "ben")])


def settings(upstream: Upstream, **changed: Any) -> FhirSettings:
    usual: dict[str, Any] = {
        "base": upstream.base,
        "token": Secret("env:TOKEN", TOKEN),
        "identifiers": {"medicaid-id": SYSTEM},
        "page_size": 2,
        "timeout_s": 2,
    }
    return FhirSettings(**usual | changed)


def source(upstream: Upstream, **changed: Any) -> FhirSource:
    opened = plugin.open(settings(upstream, **changed), SourceContext(name="mco", scratch=Path()))
    assert isinstance(opened, FhirSource)
    return opened


def resources(upstream: Upstream, seconds: float = 5, **changed: Any) -> UpstreamResources:
    labels = partial(resource_labels, sensitivity.load())
    return UpstreamResources("mco", source(upstream, **changed), labels, seconds)


def found(over: UpstreamResources, kind: str, viewer: Viewer = VIEWER, **query: Any) -> list[Rendered]:
    asked: Mapping[str, Any] = {"count": 100, **query}
    return list(over.search(viewer, SearchQuery(resource_type=kind, **asked)).matches)


def ids(rendered: list[Rendered]) -> list[str]:
    return [one.id for one in rendered]
