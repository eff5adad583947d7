"""Claims whose story goes on in another delivery: another member, a void or a replacement without what came before."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_facade.cli.main import main
from fhir_facade.contracts.claims import Change, Removed
from fhir_facade_claims_tmsis import source
from tests.plugins.tmsis.state_files import Cells, Folder, changes, claims, rejects

TORN = "the claim is left out: its records name several members, and no newer delivery says whose it is"
CONFIG = """
[server]
environment = "sandbox"
[[claims]]
name = "state"
adapter = "tmsis"
[claims.tmsis]
folder = "in"
base = "https://claims.example.gov"
[identity]
provider = "sandbox"
"""


def of(member: str) -> Cells:
    return {"MSIS-IDENTIFICATION-NUM": member}


def adjustment(indicator: str, number: str, original: str = "C1", member: str = "M1") -> Cells:
    day = date(2024, 4, 20)
    cells: Cells = {"ICN-ORIG": original, "ICN-ADJ": number, "ADJUSTMENT-IND": indicator, "ADJUDICATION-DATE": day}
    return cells | of(member)


def deliver(folder: Path, month: int, *headers: Cells) -> None:
    """A delivery of both members and these claims."""
    made = Folder(folder / f"{month:02}", created=date(2024, month, 1))
    made.person("M1")
    made.person("M2")
    for cells in headers:
        made.claim("COT", cells)
    made.write()


def gone(told: Iterable[Change]) -> list[tuple[str, str]]:
    """Member and id of each claim that is taken away."""
    return [(one.member_id, one.record_id) for one in told if isinstance(one, Removed)]


def shown(told: Iterable[Change]) -> list[tuple[str, str, str]]:
    """Member, number and status of each claim."""
    return [(one.member_id, one.claim_number.value, one.status.value) for one in claims(told)]


def test_a_claim_that_a_newer_delivery_gives_to_another_member_is_taken_from_the_first(tmp_path: Path) -> None:
    deliver(tmp_path, 5, of("M1"))
    deliver(tmp_path, 6, of("M2"))
    told = changes(tmp_path)
    assert shown(told) == [("M2", "C1", "active")]
    assert gone(told) == [("M1", "ot-CA-C1")]
    assert rejects(told) == []


def test_a_claim_that_comes_back_to_its_first_member_is_theirs(tmp_path: Path) -> None:
    for month, member in ((5, "M1"), (6, "M2"), (7, "M1")):
        deliver(tmp_path, month, of(member))
    told = changes(tmp_path)
    assert shown(told) == [("M1", "C1", "active")]
    assert gone(told) == [("M2", "ot-CA-C1")]


@pytest.mark.parametrize("other", [of("M2"), adjustment("1", "C1V", member="M2"), adjustment("4", "C2", member="M2")])
def test_a_claim_whose_records_of_one_delivery_name_two_members_is_shown_to_neither(
    tmp_path: Path, other: Cells
) -> None:
    deliver(tmp_path, 5, of("M1"), other, of("M2") | {"ICN-ORIG": "C9"})
    told = changes(tmp_path)
    assert shown(told) == [("M2", "C9", "active")]
    assert [reason for _, _, reason in rejects(told)] == [TORN, TORN]
    assert gone(told) == []


def test_a_void_that_names_another_member_than_an_earlier_delivery_leaves_the_claim_out(tmp_path: Path) -> None:
    deliver(tmp_path, 5, of("M1"))
    deliver(tmp_path, 6, adjustment("1", "C1V", member="M2"))
    told = changes(tmp_path)
    assert shown(told) == []
    assert [(file, reason) for file, _, reason in rejects(told)] == [
        ("05/claim-ot.psv", TORN),
        ("06/claim-ot.psv", TORN),
    ]


def test_numbers_of_capitation_records_may_stand_with_many_members(tmp_path: Path) -> None:
    paid = [of(member) | {"TYPE-OF-CLAIM": "2"} for member in ("M1", "M2")]
    deliver(tmp_path, 5, *paid, of("M2") | {"ADJUDICATION-DATE": date(2024, 4, 2)})
    told = changes(tmp_path)
    assert shown(told) == [("M2", "C1", "active")]
    assert rejects(told) == []


@pytest.mark.parametrize("indicator", ["1", "4"])
def test_an_adjustment_without_its_claim_takes_away_what_may_be_stored_of_it(tmp_path: Path, indicator: str) -> None:
    deliver(tmp_path, 6, adjustment(indicator, "C2"))
    assert gone(changes(tmp_path)) == [("M1", "ot-CA-C1")]
    deliver(tmp_path, 5, of("M1"))
    assert gone(changes(tmp_path)) == []


def test_a_replacement_that_keeps_the_number_takes_the_place_of_its_claim(tmp_path: Path) -> None:
    deliver(tmp_path, 6, adjustment("4", "C1"))
    told = changes(tmp_path)
    assert [claim.claim_id for claim in claims(told)] == ["ot-CA-C1"]
    assert gone(told) == []


def test_what_is_taken_away_is_told_before_the_checkpoint_behind_its_member(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "CLAIMS_PER_CHECKPOINT", 1)
    deliver(tmp_path, 6, adjustment("1", "V1"), of("M1") | {"ICN-ORIG": "C3"}, of("M2") | {"ICN-ORIG": "C4"})
    order = [type(change).__name__ for change in changes(tmp_path)]
    assert order == ["MemberRecords", "Removed", "Checkpoint", "MemberRecords", "Checkpoint", "Checkpoint"]


def test_a_voided_claim_goes_from_the_copy_though_the_delivery_with_it_was_archived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "state"))
    monkeypatch.setenv("FHIR_FACADE_CONFIG", str(tmp_path / "facade.toml"))
    (tmp_path / "facade.toml").write_text(CONFIG, encoding="utf-8")
    deliver(tmp_path / "in", 5, of("M1"), of("M1") | {"ICN-ORIG": "C7"})
    CliRunner().invoke(main, ["migrate"])
    first = CliRunner().invoke(main, ["sync", "state"])
    shutil.move(tmp_path / "in" / "05", tmp_path / "archive")
    deliver(tmp_path / "in", 6, adjustment("1", "V1"))
    os.utime(tmp_path / "in" / "06")
    second = CliRunner().invoke(main, ["sync", "state"])
    third = CliRunner().invoke(main, ["sync", "state"])

    assert "2 ExplanationOfBenefit" in first.stdout
    assert "deleted: 1 ExplanationOfBenefit" in second.stdout
    assert "deleted: nothing" in third.stdout
    assert (second.exit_code, third.exit_code) == (0, 0)
