"""A sync takes what is left over of the machine: whoever answers members goes first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_facade.cli.main import main

TWICE = "import os; from fhir_facade.sync.courtesy import give_way; give_way(); give_way(); print(os.nice(0))"


def test_giving_way_twice_is_giving_way_once() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True)
    assert int(done.stdout) == max(10, os.nice(0))


@pytest.mark.parametrize("command", ["sync", "schedule"])
def test_the_commands_that_sync_give_way_before_anything_else(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gave: list[bool] = []
    monkeypatch.setattr(f"fhir_facade.cli.{command}.give_way", lambda: gave.append(True))
    done = CliRunner().invoke(main, [command, "--config", str(tmp_path / "nothing.toml")])
    assert done.exit_code
    assert gave == [True]
