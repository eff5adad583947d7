"""An operator's list of members names those that the config serves, and no others of the same copy."""

from __future__ import annotations

from pathlib import Path

from fhir_facade.app import migrate_databases
from fhir_facade.app.sandbox import test_log_ins as log_ins
from fhir_facade.app.syncing import sync_source
from fhir_facade.settings import load
from tests.plugins.rif import extract

CONFIG = """
[server]
environment = "sandbox"
state = "state"
[[claims]]
name = "{name}"
adapter = "rif"
[claims.rif]
folder = "{name}"
[identity]
provider = "sandbox"
"""


def patients_of(folder: Path, name: str, number: int) -> list[str]:
    """The members that a config with this source lists, once it is synced."""
    (folder / name).mkdir()
    extract.write(folder / name, "beneficiary", {"BENE_ID": f"{number}", "MBI_NUM": f"1S00E00AA0{number}"})
    path = folder / f"{name}.toml"
    path.write_text(CONFIG.format(name=name), encoding="utf-8")
    settings = load(path)
    migrate_databases(settings)
    sync_source(settings, name)
    return [row["patient"] for row in log_ins(settings, 10)]


def test_members_of_a_source_that_the_config_does_not_name_are_not_listed(tmp_path: Path) -> None:
    assert patients_of(tmp_path, "first", 1) == ["first-1"]
    assert patients_of(tmp_path, "second", 2) == ["second-2"]
