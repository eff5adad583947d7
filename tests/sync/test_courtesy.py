"""A sync takes what is left over of the machine: whoever answers members goes first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from fhir_facade.cli.main import main
from fhir_facade.sync.courtesy import READER

TWICE = "import os; from fhir_facade.sync.courtesy import give_way; give_way(); give_way(); print(os.nice(0))"


def test_giving_way_twice_is_giving_way_once() -> None:
    done = subprocess.run([sys.executable, "-c", TWICE], capture_output=True, text=True, check=True)
    assert int(done.stdout) == max(10, os.nice(0))


@pytest.mark.skipif(not hasattr(os, "SCHED_IDLE"), reason="this system has no idle processes")
@pytest.mark.parametrize("before", ["give_way();", ""])
def test_a_process_that_maps_runs_only_where_nobody_else_wants_to_if_the_run_gives_way(before: str) -> None:
    idle = bool(before) or os.nice(0) >= READER  # tests that ran a sync in this very process gave way for good
    told = f"from fhir_facade.sync.courtesy import give_way, take_what_is_left; {before} take_what_is_left()"
    program = f"import os; {told}; print(os.nice(0), os.sched_getscheduler(0) == os.SCHED_IDLE)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(19 if idle else os.nice(0)), str(idle)]


@pytest.mark.parametrize("command", ["sync", "schedule"])
def test_the_commands_that_sync_give_way_before_anything_else(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gave: list[bool] = []
    monkeypatch.setattr(f"fhir_facade.cli.{command}.give_way", lambda: gave.append(True))
    done = CliRunner().invoke(main, [command, "--config", str(tmp_path / "nothing.toml")])
    assert done.exit_code
    assert gave == [True]
