"""Another library's strict R4 model reads everything that the mapping writes, and writes the same again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from fhirclient.models.fhirabstractbase import FHIRValidationError

from tests.conformance.guides import GUIDES, Guide
from tests.conformance.sources import Basis, edges, synthetic

Json = dict[str, Any]


def model(resource: Json) -> Any:
    kind = resource["resourceType"]
    return getattr(import_module(f"fhirclient.models.{kind.lower()}"), kind)(resource, strict=True)


def emitted(guide: Guide) -> Iterator[Json]:
    for source in (Basis(edges()), synthetic(21, 1, most_claims=10)):
        for one in source.emit(guide):
            assert not one.rejection
            yield json.loads(one.body)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_a_strict_model_of_r4_reads_every_resource_and_writes_it_unchanged(guide: Guide) -> None:
    count = 0
    for resource in emitted(guide):
        readable = _with_values_for_absences(resource)
        assert model(readable).as_json() == readable
        count += 1
    assert count > 300


def _with_values_for_absences(value: Any) -> Any:
    """A text where an extension alone stands for one (``_family``), which the model does not know how to read."""
    if isinstance(value, list):
        return [_with_values_for_absences(each) for each in value]
    if not isinstance(value, dict):
        return value
    absent = {name[1:]: "absent" for name in value if name.startswith("_") and name[1:] not in value}
    return absent | {name: _with_values_for_absences(each) for name, each in value.items() if name[0] != "_"}


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("ExplanationOfBenefit", {"outcome": None}),
        ("ExplanationOfBenefit", {"billablePeriod": "2025"}),
        ("ExplanationOfBenefit", {"colour": "red"}),
        ("Coverage", {"beneficiary": None}),
        ("Patient", {"birthDate": 1958}),
        ("Organization", {"active": "yes"}),
    ],
)
def test_the_strict_model_refuses_what_is_broken(name: str, change: Json) -> None:
    resource = next(each for each in emitted(GUIDES[2]) if each["resourceType"] == name)
    broken = {key: value for key, value in (resource | change).items() if value is not None}
    with pytest.raises(FHIRValidationError):
        model(broken)
