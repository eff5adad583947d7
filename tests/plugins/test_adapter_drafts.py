"""An adapter that is being written: rows that are not as expected, columns that are gone, code that raises."""

from __future__ import annotations

import importlib
import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fhir_facade.app import quality
from fhir_facade.cli.main import main
from fhir_facade.conformance import skeleton
from fhir_facade.contracts.claims import MemberRecords, Rejected
from fhir_facade.contracts.plugin import SourceContext
from tests.small import SMALL

BAD_ROWS = """
INSERT INTO claim VALUES
    ('c4', 'm1', 'professional', '2025-13-45', '2025-03-09', 'J06.9', '1999000015', '1999000023', '2025-03-10'),
    ('c5', 'm1', 'dental', '2025-03-02', '2025-03-09', 'J06.9', '1999000015', '1999000023', '2025-03-10'),
    ('c6', 'nobody', 'professional', '2025-03-02', '2025-03-09', 'J06.9', '1999000015', '1999000023', '2025-03-10'),
    ('c7', 'm2', 'professional', '2025-03-02', '2025-03-09', 'J06.9', '1999000015', '1999000023', '2025-03-10');
INSERT INTO claim_line VALUES ('c7', 1, 'G0463', '11', 'many', 1, 1);
INSERT INTO member VALUES ('m3', NULL, 'Doe', 'Dan', 'male', '1990-04-01', '2024-01-01', '2025-01-02');
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    skeleton.write("draft", tmp_path / "draft", "Draft")
    monkeypatch.syspath_prepend(str(tmp_path / "draft"))
    with closing(sqlite3.connect(tmp_path / "claims.sqlite")) as connection:
        connection.executescript((tmp_path / "draft" / "sample" / "claims.sql").read_text(encoding="utf-8"))
    yield tmp_path
    for name in [name for name in sys.modules if name.startswith("fhir_facade_claims_draft")]:
        del sys.modules[name]


def written(place: Path, statements: str = "") -> Any:
    with closing(sqlite3.connect(place / "claims.sqlite")) as connection:
        connection.executescript(statements)
    package = importlib.import_module("fhir_facade_claims_draft")
    settings = package.Settings(database=place / "claims.sqlite")
    return package.open_source(settings, SourceContext(name="draft", scratch=place))


def test_what_a_new_adapter_cannot_read_it_lists_and_the_rest_comes(place: Path) -> None:
    told = list(written(place, BAD_ROWS).changes(None))
    rejects = {(str(one.position.line), one.reason) for one in told if isinstance(one, Rejected)}
    assert rejects == {
        ("c4", "service_start cannot be read"),
        ("c5", "kind cannot be read"),
        ("c6", "its member is not there"),
        ("c7", "units cannot be read"),
        ("m3", "card_number is missing"),
    }
    claims = {claim.claim_id for one in told if isinstance(one, MemberRecords) for claim in one.claims}
    assert claims == {"c1", "c2", "c3"}


def test_a_new_adapter_rounds_no_amount_and_moves_no_time(place: Path) -> None:
    statements = """
    UPDATE claim SET changed_at = '2025-03-10T23:30:00-05:00' WHERE claim_id = 'c1';
    UPDATE claim_line SET paid = '10.005' WHERE claim_id = 'c2';
    """
    told = list(written(place, statements).changes(None))
    claims = {claim.claim_id: claim for one in told if isinstance(one, MemberRecords) for claim in one.claims}
    assert claims["c1"].last_updated == datetime(2025, 3, 11, 4, 30, tzinfo=UTC)
    assert [(one.position.line, one.reason) for one in told if isinstance(one, Rejected)] == [
        ("c2", "paid cannot be read")
    ]


def test_each_record_of_a_new_adapter_says_where_it_was_read(place: Path) -> None:
    told = [one for one in written(place).changes(None) if isinstance(one, MemberRecords)]
    read = [record for one in told for record in (one.member, *one.coverages, *one.claims)]
    places = {(one.position.file, one.position.line) for one in read if one.position}
    assert places == {("member", "m1"), ("member", "m2"), ("claim", "c1"), ("claim", "c2"), ("claim", "c3")}
    assert len(read) == 7


def test_a_new_adapter_names_a_column_that_is_gone(place: Path) -> None:
    (fault,) = written(place, "ALTER TABLE claim RENAME COLUMN diagnosis TO dx").check()
    assert "no such column: diagnosis" in fault


def test_an_adapter_that_raises_still_gets_its_report(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = written(place)
    monkeypatch.setattr(type(source), "_told", lambda self, member_id: [int("a private value")])
    monkeypatch.setattr(quality, "open_source", lambda *_: source)
    config = tmp_path / "facade.toml"
    config.write_text(SMALL.replace("medical", "draft"), encoding="utf-8")
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "state"))
    arguments = ["adapter", "check", "--config", str(config), "--html", str(tmp_path / "report.html"), "--json"]
    done = CliRunner().invoke(main, arguments)
    report = json.loads(done.stdout)
    assert (done.exit_code, report["passed"]) == (1, False)
    assert "the source raised ValueError (test_adapter_drafts.py, line " in report["faults"][0]
    assert "private" not in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("title", ['The "best" payer', "it's ours", "a\\b", "two\nlines"])
def test_a_title_that_would_break_the_code_is_refused(tmp_path: Path, title: str) -> None:
    with pytest.raises(skeleton.NotAName, match="title"):
        skeleton.write("draft", tmp_path / "draft", title)


def test_the_name_of_an_installed_adapter_is_refused(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["adapter", "new", "sql", "--folder", str(tmp_path / "x")])
    assert done.exit_code == 2
    assert "an adapter called sql is installed" in done.output
    assert not (tmp_path / "x").exists()
