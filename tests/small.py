"""The smallest facade: a sandbox over one invented source."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_facade.app import migrate_databases
from fhir_facade.settings import load

SOURCE = """
[[claims]]
name = "{name}"
adapter = "synthetic"
[claims.synthetic]
members = 21
"""
SMALL = f"""
[server]
environment = "sandbox"
{SOURCE.format(name="medical").strip()}
[identity]
provider = "sandbox"
"""
"""Tables that a test adds may follow; those of other sources, too."""


@pytest.fixture
def small_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config file of one, with its databases, whose state every command of the test finds."""
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "state"))
    path = tmp_path / "facade.toml"
    path.write_text(SMALL, encoding="utf-8")
    migrate_databases(load(path))
    return path
