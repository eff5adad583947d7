"""An address that cannot be listened on is named at once, with the option that chooses another."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from socket import socket

import pytest
from click.testing import CliRunner, Result

from fhir_facade.app import migrate_databases
from fhir_facade.cli.main import main
from fhir_facade.serving.workers import bound_socket
from fhir_facade.settings import load
from tests.serving.test_reload import written


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody else listens on."""
    with bound_socket("127.0.0.1", 0) as other:
        yield int(other.getsockname()[1])


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = written(tmp_path / "facade.toml", 10)
    migrate_databases(load(path))
    return path


def serve(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["serve", "--config", str(config), *arguments])


def test_a_taken_port_is_named(config: Path, taken: int) -> None:
    done = serve(config, "--port", str(taken))
    assert done.exit_code == 2
    assert f"cannot listen on 127.0.0.1:{taken}" in done.output
    assert "--port" in done.output


def test_a_taken_admin_port_is_named(config: Path, taken: int) -> None:
    done = serve(config, "--port", "0", "--admin-port", str(taken))
    assert done.exit_code == 2
    assert "choose another --admin-port" in done.output
    assert "Serving" not in done.output


@pytest.mark.parametrize(
    "wrong",
    [("--port", "65536"), ("--port", "-1"), ("--admin-port", "99999"), ("--threads", "-1"), ("--memory-mb", "-1")],
)
def test_a_number_that_cannot_be_is_wrong_use(config: Path, wrong: tuple[str, str]) -> None:
    assert serve(config, *wrong).exit_code == 2


def test_a_sandbox_says_that_its_port_is_taken_before_it_makes_anything(tmp_path: Path, taken: int) -> None:
    state = tmp_path / "state"
    done = CliRunner().invoke(main, ["sandbox", "--port", str(taken), "--state", str(state)])
    assert done.exit_code == 2
    assert "choose another --port" in done.output
    assert "The sandbox" not in done.output
    assert not state.exists()


def test_a_sandbox_needs_a_port_that_can_be_printed() -> None:
    assert CliRunner().invoke(main, ["sandbox", "--port", "0"]).exit_code == 2


def test_what_is_bound_can_be_connected_to() -> None:
    with bound_socket("127.0.0.1", 0) as listener, socket() as client:
        client.connect(listener.getsockname())
