"""Every record becomes a conformant resource or a named rejection; one that keeps the contract is never rejected."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from fhir.resources.R4B.explanationofbenefit import ExplanationOfBenefit
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fhir_facade.conformance.hostile import broken
from fhir_facade.conformance.strategies import around, claims
from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.contracts.records import Amounts, Claim
from fhir_facade.fhir.encode import finish
from fhir_facade.fhir.ids import facade_id
from fhir_facade.fhir.mapper import Mapped, Mapper, Rejection
from fhir_facade.fhir.mapping_table.sample_claims import EVERYTHING
from tests.fhir.published_rules import broken_rules, malformed

COUNT = 10_000 if os.environ.get("FHIR_FACADE_COUNTS") == "full" else 100
VERSIONS = ("2.0.0", "2.1.0", "2.2.0")
counted = settings(max_examples=COUNT, deadline=None, suppress_health_check=list(HealthCheck), database=None)


def mapped(claim: Claim, version: str) -> Mapped | Rejection:
    (found,) = [
        one
        for one in Mapper("src", version).resources(around(claim))
        if isinstance(one, Rejection) or one.type == "ExplanationOfBenefit"
    ]
    return found


def judge(found: Mapped, version: str) -> bytes:
    body, _ = finish(found.resource)
    assert broken_rules(found.resource, version) == []
    assert list(malformed(found.resource)) == []
    ExplanationOfBenefit.model_validate(json.loads(body))
    return body


@counted
@given(claim=claims(), version=st.sampled_from(VERSIONS))
def test_every_claim_inside_the_contract_becomes_conformant_with_its_money_digit_by_digit(
    claim: Claim, version: str
) -> None:
    found = mapped(claim, version)

    assert isinstance(found, Mapped), found
    eob = json.loads(judge(found, version), parse_float=str, parse_int=str)
    for line, item in zip(claim.lines, eob["item"], strict=True):
        shown = literals(item.get("adjudication", []))
        institutional = claim.kind in ("inpatient", "outpatient")
        assert shown == stated(line.amounts) or (institutional and not shown)
    if claim.totals:
        assert literals(eob["total"]) == stated(claim.totals)


def stated(amounts: Amounts) -> set[tuple[str, str]]:
    return {(kind.value, str(value)) for kind, value in amounts.items()}


def literals(adjudications: list[Any]) -> set[tuple[str, str]]:
    """Kind and digits of every amount of the guide's kinds, as they stand in the JSON text."""
    return {
        (coding["code"], one["amount"]["value"])
        for one in adjudications
        for coding in one["category"]["coding"]
        if "value" in one.get("amount", {}) and "payer.test" not in coding["system"]
    }


@counted
@given(claim=broken(claims()), version=st.sampled_from(VERSIONS))
def test_every_hostile_claim_becomes_conformant_or_a_named_rejection(claim: Claim, version: str) -> None:
    found = mapped(claim, version)

    if isinstance(found, Rejection):
        assert found.reason.startswith("claim")
        assert len(found.reason) > len("claim : ")
    else:
        judge(found, version)


def _hostile_people() -> Any:
    from fhir_facade.fhir.mapping_table import sample_people as full

    return st.sampled_from((full.MEMBER, full.COVER, full.PAYER, full.CLINIC_RECORD, full.SMITH, full.MOTHER)).flatmap(
        lambda record: broken(st.just(record))
    )


@counted
@given(record=_hostile_people(), version=st.sampled_from(VERSIONS))
def test_hostile_people_become_resources_or_named_rejections(record: Any, version: str) -> None:
    mapper = Mapper("src", version)
    single = {
        "Member": mapper.patient,
        "Coverage": mapper.coverage,
        "Organization": mapper.organization,
        "Practitioner": mapper.practitioner,
        "Representative": mapper.related_person,
    }[type(record).__name__]

    found = single(record)

    if isinstance(found, Mapped):
        finish(found.resource)
        assert list(malformed(found.resource)) == []
    else:
        assert found.reason


class Unprinted:
    """Records whose repr is short: Hypothesis warns of the long one."""

    def __init__(self, records: MemberRecords) -> None:
        self.records = records


@counted
@given(hidden=broken(st.just(EVERYTHING)).map(Unprinted), version=st.sampled_from(VERSIONS))
def test_a_hostile_member_with_everything_around_raises_nothing_and_leaves_no_reference_open(
    hidden: Unprinted, version: str
) -> None:
    records = hidden.records
    found = list(Mapper("src", version).resources(records))

    mapped = [one for one in found if isinstance(one, Mapped)]
    member_id = getattr(records.member, "member_id", "")
    there = {f"{one.type}/{one.id}" for one in mapped} | {f"Patient/{facade_id('src', str(member_id))}"}
    assert [name for one in mapped for name in references(one.resource) if name not in there] == []


def test_nobody_represents_a_member_whose_id_is_no_text() -> None:
    from dataclasses import replace

    records = replace(EVERYTHING, member=replace(EVERYTHING.member, member_id=None))  # type: ignore[arg-type]

    assert not [
        one for one in Mapper("src").resources(records) if isinstance(one, Mapped) and one.type == "RelatedPerson"
    ]


def references(value: Any) -> Iterator[str]:
    """Every relative reference in a resource, those to what it contains left out."""
    if isinstance(value, dict):
        target = value.get("reference")
        if isinstance(target, str) and not target.startswith("#"):
            yield target
        for item in value.values():
            yield from references(item)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def test_a_rejection_of_a_member_names_no_identifier() -> None:
    from dataclasses import replace

    from fhir_facade.fhir.mapping_table.sample_people import MEMBER

    found = Mapper("src").patient(replace(MEMBER, gender="?"))

    assert isinstance(found, Rejection)
    assert "m1" not in found.reason and "W-100" not in found.reason  # noqa: PT018 - one rule


@pytest.mark.parametrize("version", VERSIONS)
def test_the_same_claim_gives_the_same_bytes_and_version(version: str) -> None:
    from fhir_facade.fhir.mapping_table.sample_claims import OUTPATIENT

    one, two = (finish(Mapper("src", version).claim(OUTPATIENT).resource) for _ in range(2))  # type: ignore[union-attr]

    assert one == two
