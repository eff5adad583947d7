"""The commands of the page, in their order: files written, synced, log-ins listed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_facade.cli.main import main

PROJECT = Path(__file__).resolve().parents[3]
CONFIG = str(PROJECT / "config/tmsis-example.toml")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(main, list(arguments))
    assert result.exit_code == 0, result.output
    return result.stdout


def test_the_commands_of_the_page_lead_from_files_to_log_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "var"))
    monkeypatch.setenv("TMSIS_FOLDER", "files")
    page = (PROJECT / "docs/plugins/tmsis.md").read_text(encoding="utf-8")
    for command in ("tmsis generate", "migrate", "sync medicaid", "members"):
        assert f"fhir-facade {command}" in page

    claims = json.loads(run("tmsis", "generate", "files", "--members", "22", "--json"))["claims"]
    run("migrate", "--config", CONFIG)
    report = json.loads(run("sync", "medicaid", "--config", CONFIG, "--json").splitlines()[-1])
    assert (report["written"]["ExplanationOfBenefit"], report["rejected"]) == (claims, 0)
    people = json.loads(run("members", "--config", CONFIG, "--json"))
    assert len(people) == report["written"]["Patient"]


@pytest.mark.parametrize(
    ("option", "value", "fault"),
    [
        ("--state", "XX", "state: XX is no federal number of a state, such as 06 for California\n"),
        ("--created", "2026-13-01", "created: 2026-13-01 is no day, such as 2026-10-31\n"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(tmp_path: Path, option: str, value: str, fault: str) -> None:
    done = CliRunner().invoke(main, ["tmsis", "generate", str(tmp_path / "files"), option, value])
    assert (done.exit_code, done.stderr) == (2, fault)
    assert not (tmp_path / "files").exists()
