"""``adapter check`` says what is wrong with an adapter that is being written, and why it is not ready."""

from __future__ import annotations

import importlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fhir_facade.app import quality
from fhir_facade.cli.main import main
from fhir_facade.conformance import skeleton
from fhir_facade.conformance.expectations import filled
from fhir_facade.conformance.report import Report
from fhir_facade.conformance.report_page import as_html
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.contracts.records import Amount, ClaimKind, ClaimLine, Party, PartyKind, Payee
from fhir_facade.fhir.mapping_table.sample_parts import claim as claim_of
from tests.plugins.fhir.payer import payer
from tests.plugins.fhir.payer import source as upstream_source
from tests.plugins.fhir.server import serving

CONFIG = """
[server]
environment = "sandbox"
[[claims]]
name = "draft"
adapter = "synthetic"
[claims.synthetic]
members = 21
[identity]
provider = "sandbox"
"""
WHOLE_NUMBERS = """
CREATE TABLE people (member_id INTEGER PRIMARY KEY, card_number TEXT, family TEXT, given TEXT, gender TEXT,
                     birth_date TEXT, covered_from TEXT, changed_at TEXT);
INSERT INTO people SELECT substr(member_id, 2), card_number, family, given, NULL, birth_date, covered_from, changed_at
    FROM member;
DROP TABLE member; ALTER TABLE people RENAME TO member;
CREATE TABLE bills (claim_id INTEGER PRIMARY KEY, member_id INTEGER, kind TEXT, service_start TEXT, adjudicated_on TEXT,
                    diagnosis TEXT, billing_npi INTEGER, clinician_npi INTEGER, changed_at TEXT);
INSERT INTO bills SELECT substr(claim_id, 2) + 7, substr(member_id, 2), kind, '2025-03-01', adjudicated_on, diagnosis,
    billing_npi, clinician_npi, changed_at FROM claim;
DROP TABLE claim; ALTER TABLE bills RENAME TO claim;
UPDATE claim SET member_id = 1;
UPDATE claim_line SET claim_id = substr(claim_id, 2) + 7;
"""


