"""The adapter tutorial works: its commands are run in its order, in an empty folder, with nothing prepared."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.peers.running import free_port

PROJECT = Path(__file__).resolve().parent.parent
BLOCK = re.compile(r"```sh\n(.*?)```", re.S)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the facade's wheel, as a package index would give it."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    source = folder / "source"
    ignore = ["--exclude=.venv", "--exclude=.git", "--exclude=build", "--exclude=*.egg-info", "--exclude=var"]
    source.mkdir()
    tar = subprocess.run(["tar", "-C", str(PROJECT), *ignore, "-cf", "-", "."], check=True, capture_output=True)
    subprocess.run(["tar", "-C", str(source), "-xf", "-"], input=tar.stdout, check=True)
    subprocess.run([*command, str(source)], check=True, capture_output=True, text=True)
    return folder


def commands(port: int) -> str:
    """Every command of the page, one after another."""
    text = (PROJECT / "docs/adapters/tutorial.md").read_text(encoding="utf-8")
    return "set -eu\n" + "\n".join(BLOCK.findall(text)).replace("8000", str(port))


def test_following_the_tutorial_literally_gives_a_claim(tmp_path: Path, wheel: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": sysconfig.get_path("purelib"),  # the libraries that pip would fetch
        "PIP_FIND_LINKS": str(wheel),
        "PIP_NO_INDEX": "1",
        "PIP_NO_DEPS": "1",
        "PIP_IGNORE_INSTALLED": "1",
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }

    done = subprocess.run(
        ["bash", "-c", commands(free_port())],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert '"resourceType":"ExplanationOfBenefit"' in done.stdout
    assert done.stdout.count("acme: ready to publish\n  2 members, 3 claims, 0 left out") == 2
    assert done.stdout.count("18 passed") == 2
    assert "data quality" in (tmp_path / "fhir-facade-claims-acme/report.html").read_text(encoding="utf-8")
