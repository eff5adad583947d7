"""A running sandbox, started by the command that people type."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.kit_apps import (
    asymmetric,
    backend,
    config,
    guide_app,
    keys,
    launch,
    person,
    public,
    secret_app,
    standalone,
)
from tests.peers.running import free_port

__all__ = [
    "asymmetric",
    "backend",
    "config",
    "guide_app",
    "keys",
    "launch",
    "person",
    "public",
    "secret_app",
    "standalone",
]

COMMAND = [str(Path(sys.executable).with_name("fhir-facade"))]
MEMBERS = 30
READY_WITHIN_S = 60


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: its root URL, its state folder, and what it printed."""

    base: str
    state: Path
    printed: str

    @property
    def fhir(self) -> str:
        """The FHIR base."""
        return f"{self.base}/fhir"

    def run(self, *arguments: str) -> Any:
        """What a command prints as JSON on the sandbox's own state."""
        done = command(*arguments, state=self.state)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


def command(*arguments: str, state: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """A finished ``fhir-facade`` command."""
    import os

    surroundings = {**os.environ, "FHIR_FACADE_STATE": str(state), **environment}
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, env=surroundings, timeout=120)


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """The sandbox, ready."""
    state = tmp_path_factory.mktemp("sandbox")
    port = free_port()
    log = state / "printed"
    arguments = ["sandbox", "--port", str(port), "--members", str(MEMBERS), "--state", str(state)]
    with log.open("wb") as output:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=output, stderr=subprocess.STDOUT)
    try:
        printed = wait_for(log, process, r"Serving ")
        yield Sandbox(f"http://localhost:{port}", state, printed)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


def wait_for(log: Path, process: subprocess.Popen[bytes], pattern: str) -> str:
    """What was printed, once it holds the pattern."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        text = log.read_text(encoding="utf-8", errors="replace")
        if re.search(pattern, text):
            return text
        time.sleep(0.1)
    pytest.fail(f"not ready within {READY_WITHIN_S} s: {log.read_text(encoding='utf-8', errors='replace')}")
