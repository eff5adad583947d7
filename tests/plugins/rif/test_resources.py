"""Every claim of CMS's synthetic files becomes a resource that independent R4 models accept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.mapper import Mapped, Mapper
from tests.plugins.rif.extract import changes


@pytest.mark.parametrize("version", ["2.0.0", "2.1.0", "2.2.0"])
def test_no_record_of_cms_synthetic_files_is_rejected_by_the_mapping(shared: Path, version: str) -> None:
    told = [change for change in changes(shared / "data/rif/synthea") if isinstance(change, MemberRecords)]
    found = [one for records in told for one in Mapper("rif", version, False).resources(records)]  # type: ignore[arg-type]
    assert [one for one in found if not isinstance(one, Mapped)] == []
    kinds = Counter(one.type for one in found)
    assert (kinds["Patient"], kinds["ExplanationOfBenefit"]) == (3, 107)


def test_fhir_resources_models_accept_every_resource(shared: Path) -> None:
    told = [change for change in changes(shared / "data/rif/synthea") if isinstance(change, MemberRecords)]
    for records in told:
        for one in Mapper("rif", "2.2.0", False).resources(records):
            assert isinstance(one, Mapped)
            get_fhir_model_class(one.type).model_validate_json(encode(one.resource))
