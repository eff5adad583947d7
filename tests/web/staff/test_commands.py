"""What the pages of the staff show can be done by command too: roles, and the check of the chain."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fhir_facade.app.databases import store_url
from fhir_facade.cli.main import main
from fhir_facade.settings import load
from fhir_facade.store import Store
from fhir_facade.store.standing import Standing
from fhir_facade.web.staff_audit import CHECK
from tests.small import SMALL

RITA = "rita@agency.example"


def run(small_config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--config", str(small_config)])


def roles(small_config: Path) -> dict[str, str]:
    return {one["email"]: one["role"] for one in json.loads(run(small_config, "staff", "list", "--json").stdout)}


def test_a_role_is_given_changed_and_taken_by_command(small_config: Path) -> None:
    added = run(small_config, "staff", "add", "--email", RITA, "--name", "Rita", "--role", "operator")
    assert "/developers/recover/" in added.output
    assert roles(small_config) == {RITA: "operator"}
    assert run(small_config, "staff", "role", RITA, "--role", "auditor").exit_code == 0
    assert roles(small_config) == {RITA: "auditor"}
    assert run(small_config, "staff", "remove", RITA).exit_code == 0
    assert roles(small_config) == {}


@pytest.mark.parametrize("command", [("remove", RITA), ("role", RITA, "--role", "auditor")])
def test_an_unknown_address_is_named_as_such(small_config: Path, command: tuple[str, ...]) -> None:
    result = run(small_config, "staff", *command)
    assert result.exit_code == 1
    assert "no staff account of this address" in result.output


def test_staff_of_another_log_in_are_told_where_to_go(small_config: Path) -> None:
    small_config.write_text(SMALL + '[staff]\nidentity = "oidc"\n[staff.oidc]\nissuer = "https://login.example"\n')
    added = run(small_config, "staff", "add", "--email", RITA, "--name", "Rita", "--json")
    assert json.loads(added.stdout) == {"link": "http://localhost:8000/staff/log-in"}


def test_a_check_of_the_chain_by_command_is_shown_on_the_page(small_config: Path) -> None:
    run(small_config, "staff", "add", "--email", RITA, "--name", "Rita")
    told = json.loads(run(small_config, "audit", "verify", "--json").stdout)
    store = Store(store_url(load(small_config)))
    fact = Standing(store).fact(CHECK)
    store.close()
    assert fact is not None
    assert (fact.told["lines"], fact.told["faults"]) == (told["lines"], 0)
