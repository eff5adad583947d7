"""The data-quality report says everything that is wrong with a payer's data, for people and for machines."""

from __future__ import annotations

import json
import os
import re
import sqlite3
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fhir_facade.cli.main import main
from tests.peers.chromium import look

CONFIG = """
[server]
environment = "sandbox"
public_base = "http://localhost:8000"
[agency]
name = "Example"
contact = "help@example.org"
[[claims]]
name = "own"
adapter = "sql"
mode = "live"
[claims.sql]
url = { env = "OWN_URL" }
mapping = "own.toml"
[identity]
provider = "sandbox"
"""

MAPPING = """
mapping = 1
[member]
table = "people"
[member.fields]
member_id = "id"
member_number = { column = "card", system = "https://payer.example/card" }
last_updated = "changed"
"match.medicaid-id" = "medicaid"
[coverage]
table = "people"
member_id = "id"
[coverage.fields]
coverage_id = "id"
member_id = "id"
subscriber_id = "card"
last_updated = "changed"
[[claims]]
[claims.claim]
table = "claims"
[claims.claim.fields]
claim_id = "claim"
member_id = "person"
claim_number = { column = "number", system = "https://payer.example/claim" }
kind = { column = "kind", values = { P = "professional", I = "inpatient" } }
last_updated = "changed"
service_start = "day"
"totals.benefit" = "paid"
[claims.line]
[claims.line.fields]
number = { value = "1" }
place_of_service = "place"
procedure = { column = "service", system = { column = "service_system" } }
"amounts.benefit" = "line_paid"
[[claims.diagnosis]]
[claims.diagnosis.fields]
code = { column = "dx", system = "icd-10-cm" }
"""

ROWS = """
CREATE TABLE people (id TEXT, card TEXT, medicaid TEXT, changed TEXT, favourite_colour TEXT);
CREATE TABLE claims (claim TEXT, person TEXT, number TEXT, kind TEXT, changed TEXT, day TEXT, paid TEXT, place TEXT,
                     service TEXT, service_system TEXT, line_paid TEXT, dx TEXT, memo TEXT);
INSERT INTO people VALUES ('a', 'C1', 'M1', '2025-01-01', 'red'), ('b', 'C2', 'M1', '2025-01-01', 'blue');
INSERT INTO claims VALUES
 ('c1', 'a', 'N1', 'P', '2025-02-01', '2025-01-20', '10.00', '11', '99213', 'cpt', '9.00', 'J45.909', 'x'),
 ('c2', 'a', 'N1', 'P', '2025-02-01', '2025-01-21', '9.00', '11', 'H0', 'https://payer.example/own', '9.00', '?', 'x'),
 ('c3', 'b', 'N3', 'P', '2025-02-01', '2025-01-22', '9.00', NULL, '99213', 'cpt', '9.00', 'I10', 'x'),
 ('c4', 'b', 'N4', 'Z', '2025-02-01', '2025-01-23', '9.00', '11', '99213', 'cpt', '9.00', 'I10', 'x');
"""

PLAIN = "'P', '2025-02-01', '2025-01-01', '1.00', '11', '99213', 'cpt', '1.00', 'I10'"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "facade.toml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "own.toml").write_text(MAPPING, encoding="utf-8")
    connection = sqlite3.connect(tmp_path / "own.sqlite")
    connection.executescript(ROWS)
    values = [(f"n{number}", f"X{number}") for number in range(1_200)]
    connection.executemany(f"INSERT INTO claims VALUES (?, 'b', ?, {PLAIN}, NULL)", values)  # noqa: S608 - a constant
    connection.commit()
    connection.close()
    monkeypatch.setenv("OWN_URL", f"sqlite:///{tmp_path / 'own.sqlite'}")
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "state"))
    return tmp_path


def check(folder: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["adapter", "check", "--config", str(folder / "facade.toml"), *more])


@pytest.fixture
def told(folder: Path) -> Any:
    return json.loads(check(folder, "--json").stdout)