class Draft:
    """A new adapter in a folder, to be spoiled and checked."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self.database, self._patch = folder, folder / "claims.sqlite", monkeypatch
        skeleton.write("draft", folder / "draft", "Draft")
        monkeypatch.syspath_prepend(str(folder / "draft"))
        monkeypatch.setenv("FHIR_FACADE_STATE", str(folder / "state"))
        (folder / "facade.toml").write_text(CONFIG, encoding="utf-8")
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript((folder / "draft" / "sample" / "claims.sql").read_text(encoding="utf-8"))

    def spoil(self, file: str, right: str, wrong: str) -> None:
        place = self.folder / "draft" / "fhir_facade_claims_draft" / file
        text = place.read_text(encoding="utf-8")
        assert right in text
        place.write_text(text.replace(right, wrong), encoding="utf-8")

    def execute(self, statements: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection:
            connection.executescript(statements)

    def run(self, *more: str) -> Result:
        package = importlib.import_module("fhir_facade_claims_draft")
        settings = package.Settings(database=self.database)
        return self.ask(package.open_source(settings, SourceContext(name="draft", scratch=self.folder)), *more)

    def ask(self, source: object, *more: str) -> Result:
        self._patch.setattr(quality, "open_source", lambda *_: source)
        return CliRunner().invoke(main, ["adapter", "check", "--config", str(self.folder / "facade.toml"), *more])

    def told(self, *more: str) -> Any:
        return json.loads(self.run("--json", *more).stdout)


@pytest.fixture
def draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Draft]:
    yield Draft(tmp_path, monkeypatch)
    for name in [name for name in sys.modules if name.startswith("fhir_facade_claims_draft")]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("right", "wrong", "promise"),
    [
        ('needed(row, "line_number", int)', 'needed(row, "line_number", str)', "lines.number: str, where int"),
        ('needed(row, "kind", ClaimKind)', '"DENTAL"', "kind: str, where ClaimKind"),
        ('claim_id=needed(row, "claim_id", str)', "claim_id=7", "claim_id: int, where str"),
        ('units=value(row, "units", Decimal)', "units=1.5", "lines.units: float, where Decimal or None"),
        ("lines=tuple(claim_line(line, row) for line in lines)", "lines=[]", "lines: list, where tuple"),
        ('service_start=needed(row, "service_start", date.fromisoformat)', 'service_start="1"', "where date"),
    ],
)
def test_a_field_of_another_type_is_named_with_both_types(draft: Draft, right: str, wrong: str, promise: str) -> None:
    draft.spoil("records.py", right, wrong)
    told = draft.told()
    assert any(promise in one for one in told["broken_promises"]), told["broken_promises"]
    assert told["passed"] is False
    assert not told["faults"]


@pytest.mark.parametrize(
    ("right", "wrong", "promise"),
    [
        ('{CLAIMS} WHERE member_id = ? {order}", member_id', '{CLAIMS} {order}"', "holds a claim of another"),
        ("service_start DESC, CAST", "service_start, CAST", "pages are not in order"),
        ("if claim.claim_id == claim_id]", "]", "not the one that is found by its id"),
    ],
)
def test_answers_of_the_live_face_that_break_a_promise_are_told(
    draft: Draft, right: str, wrong: str, promise: str
) -> None:
    draft.spoil("source.py", right, wrong)
    told = draft.told()
    assert any(promise in one for one in told["broken_promises"]), told["broken_promises"]
    assert told["passed"] is False


def test_tables_whose_ids_are_whole_numbers_need_no_change(draft: Draft) -> None:
    draft.execute(WHOLE_NUMBERS)
    told = draft.told()
    assert (told["passed"], told["obstacles"]) == (True, [])
    assert (told["members"], told["claims"], told["resources"]["ExplanationOfBenefit"]) == (2, {"professional": 3}, 3)


def test_totals_that_follow_from_the_lines_count_as_filled(draft: Draft) -> None:
    filling = {row["field"]: row["claims"] for row in draft.told()["filled"]}
    assert (filling["totals"], filling["lines.amounts"], filling["payee"]) == (3, 3, 0)


@pytest.mark.parametrize("kind", [ClaimKind.INPATIENT, ClaimKind.OUTPATIENT])
def test_the_amounts_of_a_stay_count_where_they_stand(kind: ClaimKind) -> None:
    bare = replace(claim_of(kind, lines=(ClaimLine(number=1, amounts={}),)), totals={}, amounts={})
    paid = {Amount.BENEFIT: Decimal("10.00")}

    for claim, names in ((bare, set()), (replace(bare, amounts=paid), {"lines.amounts", "totals"})):
        assert set(filled(claim)) & {"lines.amounts", "totals"} == names


def test_a_column_that_no_query_fetches_is_named(draft: Draft) -> None:
    draft.spoil("records.py", '"diagnosis"', '"diagnoses"')
    assert draft.told()["unreadable"] == {"no query fetches a column diagnoses": 3}


def test_a_database_that_cannot_answer_still_gives_a_report(draft: Draft) -> None:
    draft.execute("DROP TABLE claim_line")
    told = draft.told()
    assert told["passed"] is False
    assert len(told["faults"]) == 1
    assert "no such table: claim_line" in told["obstacles"][0]


def test_empty_tables_are_told_as_such(draft: Draft) -> None:
    draft.execute("DELETE FROM member; DELETE FROM claim; DELETE FROM claim_line")
    done = draft.run()
    assert done.exit_code == 1
    assert "No member was handed over: look whether the tables are filled" in done.stdout


def test_more_than_one_in_a_hundred_left_out_is_not_ready_and_the_page_says_why_at_its_head(draft: Draft) -> None:
    draft.execute("UPDATE claim SET service_start = '03/01/2025' WHERE claim_id = 'c1'")
    done = draft.run("--html", str(draft.folder / "report.html"))
    page = (draft.folder / "report.html").read_text(encoding="utf-8")
    assert done.exit_code == 1
    assert "Too much is left out: 1 rows or records, beside 2 claims" in page.split("<h2>")[0]


def test_a_good_source_with_one_reject_in_a_hundred_is_ready() -> None:
    report = Report(source="good", member_ids=["a"], emitted={("ExplanationOfBenefit", str(one)) for one in range(99)})
    report.unreadable["a date cannot be read"] = 1
    assert report.passed
    report.unreadable["an amount cannot be read"] = 1
    assert not report.passed
    assert "Not ready to publish" in as_html(report)


def test_a_source_that_is_live_alone_is_asked_about_the_members_one_names(draft: Draft) -> None:
    for method in ("changes", "progress"):
        draft.spoil("source.py", f"def {method}(", f"def not_{method}(")
    nobody = draft.told()
    told = draft.told("--member", "m1", "--member", "m2", "--member", "m9")

    assert nobody["obstacles"] == [
        "No member was asked about whom the source knows: it cannot list them; name some with --member."
    ]
    assert (told["passed"], told["obstacles"], told["complete"]) == (True, [], False)
    assert (told["members"], told["claims"]) == (2, {"professional": 3})
    assert told["resources"]["ExplanationOfBenefit"] == 3
    assert told["page_ms"]["median"] > 0


def test_a_claim_names_who_was_paid_beside_who_billed_and_treated_but_not_the_member() -> None:
    claim = claim_of(ClaimKind.PROFESSIONAL, lines=(), payee=None)
    paid = Payee(kind="other", party=Party(PartyKind.ORGANIZATION, "paid"))
    assert {*replace(claim, payee=paid).named()} == {*claim.named(), "paid"}
    own = Payee(kind="beneficiary", party=Party(PartyKind.MEMBER, claim.member_id))
    assert {*replace(claim, payee=own).named()} == {*claim.named()}


def test_an_upstream_that_speaks_fhir_is_asked_about_the_members_one_names(draft: Draft) -> None:
    with serving(payer()) as upstream:
        told = json.loads(draft.ask(upstream_source(upstream), "--json", "--member", "anna").stdout)

    (obstacle,) = told["obstacles"]
    assert "speaks FHIR of no version" in obstacle
    assert told["members"] == 1
    assert told["resources"] == {"Coverage": 1, "ExplanationOfBenefit": 5, "Patient": 1}


def test_one_of_several_sources_must_be_named(draft: Draft) -> None:
    config = CONFIG.replace("[identity]", '[[claims]]\nname = "other"\nadapter = "synthetic"\n[identity]')
    (draft.folder / "facade.toml").write_text(config, encoding="utf-8")

    told = draft.run()

    assert told.exit_code == 2
    assert told.stderr == "facade.toml has several sources; name one with --source: draft, other\n"
    assert draft.run("--source", "other").exit_code == 0


def test_a_check_leaves_the_files_of_a_running_sync_alone_and_none_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "state"))
    config = CONFIG.replace("synthetic", "tmsis").replace("members = 21", 'folder = "in"\nbase = "https://a.example"')
    (tmp_path / "facade.toml").write_text(config, encoding="utf-8")
    CliRunner().invoke(main, ["tmsis", "generate", str(tmp_path / "in"), "--members", "21"])
    scratch = tmp_path / "state" / "scratch" / "draft"
    scratch.mkdir(parents=True)
    (scratch / "tmsis-staging.building").write_text("of the sync")

    command = ["adapter", "check", "--config", str(tmp_path / "facade.toml"), "--members", "3", "--json"]
    told = json.loads(CliRunner().invoke(main, command).stdout)

    assert (told["members"], told["complete"]) == (3, False)
    assert [one.name for one in scratch.iterdir()] == ["tmsis-staging.building"]
    assert (scratch / "tmsis-staging.building").read_text() == "of the sync"
