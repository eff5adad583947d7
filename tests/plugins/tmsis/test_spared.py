"""What one broken record takes along: no more than nobody could tell right without it, and each claim is listed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import MemberRecords
from tests.plugins.tmsis.state_files import DAY, Cells, Folder, changes, claims, rejects

NO_DAY = "20241345"
VOID: Cells = {"ICN-ADJ": "C1-V", "ADJUSTMENT-IND": "1", "ADJUDICATION-DATE": NO_DAY}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.mark.parametrize("chain", ["original", "previous"])
def test_a_version_without_a_day_that_exists_leaves_its_family_out_and_no_other_claim(
    folder: Folder, chain: str
) -> None:
    folder.person()
    folder.claim("COT", {"ICN-ORIG": "C1"})
    folder.claim("COT", {"ICN-ORIG": "C1"} | VOID)
    folder.claim("COT", {"ICN-ORIG": "C2"})

    told = changes(folder.write(), chain=chain)

    assert [claim.claim_number.value for claim in claims(told)] == ["C2"]
    by_line = {line: reason for _, line, reason in rejects(told)}
    assert len(by_line) == 2
    first, second = (by_line[line] for line in sorted(by_line))
    assert first.startswith("the claim is left out: a version of it cannot be put in order (claim-ot.psv, line ")
    assert second.startswith("the claim is left out: ADJUDICATION-DATE is not a date")


def test_the_claims_of_a_member_who_is_left_out_are_listed_one_by_one(folder: Folder) -> None:
    folder.person("M1", DATE_OF_BIRTH=NO_DAY)
    folder.person("M2")
    folder.claim("COT", {"ICN-ORIG": "C1"})
    folder.claim("CRX", {"ICN-ORIG": "C2"})
    folder.claim("COT", {"ICN-ORIG": "C3", "TYPE-OF-CLAIM": "2"})
    folder.claim("COT", {"ICN-ORIG": "C4", "MSIS-IDENTIFICATION-NUM": "M2"})

    told = changes(folder.write())

    reasons = sorted(reason for _, _, reason in rejects(told))
    assert [claim.claim_number.value for claim in claims(told)] == ["C4"]
    assert reasons[:2] == ["the claim is left out: its member is left out"] * 2
    assert reasons[2].startswith("the member is left out: DATE-OF-BIRTH is not a date")
    assert len(reasons) == 3


def test_a_span_that_cannot_be_read_takes_neither_the_member_nor_the_claims_along(folder: Folder) -> None:
    folder.person()
    own: Cells = {"MSIS-IDENTIFICATION-NUM": "M1", "ENROLLMENT-TYPE": "1", "ENROLLMENT-END-DATE": date(2019, 1, 1)}
    folder.add("ELG00021", own | {"ENROLLMENT-EFF-DATE": NO_DAY})
    folder.claim("COT", {"ICN-ORIG": "C1"})

    told = changes(folder.write())

    (reject,) = rejects(told)
    (records,) = [change for change in told if isinstance(change, MemberRecords)]
    assert reject[2].startswith("the cover is left out: ENROLLMENT-EFF-DATE is not a date")
    assert [cover.starts_on for cover in records.coverages] == [date(2020, 1, 1)]
    assert [claim.service_start for claim in records.claims] == [DAY]
