"""Medical and pharmacy claims of two sources are one record of a member, found by an identifier that both carry."""

from __future__ import annotations

import json
from pathlib import Path

from fhir_facade.app import create_app, migrate_databases
from fhir_facade.app.parts import open_parts
from fhir_facade.app.sandbox import ensure_demo_app
from fhir_facade.app.sources import resources_of
from fhir_facade.app.syncing import sync_source
from fhir_facade.contracts.sections import Settings
from fhir_facade.oauth.registry import mint_token
from fhir_facade.resources.page import Viewer
from fhir_facade.search.query import SearchQuery
from fhir_facade.settings import load
from fhir_facade.store.grants import Grants
from tests.small import SMALL, SOURCE

APART = SMALL + SOURCE.format(name="pharmacy")
TOGETHER = APART.replace('provider = "sandbox"', 'provider = "sandbox"\ncrosswalk = "medicaid-id"')


def synced(tmp_path: Path, config: str = TOGETHER) -> Settings:
    path = tmp_path / "facade.toml"
    path.write_text(config, encoding="utf-8")
    settings = load(path, {"FHIR_FACADE_STATE": str(tmp_path / "state")})
    migrate_databases(settings)
    for source in settings.claims:
        assert sync_source(settings, source.name).rejected == 0
    return settings


def test_one_person_in_two_sources_is_one_patient_with_all_claims(tmp_path: Path) -> None:
    resources = resources_of(synced(tmp_path))
    from fhir_facade.contracts.plugin import SourceContext
    from fhir_facade_claims_synthetic import plugin

    source = plugin.open(plugin.settings(members=21), SourceContext(name="medical", scratch=tmp_path))
    evidence = source.named_members()[0].evidence

    found = list(resources.match(evidence))

    assert len(found) == 1
    viewer = Viewer(patient=found[0].removeprefix("Patient/"))
    page = resources.search(viewer, SearchQuery(resource_type="ExplanationOfBenefit", count=100))
    claims = [json.loads(one.body) for one in page.matches]
    assert {claim["id"].partition("-")[0] for claim in claims} == {"medical", "pharmacy"}
    assert {claim["patient"]["reference"] for claim in claims} == {found[0]}
    starts = [claim["billablePeriod"]["start"] for claim in claims]
    assert starts == sorted(starts, reverse=True)


def test_a_crosswalk_that_is_chosen_later_needs_no_new_replica_and_ends_what_led_to_the_old_ids(tmp_path: Path) -> None:
    before = synced(tmp_path, APART)
    parts = open_parts(before)
    evidence = parts.named[0].evidence
    apart = [one.removeprefix("Patient/") for one in resources_of(before).match(evidence)]
    token = mint_token(parts.server, ensure_demo_app(parts), patient=apart[0], scopes="patient/*.rs")

    after = synced(tmp_path)

    (together,) = resources_of(after).match(evidence)
    viewer = Viewer(patient=together.removeprefix("Patient/"))
    page = resources_of(after).search(viewer, SearchQuery(resource_type="ExplanationOfBenefit", count=100))
    assert len(apart) == 2
    assert {one.id.partition("-")[0] for one in page.matches} == {"medical", "pharmacy"}
    assert {json.loads(one.body)["patient"]["reference"] for one in page.matches} == {together}
    with parts.store.read() as connection:
        assert list(Grants(connection).good(parts.server.clock(), patient=apart[0])) == []
    answer = create_app(after).test_client().get("/fhir/Patient", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
