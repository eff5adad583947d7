"""What the pages of the staff show can be done by command too: roles, and the check of the chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fhir_facade.app import migrate_databases
from fhir_facade.app.databases import store_url
from fhir_facade.cli.main import main
from fhir_facade.settings import load
from fhir_facade.store import Store
from fhir_facade.store.standing import Standing
from fhir_facade.web.staff_audit import CHECK

CONFIG = """
[server]
environment = "sandbox"
[[claims]]
name = "medical"
adapter = "synthetic"
[claims.synthetic]
members = 21
[identity]
provider = "sandbox"
"""
RITA = "rita@agency.example"


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "state"))
    path = tmp_path / "facade.toml"
    path.write_text(CONFIG, encoding="utf-8")
    migrate_databases(load(path))
    return path


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(config)])


def roles(config: Path) -> dict[str, str]:
    return {one["email"]: one["role"] for one in json.loads(run(config, "staff", "list", "--json").stdout)}


def test_a_role_is_given_changed_and_taken_by_command(config: Path) -> None:
    added = run(config, "staff", "add", "--email", RITA, "--name", "Rita", "--role", "operator")
    assert "/developers/recover/" in added.output
    assert roles(config) == {RITA: "operator"}
    assert run(config, "staff", "role", RITA, "--role", "auditor").exit_code == 0
    assert roles(config) == {RITA: "auditor"}
    assert run(config, "staff", "remove", RITA).exit_code == 0
    assert roles(config) == {}


@pytest.mark.parametrize("command", [("remove", RITA), ("role", RITA, "--role", "auditor")])
def test_an_unknown_address_is_named_as_such(config: Path, command: tuple[str, ...]) -> None:
    result = run(config, "staff", *command)
    assert result.exit_code == 1
    assert "no staff account of this address" in result.output


def test_staff_of_another_log_in_are_told_where_to_go(config: Path) -> None:
    config.write_text(CONFIG + '[staff]\nidentity = "oidc"\n[staff.oidc]\nissuer = "https://login.example"\n')
    added = run(config, "staff", "add", "--email", RITA, "--name", "Rita", "--json")
    assert json.loads(added.stdout) == {"link": "http://localhost:8000/staff/log-in"}


def test_a_check_of_the_chain_by_command_is_shown_on_the_page(config: Path) -> None:
    run(config, "staff", "add", "--email", RITA, "--name", "Rita")
    told = json.loads(run(config, "audit", "verify", "--json").stdout)
    store = Store(store_url(load(config)))
    fact = Standing(store).fact(CHECK)
    store.close()
    assert fact is not None
    assert (fact.told["lines"], fact.told["faults"]) == (told["lines"], 0)