def test_members_claims_and_what_they_fill_are_counted_against_what_is_expected(told: Any) -> None:
    assert (told["members"], told["claims"]) == (2, {"professional": 1_203})
    assert told["resources"] == {"Coverage": 2, "ExplanationOfBenefit": 1_201, "Organization": 2, "Patient": 2}
    filling = {row["field"]: (row["claims"], row["of"]) for row in told["filled"]}
    assert filling["lines.place_of_service"] == (1_202, 1_203)
    assert filling["diagnoses"] == (1_203, 1_203)
    assert filling["care_team"] == (0, 1_203)


def test_columns_that_fill_nothing_are_named(told: Any) -> None:
    assert told["unread_columns"] == {"people": ["favourite_colour"], "claims": ["memo"]}


def test_codes_that_nobody_else_knows_are_named(told: Any) -> None:
    assert told["strange_codes"] == {
        "claim.lines.procedure: codes of the payer's own system https://payer.example/own": 1,
        "claim.diagnoses.code: ? is not written like a code of http://hl7.org/fhir/sid/icd-10-cm": 1,
    }


def test_what_becomes_no_claim_is_counted_by_reason(told: Any) -> None:
    assert told["unreadable"] == {"kind has the value 'Z', which the mapping does not know": 1}
    assert sum(told["rejected"].values()) == 2
    assert any("professional lines need a two-digit place of service" in reason for reason in told["rejected"])
    assert any("needs a CPT or HCPCS code; it has one of" in reason for reason in told["rejected"])


def test_money_that_does_not_add_up_is_counted(told: Any) -> None:
    assert told["findings"]["the lines add up to another benefit total"] == 1


def test_identifiers_that_two_share_are_counted_and_stop_a_log_in_from_being_published(told: Any) -> None:
    assert told["duplicate_identifiers"] == {"claim number": 1, "log-in identifier medicaid-id": 1}
    assert told["passed"] is False


def test_missing_indexes_and_response_times_are_told(told: Any) -> None:
    assert told["missing_indexes"] == [
        "claims[0].claim: no index on claims.person: every page would read the whole table; create one",
        "claims[0].claim: no index on claims.claim: every read of one claim would read the whole table; create one",
    ]
    assert 0 < told["page_ms"]["median"] <= told["page_ms"]["worst"]


PARTS = (
    "Members and claims seen", "What they become", "Elements filled, and expected", "What to mend in the set-up",
    "Missing indexes", "Columns that fill nothing", "Codes nobody else knows", "Rows that became no record",
    "Claims that cannot become EOBs", "Money that does not add up, and other findings", "Duplicate identifiers",
    "Broken promises of the contract", "Response times",
)  # fmt: skip


def test_the_page_has_every_part_with_a_chart_and_nothing_from_elsewhere(folder: Path) -> None:
    result = check(folder, "--html", str(folder / "report.html"))

    page = (folder / "report.html").read_text(encoding="utf-8")
    assert result.exit_code == 1
    assert "not ready to publish" in result.stdout
    assert tuple(re.findall("<h2>(.*?)</h2>", page)) == PARTS
    assert page.count("<svg") > 20
    assert not re.search(r"(?:src|href)=|<script|url\(", page)


@pytest.mark.peer("chromium", "node")
def test_the_page_can_be_read_in_a_browser_of_any_width(folder: Path) -> None:
    check(folder, "--html", str(folder / "report.html"))
    handler = type("Here", (Quiet,), {"folder": str(folder)})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        seen = look(base, {"report": "/report.html"}, {}, folder)
    finally:
        server.shutdown()
        server.server_close()

    for page in seen:
        assert (page["violations"], page["complaints"], page["foreign"]) == ([], [], [])
        assert page["title"] == "own: data quality"
        assert page["overflow"] <= 0, page["width"]


class Quiet(SimpleHTTPRequestHandler):
    """Serves one folder without a word."""

    folder = ""

    def translate_path(self, path: str) -> str:
        return os.path.join(self.folder, path.lstrip("/"))

    def log_message(self, *_: Any) -> None:
        return None
