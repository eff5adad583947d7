"""Every claim of CMS's synthetic files becomes a resource that independent R4 models accept."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from fhir.resources.R4B import get_fhir_model_class

from fhir_facade.contracts.claims import MemberRecords
from fhir_facade.fhir.encode import encode
from fhir_facade.fhir.mapper import Mapped, Mapper
from tests.plugins.rif.extract import changes, member, write


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


def test_a_fact_that_lines_share_is_written_once_and_cited_by_each(tmp_path: Path) -> None:
    member(tmp_path)
    shared_fact = {"BETOS_CD": "M1B", "PRVDR_SPCLTY": "41"}
    write(tmp_path, "carrier", shared_fact, shared_fact | {"LINE_NUM": "2", "PRVDR_SPCLTY": "11"})
    mapper = Mapper("rif", "2.2.0", False)
    told = [change for change in changes(tmp_path) if isinstance(change, MemberRecords)]
    found = [one for records in told for one in mapper.resources(records) if isinstance(one, Mapped)]
    (eob,) = [one.resource for one in found if one.type == "ExplanationOfBenefit"]
    facts = {i["sequence"]: i["category"]["coding"][0]["code"] for i in eob["supportingInfo"]}
    assert sorted(facts.values()).count("betos_cd") == 1
    assert sorted(facts.values()).count("prvdr_spclty") == 2
    for item in eob["item"]:
        assert [facts[number] for number in item["informationSequence"]].count("betos_cd") == 1
