"""Whatever an adapter raises, and wherever, it is named in one line, and the other sources are synced all the same."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from fhir_facade import plugins
from fhir_facade.cli.main import main

CONFIG = """
[server]
environment = "sandbox"
[[claims]]
name = "bad"
adapter = "synthetic"
schedule = "every 1 minute"
[claims.synthetic]
members = 21
[[claims]]
name = "good"
adapter = "synthetic"
schedule = "every 1 minute"
[claims.synthetic]
members = 22
[identity]
provider = "sandbox"
"""
RAISED = "source-raised: {} raised {} (test_plugins_that_raise.py, line "
ERRORS = [ValueError("of somebody's row"), SystemExit(3)]


class Raising:
    """A source that raises at one point, and is honest elsewhere."""

    def __init__(self, honest: Any, point: str, error: BaseException) -> None:
        self._honest, self._point, self._error = honest, point, error

    def _ask(self, point: str) -> Any:
        if point == self._point:
            raise self._error
        return self._honest

    @property
    def capabilities(self) -> Any:
        return self._ask("capabilities").capabilities

    def progress(self) -> Any:
        return self._ask("progress").progress()

    def changes(self, watermark: str | None) -> Iterator[Any]:
        yield from self._ask("changes").changes(watermark)

    def check(self) -> Any:
        return self._ask("check").check()

    def close(self) -> None:
        self._ask("close").close()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FHIR_FACADE_STATE", str(tmp_path / "state"))
    (tmp_path / "facade.toml").write_text(CONFIG, encoding="utf-8")
    assert run("migrate", tmp_path / "facade.toml").exit_code == 0
    return tmp_path / "facade.toml"


def run(command: str, config: Path, *more: str) -> Result:
    return CliRunner().invoke(main, [*command.split(), "--config", str(config), *more])


def spoil(monkeypatch: pytest.MonkeyPatch, point: str, error: BaseException) -> None:
    """Have the source ``bad`` raise at that point."""
    find = plugins.find

    def found(group: str, name: str) -> Any:
        plugin = find(group, name)
        if name != "synthetic":
            return plugin

        def opened(settings: Any, context: Any) -> Any:
            if context.name != "bad":
                return plugin.open(settings, context)
            if point == "open":
                raise error
            return Raising(plugin.open(settings, context), point, error)

        return replace(plugin, open=opened)

    monkeypatch.setattr(plugins, "find", found)


@pytest.mark.parametrize("point", ["open", "capabilities", "progress", "changes"])
@pytest.mark.parametrize("error", ERRORS)
def test_a_sync_of_all_and_the_scheduler_go_on_with_the_other_sources(
    config: Path, monkeypatch: pytest.MonkeyPatch, point: str, error: BaseException
) -> None:
    spoil(monkeypatch, point, error)
    everything = run("sync", config, "--all", "--workers", "1")
    scheduled = run("schedule", config, "--once")

    whose = "the adapter synthetic" if point == "open" else "the source"
    fault = RAISED.format(whose, type(error).__name__)
    assert (everything.exit_code, scheduled.exit_code) == (1, 1)
    assert f"bad: {fault}" in everything.stderr
    assert "good:\n  written: 22 Patient" in everything.stdout
    assert f"bad: failed: {fault}" in scheduled.stderr
    assert "of somebody's row" not in everything.output + scheduled.output


@pytest.mark.parametrize("point", ["open", "capabilities", "check"])
@pytest.mark.parametrize("error", ERRORS)
def test_check_names_it_among_the_faults(
    config: Path, monkeypatch: pytest.MonkeyPatch, point: str, error: BaseException
) -> None:
    spoil(monkeypatch, point, error)
    done = run("check", config)

    whose = "the adapter synthetic" if point == "open" else "the source"
    assert done.exit_code == 1
    assert done.stderr.startswith("claims bad: " + RAISED.format(whose, type(error).__name__))
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("error", ERRORS)
def test_a_source_that_cannot_be_closed_costs_no_run(
    config: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    spoil(monkeypatch, "close", error)
    assert run("sync", config, "bad").exit_code == 0
    assert run("check", config).exit_code == 0
    assert run("adapter check --source bad", config, "--members", "2").exit_code == 0
