"""What an operator does by command is a line of the audit trail; where the store is not ready, it says what to type."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fhir_facade.app.databases import audit_log, store_url
from fhir_facade.app.disclosures import disclosures_of
from fhir_facade.cli.main import main
from fhir_facade.settings import load
from fhir_facade.store import Store

CONFIG = """
[server]
environment = "sandbox"
state = "state"
[[claims]]
name = "x"
adapter = "synthetic"
[claims.synthetic]
members = 21
[identity]
providers = ["sandbox", "local"]
[identity.local]
second_factor = "none"
"""
INVITE = ("accounts", "invite", "--identifier", "medicaid-id=A1", "--proofed", "in person", "--ial", "2")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "facade.toml"
    path.write_text(CONFIG, encoding="utf-8")
    return path


def run(config: Path, *words: str) -> Result:
    return CliRunner().invoke(main, [*words, "--config", str(config)])


def done(config: Path, *words: str) -> Result:
    result = run(config, *words)
    assert result.exit_code == 0, result.output
    return result


def trail(config: Path) -> list[tuple[str, str, str]]:
    with sqlite3.connect(config.parent / "state" / "audit.sqlite") as connection:
        found = connection.execute("SELECT what, outcome, detail FROM audit_lines ORDER BY number").fetchall()
    connection.close()
    return found


def test_each_act_about_a_log_in_is_a_line_without_an_identifier(config: Path) -> None:
    done(config, "migrate")
    done(config, "sync", "x", "--workers", "1")
    patient = json.loads(done(config, "members", "--json").stdout)[0]["patient"]
    done(config, *INVITE)
    done(config, "identity", "block", patient)
    done(config, "identity", "unblock", patient)
    done(config, "keys", "rotate", "--identifiers")
    assert trail(config) == [
        ("account", "invited", "a member, ial 2, by command"),
        ("account", "blocked", "by command"),
        ("account", "allowed again", "by command"),
        ("key", "rotated", "identifiers by command"),
    ]


def test_a_block_is_found_by_the_member_and_is_no_use_of_their_data(config: Path) -> None:
    done(config, "migrate")
    done(config, "sync", "x", "--workers", "1")
    patient = json.loads(done(config, "members", "--json").stdout)[0]["patient"]
    done(config, "identity", "block", patient)
    settings = load(config)
    log, store = audit_log(settings), Store(store_url(settings))
    assert [line.outcome for line in log.of_member(patient, limit=9, before=None)] == ["blocked"]
    assert list(disclosures_of(log, store)(patient)) == []
    log.close()
    store.close()


@pytest.mark.parametrize(
    "words",
    [
        INVITE,
        ("accounts", "list"),
        ("accounts", "unlock", "maria"),
        ("accounts", "reset", "maria", "--proofed", "in person"),
        ("identity", "block", "x-1"),
        ("identity", "unblock", "x-1"),
        ("identity", "try"),
        ("keys", "rotate", "--identifiers"),
        ("audit", "verify"),
    ],
)
def test_a_store_that_was_never_migrated_is_told_as_such(config: Path, words: tuple[str, ...]) -> None:
    told = run(config, *words)
    assert told.exit_code == 2
    assert "run: fhir-facade migrate" in told.output
