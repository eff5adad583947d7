"""Resources in memory, searched by the matcher: small, and exact by definition."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from decimal import Decimal

from fhir_facade.fhir.encode import finish
from fhir_facade.resources.order import comparable, rank, sort_keys
from fhir_facade.resources.page import Freshness, Gone, Page, Position, Rendered
from fhir_facade.search.index import index
from fhir_facade.search.match import matches


class MemoryResources:
    """``Resources`` over plain dicts, each with the member it belongs to."""

    def __init__(self):
        self.rows = {}
        self.gone = set()

    def add(self, member, resource, labels=()):
        body, version = finish(resource)
        updated = int(datetime.fromisoformat(resource["meta"]["lastUpdated"]).timestamp() * 1_000_000)
        rendered = Rendered(resource["resourceType"], resource["id"], version, updated, frozenset(labels), body)
        start = resource.get("billablePeriod", {}).get("start")
        day = rank(date.fromisoformat(start) if start else None)
        self.rows[(member, rendered.type, rendered.id)] = (rendered, index(resource), day)

    def delete(self, member, resource_type, resource_id):
        del self.rows[(member, resource_type, resource_id)]
        self.gone.add((member, resource_type, resource_id))

    def read(self, viewer, resource_type, resource_id):
        key = (viewer.patient, resource_type, resource_id)
        if key in self.gone:
            return Gone(resource_type, resource_id)
        row = self.rows.get(key)
        return row[0] if row and not row[0].labels & viewer.withheld else None

    def read_many(self, viewer, references):
        found = (self.read(viewer, *reference.split("/")) for reference in dict.fromkeys(references))
        return [one for one in found if isinstance(one, Rendered)]

    def search(self, viewer, query, after=None, before=None):
        rows = [
            (Position(sort_keys(query.sort, values, day), rendered.id), rendered)
            for (member, kind, _), (rendered, values, day) in self.rows.items()
            if member == viewer.patient and kind == query.resource_type
            if not rendered.labels & viewer.withheld and matches(query, values)
        ]
        order = comparable(query.sort)
        rows.sort(key=lambda row: order(row[0]))
        total = len(rows) if query.total or query.count == 0 else None
        if query.count == 0:
            return Page((), total=total)
        if after is not None:
            rows = [row for row in rows if order(row[0]) > order(after)]
        elif before is not None:
            rows = [row for row in rows if order(row[0]) < order(before)]
            shown = rows[-query.count :]
            return self._page(shown, len(rows) > len(shown), True, total)
        return self._page(rows[: query.count], after is not None, len(rows) > query.count, total)

    @staticmethod
    def _page(shown, is_after, is_before, total):
        return Page(
            tuple(rendered for _, rendered in shown),
            next=shown[-1][0] if shown and is_before else None,
            previous=shown[0][0] if shown and is_after else None,
            total=total,
        )

    def match(self, evidence):
        return []

    def represented(self, representative):
        return []

    def freshness(self):
        return [
            Freshness(source="memory", data_through=datetime(2025, 6, 30, tzinfo=UTC), received=None, published=None)
        ]


def claim(claim_id, member, *, start="2024-02-01", kind="professional", **more):
    """A claim with everything the search parameters look at."""
    return {
        "resourceType": "ExplanationOfBenefit",
        "id": claim_id,
        "meta": {
            "lastUpdated": "2025-01-02T03:04:05.678+00:00",
            "profile": ["http://hl7.org/fhir/us/carin-bb/StructureDefinition/C4BB-ExplanationOfBenefit-Oral|2.2.0"],
        },
        "identifier": [{"system": "urn:payer:claims", "value": f"n-{claim_id}"}],
        "status": "active",
        "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/claim-type", "code": kind}]},
        "use": "claim",
        "patient": {"reference": f"Patient/{member}"},
        "billablePeriod": {"start": start, "end": start},
        "created": start,
        "insurer": {"reference": "Organization/payer"},
        "provider": {"reference": f"Practitioner/doctor-{member}"},
        "payee": {"party": {"reference": f"RelatedPerson/aunt-{member}"}},
        "careTeam": [{"sequence": 1, "provider": {"reference": f"Practitioner/doctor-{member}"}}],
        "insurance": [{"focal": True, "coverage": {"reference": f"Coverage/cover-{member}"}}],
        "item": [{"sequence": 1, "servicedDate": start}],
        "outcome": "complete",
        "total": [{"amount": {"value": Decimal("100.10"), "currency": "USD"}}],
        **more,
    }


META = {"lastUpdated": "2025-01-02T03:04:05.000+00:00"}


def member(store, name, claims=3, canary=""):
    """A member with claims, cover, a doctor, a representative and a payer; ``canary`` stands in every resource."""
    code = canary or name
    store.add(name, {"resourceType": "Patient", "id": name, "meta": dict(META), "name": [{"family": code}]})
    store.add(
        name,
        {
            "resourceType": "Coverage",
            "id": f"cover-{name}",
            "meta": dict(META),
            "status": "active",
            "subscriberId": code,
            "beneficiary": {"reference": f"Patient/{name}"},
            "payor": [{"reference": "Organization/payer"}],
        },
    )
    store.add(
        name,
        {
            "resourceType": "RelatedPerson",
            "id": f"aunt-{name}",
            "meta": dict(META),
            "patient": {"reference": f"Patient/{name}"},
            "name": [{"family": code}],
        },
    )
    doctor = {"resourceType": "Practitioner", "id": f"doctor-{name}", "meta": dict(META), "name": [{"family": code}]}
    store.add(name, doctor)
    store.add(name, {"resourceType": "Organization", "id": "payer", "meta": dict(META), "name": "Payer"})
    for number in range(claims):
        start = date.fromordinal(date(2024, 1, 1).toordinal() + number).isoformat()
        kind = ("professional", "pharmacy", "oral")[number % 3]
        store.add(name, claim(f"{name}-{number}", name, start=start, kind=kind, disposition=code))


def parsed(response):
    return json.loads(response.get_data())
