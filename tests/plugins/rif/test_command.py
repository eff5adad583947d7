"""The command of the README: CMS's files in, a copy out; a second run writes nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from fhir_facade.cli.main import main
from tests.plugins.rif.extract import member, write

CONFIG = Path(__file__).resolve().parents[3] / "config/rif-example.toml"


def sync(expected: int = 0) -> dict[str, Any]:
    result = CliRunner().invoke(main, ["sync", "rif", "--config", str(CONFIG), "--json"])
    assert result.exit_code == expected, result.output
    line = next(line for line in result.stdout.splitlines() if line.startswith("{"))
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.fixture
def state(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "var"))
    monkeypatch.setenv("RIF_FOLDER", str(shared / "data/rif/synthea"))
    return tmp_path


def test_the_first_sync_needs_no_command_before_it_and_the_second_writes_nothing(state: Path) -> None:
    first, second = sync(), sync()
    assert (first["written"]["Patient"], first["written"]["ExplanationOfBenefit"]) == (3, 107)
    assert (first["rejected"], second["rejected"]) == (0, 0)
    assert not any(second["written"].values())
    assert second["unchanged"] == first["written"]


def test_rejects_are_listed_with_file_line_and_reason_and_the_command_fails(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = state / "rif"
    folder.mkdir()
    member(folder)
    write(folder, "carrier", {"CLM_ID": "1"}, {"CLM_ID": "2", "CLM_FROM_DT": "30-Feb-2020"})
    monkeypatch.setenv("RIF_FOLDER", str(folder))
    report = sync(expected=1)
    assert (report["rejected"], report["written"]["ExplanationOfBenefit"]) == (1, 1)
    (listed,) = (state / "var").glob("rejects-rif.csv")
    assert "carrier.csv,3," in listed.read_text(encoding="utf-8")
