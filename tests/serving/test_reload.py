"""At SIGHUP the next workers take what the config says now, unless it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from fhir_facade.app import migrate_databases
from fhir_facade.cli.serve import Current
from fhir_facade.settings import load

CONFIG = """
[server]
environment = "sandbox"
state = "{state}"
[fhir]
page_size = {size}
[[claims]]
name = "x"
adapter = "synthetic"
[identity]
provider = "sandbox"
"""


def written(path: Path, size: object) -> Path:
    path.write_text(CONFIG.format(state=path.parent / "state", size=size))
    return path


def test_a_changed_config_is_taken_and_a_faulty_one_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = written(tmp_path / "facade.toml", 10)
    migrate_databases(load(path))
    current = Current(load(path), lambda: load(path))
    written(path, 20)
    current.read()
    assert current.settings.fhir.page_size == 20
    written(path, 999)
    current.read()
    assert current.settings.fhir.page_size == 20
    assert "go on with the config of before" in capsys.readouterr().err
