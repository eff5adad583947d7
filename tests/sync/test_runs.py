"""A source that hangs holds up neither the others nor the alarms, and nothing is left running behind the scheduler."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fhir_facade.cli import runs as runs_module
from fhir_facade.cli import schedule
from fhir_facade.cli.runs import Runs
from fhir_facade.contracts.sections import Settings, SourceSettings
from fhir_facade.settings import load
from fhir_facade.sync.schedule import parse
from tests.serving.test_workers import until
from tests.sync.test_recurring import config

__all__ = ["config"]


@pytest.fixture
def runs() -> Iterator[Runs]:
    found = Runs()
    yield found
    found.end()


def test_one_source_runs_at_a_time(runs: Runs) -> None:
    runs.begin("first", lambda: time.sleep(1))
    assert not runs.may_begin("first")
    assert not runs.may_begin("second")
    until(lambda: runs.may_begin("second") and runs.may_begin("first"))


def test_a_run_of_more_than_an_hour_holds_up_no_other_but_is_not_begun_twice(
    runs: Runs, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs.begin("first", lambda: time.sleep(60))
    monkeypatch.setattr(runs_module, "HOLDS_UP_S", 0.0)
    assert runs.may_begin("second")
    assert not runs.may_begin("first")


@pytest.mark.parametrize("run", [lambda: 1 // 0, lambda: os._exit(3)])
def test_a_run_that_dies_may_begin_again(runs: Runs, run: Callable[[], object]) -> None:
    runs.begin("first", run)
    until(lambda: runs.may_begin("first"))


def test_a_source_that_hangs_leaves_the_others_and_the_alarms_in_peace(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(schedule, "LOOK_S", 0.2)
    monkeypatch.setattr(runs_module, "HOLDS_UP_S", 1.0)
    hung = config.parent / "hung"
    other = config.parent / "other"

    def run(settings: Settings, entry: SourceSettings) -> bool:
        if entry.name == "gone":
            hung.write_text(str(os.getpid()))
            time.sleep(60)
        other.touch()
        return True

    monkeypatch.setattr(schedule, "run", run)
    stopping = threading.Event()
    plans = {name: parse("every 1 minute") for name in ("gone", "state")}
    keeping = threading.Thread(target=schedule.keep, args=(load(config), plans, stopping))
    keeping.start()
    try:
        until(hung.exists)
        until(other.exists)
    finally:
        stopping.set()
        keeping.join(20)
    assert not Path(f"/proc/{hung.read_text()}").exists()
    assert capsys.readouterr().err.count("ALARM state") == 1
