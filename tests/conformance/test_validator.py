"""The validator accepts what the facade emits, and refuses what is broken: the check itself can fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.conformance.answers import Answers
from tests.conformance.guides import GUIDES, Guide, missing_packages
from tests.conformance.judge import Tally
from tests.conformance.sources import Basis, Examples, Source, edges, rif, synthetic
from tests.conformance.validator import Validator

pytestmark = pytest.mark.peer("java")

Json = dict[str, Any]


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    if missing := missing_packages():
        pytest.skip(f"FHIR packages are missing: {', '.join(missing)}; name their folder in FHIR_PACKAGES")
    with Validator() as running:
        yield running


def faults(validator: Validator, source: Source, guide: Guide) -> dict[str, str]:
    tally = Tally()
    emitted = list(source.emit(guide))
    assert [one.rejection for one in emitted if one.rejection] == []
    tally.add(validator.validate((guide.name, one.name, one.body) for one in emitted))
    assert tally.resources[guide.name] == len(emitted)
    return tally.faults


@pytest.fixture(params=GUIDES, ids=lambda guide: guide.name)
def guide(request: pytest.FixtureRequest) -> Guide:
    chosen: Guide = request.param
    return chosen


def test_every_edge_case_is_conformant_in_every_version(validator: Validator, guide: Guide) -> None:
    assert faults(validator, Basis(edges()), guide) == {}


def test_every_answer_of_the_endpoints_is_valid(validator: Validator, guide: Guide) -> None:
    assert faults(validator, Answers(), guide) == {}


def test_the_named_members_of_the_sandbox_are_conformant(validator: Validator, guide: Guide) -> None:
    assert faults(validator, synthetic(21, 1, most_claims=3), guide) == {}


def test_real_claims_files_become_conformant_resources(validator: Validator, guide: Guide, shared: object) -> None:
    assert faults(validator, rif("sample-a"), guide) == {}


def test_the_guides_own_examples_have_no_error_but_an_unknown_entity_in_their_narrative(
    validator: Validator, guide: Guide
) -> None:
    wrong = [what for what in faults(validator, Examples(), guide) if " error " in what]
    assert all("Invalid entity in the XHTML ('&reg;')" in what for what in wrong)


def _without(*path: str) -> Callable[[Json], None]:
    def change(resource: Json) -> None:
        for step in path[:-1]:
            resource = resource[step]
            resource = resource[0] if isinstance(resource, list) else resource
        del resource[path[-1]]

    return change


def _set(value: Any, *path: str) -> Callable[[Json], None]:
    def change(resource: Json) -> None:
        for step in path[:-1]:
            resource = resource[step]
            resource = resource[0] if isinstance(resource, list) else resource
        resource[path[-1]] = value

    return change


def _amounts_at_the_header_too(resource: Json) -> None:
    resource.setdefault("adjudication", []).append(resource["item"][0]["adjudication"][0])


BREAKS: dict[str, tuple[str, Callable[[Json], None]]] = {
    "no insurer": ("ExplanationOfBenefit/src-pro-plain", _without("insurer")),
    "no outcome": ("ExplanationOfBenefit/src-rx-plain", _without("outcome")),
    "no total": ("ExplanationOfBenefit/src-oral-plain", _without("total")),
    "type of another kind": ("ExplanationOfBenefit/src-rx-plain", _set("oral", "type", "coding", "code")),
    "status that R4 has not": ("ExplanationOfBenefit/src-in-plain", _set("paid", "status")),
    "money as text": ("ExplanationOfBenefit/src-pro-plain", _set("12.00", "total", "amount", "value")),
    "day that is none": ("ExplanationOfBenefit/src-pro-plain", _set("2025-02-30", "billablePeriod", "start")),
    "amounts twice": ("ExplanationOfBenefit/src-in-plain", _amounts_at_the_header_too),
    "no revenue code": ("ExplanationOfBenefit/src-in-plain", _without("item", "revenue")),
    "reference to nobody": (
        "ExplanationOfBenefit/src-pro-plain",
        _set("Patient/nobody", "patient", "reference"),
    ),
    "insurer that is a person": (
        "ExplanationOfBenefit/src-pro-plain",
        _set("Practitioner/src-doctor", "insurer", "reference"),
    ),
    "element that R4 has not": ("Coverage/src-cov-1", _set("x", "colour")),
    "no subscriber id": ("Coverage/src-cov-1", _without("subscriberId")),
    "gender that R4 has not": ("Patient/src-m-1", _set("x", "gender")),
    "no name": ("Patient/src-m-1", _without("name")),
    "organization without a name": ("Organization/src-payer", _without("name")),
    "practitioner without identifiers": ("Practitioner/src-doctor", _without("identifier")),
    "representative of nobody": ("RelatedPerson/src-parent", _without("patient")),
}


def _broken() -> Iterator[tuple[str, str, Callable[[Json], None]]]:
    for number, (what, (name, change)) in enumerate(BREAKS.items()):
        yield what, f"{name}-broken-{number}", change


def test_each_broken_resource_is_refused_in_every_version(validator: Validator, guide: Guide) -> None:
    batch = {one.name.removeprefix("edge:"): one.body for one in edges().emit(guide)}
    for _, name, change in _broken():
        resource = json.loads(batch[name.split("-broken-")[0]])
        change(resource)
        batch[name] = json.dumps(resource | {"id": name.split("/")[1]}).encode()
    verdicts = validator.validate((guide.name, name, body) for name, body in batch.items())
    refused = {
        verdict.name for verdict in verdicts if any(issue.severity in ("error", "fatal") for issue in verdict.issues)
    }
    assert refused == {name for _, name, _ in _broken()}


def test_an_attending_organization_is_refused_where_the_rule_works(validator: Validator, guide: Guide) -> None:
    if guide.carin == "2.0.0":
        pytest.skip("2.0.0's own expression of the rule cannot fail")
    whole = {one.name.removeprefix("edge:"): one.body for one in edges().emit(guide)}
    resource = json.loads(whole["ExplanationOfBenefit/src-in-everything"])
    attending = next(each for each in resource["careTeam"] if each["role"]["coding"][0]["code"] == "attending")
    attending["provider"]["reference"] = "Organization/src-hospital"
    batch = whole | {"broken": json.dumps(resource).encode()}
    tally = Tally()
    tally.add(v for v in validator.validate((guide.name, *each) for each in batch.items()) if v.name == "broken")
    assert any("careTeam-practitioner" in fault for fault in tally.faults)
