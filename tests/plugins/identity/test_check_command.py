"""``fhir-facade check`` with a log-in: one message, and what is only ahead fails nothing."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fhir_facade.cli.main import main
from tests.peers.certificates import write_keys
from tests.peers.directory import BASE, slapd

DAY = timedelta(days=1)
CONFIG = """
[server]
environment = "sandbox"
state = "{folder}/state"
[[claims]]
name = "medical"
adapter = "synthetic"
[claims.synthetic]
members = 25
[identity]
provider = "ldap"
[identity.ldap]
url = "{url}"
base = "{base}"
bind_dn = "cn=admin,dc=example,dc=gov"
bind_password = {{ file = "{folder}/admin" }}
attributes = {{ employeeNumber = "medicaid-id" }}
ca_file = "{folder}/localhost.crt"
"""


def check(folder: Path, url: str, base: str = BASE) -> tuple[int, dict[str, Any]]:
    (folder / "admin").write_text("admin-password")
    config = folder / "facade.toml"
    config.write_text(CONFIG.format(folder=folder, url=url, base=base))
    CliRunner().invoke(main, ["migrate", "--config", str(config)])
    done = CliRunner().invoke(main, ["check", "--config", str(config), "--json"])
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.peer("slapd")
@pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning")
def test_a_certificate_about_to_end_is_told_and_fails_no_check(tmp_path: Path) -> None:
    keys = write_keys(tmp_path, "localhost", begins=-300 * DAY, ends=5 * DAY)
    with slapd(tmp_path, keys) as url:
        code, told = check(tmp_path, url)
        assert (code, told["ok"], told["faults"]) == (0, True, [])
        assert any(note.startswith("identity.ldap.url: the certificate ends on") for note in told["notes"])
        code, told = check(tmp_path, url, "ou=gone,dc=example,dc=gov")
        assert (code, told["ok"]) == (1, False)
        assert "there is no ou=gone" in str(told["faults"])


def test_log_ins_without_a_label_are_noted_where_members_choose(tmp_path: Path) -> None:
    config = tmp_path / "facade.toml"
    text = CONFIG.partition("[identity]")[0].format(folder=tmp_path)
    text += '[identity]\nproviders = ["local", "sandbox"]\n'
    config.write_text(text)
    CliRunner().invoke(main, ["migrate", "--config", str(config)])
    done = CliRunner().invoke(main, ["check", "--config", str(config), "--json"])
    told = json.loads(done.stdout)
    assert (done.exit_code, told["faults"]) == (0, [])
    assert "read local on the button" in told["notes"][0]
    assert [note.partition(":")[0] for note in told["notes"]] == ["identity.local.label"]


def test_a_state_folder_that_cannot_be_written_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = tmp_path / "facade.toml"
    config.write_text(CONFIG.partition("[identity]")[0].format(folder=tmp_path) + '[identity]\nprovider = "sandbox"\n')
    CliRunner().invoke(main, ["migrate", "--config", str(config)])
    real = os.access
    monkeypatch.setattr("os.access", lambda path, *more: path != tmp_path / "state" and real(path, *more))
    told = json.loads(CliRunner().invoke(main, ["check", "--config", str(config), "--json"]).stdout)
    assert [note.partition(":")[0] for note in told["notes"]] == ["server.state"]
    assert f"cannot write in {tmp_path / 'state'}" in told["notes"][0]
