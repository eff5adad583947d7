"""A sync takes what is left over of the machine: whoever answers members goes first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_facade.cli.main import main

TWICE = """
import os
from fhir_facade.sync.courtesy import give_way
give_way()
give_way()
if os.fork():
    os.wait()
print(os.nice(0), os.sched_getscheduler(0) == os.SCHED_IDLE)
"""


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="this system has no idle processes")
def test_a_process_that_gives_way_and_what_comes_of_it_run_only_where_nobody_else_wants_to() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["19 True", "19 True"]


@pytest.mark.parametrize("command", ["sync", "schedule"])
def test_the_commands_that_sync_give_way_before_anything_else(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gave: list[bool] = []
    monkeypatch.setattr(f"fhir_facade.cli.{command}.give_way", lambda: gave.append(True))
    done = CliRunner().invoke(main, [command, "--config", str(tmp_path / "nothing.toml")])
    assert done.exit_code
    assert gave == [True]
