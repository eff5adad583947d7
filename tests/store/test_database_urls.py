"""A database URL that cannot be used is a fault of the config, told by its key and without the URL."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from fhir_facade.cli.main import main

CONFIG = """
[server]
environment = "sandbox"
state = "state"
[store]
url = {{ env = "STORE" }}
[replica]
url = {{ env = "REPLICA" }}
[[claims]]
name = "x"
adapter = "synthetic"
[identity]
provider = "sandbox"
"""


def run(folder: Path, command: str, store: str, replica: str) -> Result:
    path = folder / "facade.toml"
    path.write_text(CONFIG.format(), encoding="utf-8")
    return CliRunner().invoke(main, [command, "--config", str(path)], env={"STORE": store, "REPLICA": replica})


@pytest.mark.parametrize("command", ["check", "migrate", "serve"])
@pytest.mark.parametrize(
    "url", ["secret", "mysql://me:secret@host/db", "oracle+x://me:secret@host/db", "sqlite:secret"]
)
def test_a_url_that_cannot_be_used_is_told_by_its_key(tmp_path: Path, command: str, url: str) -> None:
    done = run(tmp_path, command, url, "sqlite://")
    assert done.exit_code in {1, 2}
    assert "store.url: not a URL of a database that can be used here" in done.output
    assert "secret" not in done.output


def test_check_tells_of_both_databases_at_once(tmp_path: Path) -> None:
    done = run(tmp_path, "check", "x", f"sqlite:///{tmp_path}/none/replica.sqlite")
    assert "store.url: not a URL" in done.output
    assert "the replica has another schema than this release needs; run: fhir-facade migrate" in done.output


def test_a_driver_that_is_not_installed_is_told_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    done = run(tmp_path, "check", "postgresql+psycopg://me:secret@host/db", "sqlite://")
    assert "store.url: PostgreSQL needs more packages: pip install 'fhir-facade[postgresql]'" in done.output


def test_each_fault_is_told_once(tmp_path: Path) -> None:
    told = run(tmp_path, "check", "x", "y").output.splitlines()
    assert len(told) == len(set(told))
    assert [line.partition(":")[0] for line in told] == ["store.url", "replica.url"]
