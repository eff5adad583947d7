"""What every test may use: the folder of shared data, the peers that are installed, a quiet environment."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

from tests.peers.postgresql import postgresql
from tests.small import small_config

__all__ = ["postgresql", "small_config"]

PROJECT = Path(__file__).resolve().parent.parent

POSTGRESQL = Path("/usr/lib/postgresql")

PEERS: dict[str, Callable[[], bool]] = {
    "postgresql": lambda: bool(list(POSTGRESQL.glob("*/bin/initdb"))),
    "mariadb": lambda: bool(shutil.which("mariadbd") or shutil.which("mysqld")),
    "redis": lambda: bool(shutil.which("redis-server")),
    "slapd": lambda: bool(shutil.which("slapd") or Path("/usr/sbin/slapd").exists()),
    "nginx": lambda: bool(shutil.which("nginx") or Path("/usr/sbin/nginx").exists()),
    "chromium": lambda: bool(shutil.which("chromium")),
    "node": lambda: bool(shutil.which("node") and shutil.which("npm")),
    "java": lambda: bool(shutil.which("java") and shutil.which("mvn")),
    "spark": lambda: bool(shutil.which("java") and find_spec("pyspark")),
    "xmlsec": lambda: bool(shutil.which("xmlsec1")),
    "wrk": lambda: bool(shutil.which("wrk")),
}
"""Real components that `make test` does not install, and how to see that one is there."""

REQUIRED = os.environ.get("FHIR_FACADE_PEERS") == "required"
FULL = os.environ.get("FHIR_FACADE_COUNTS") == "full"

settings.register_profile("short", derandomize=True)  # a change is judged by its own faults, not by today's dice
settings.register_profile("full", derandomize=False)
settings.load_profile("full" if FULL else "short")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """A test marked ``peer("name")`` is skipped with a reason where the peer is absent, or fails if it is required."""
    for mark in item.iter_markers("peer"):
        for name in mark.args:
            if not PEERS[name]():
                message = f"{name} is not installed on this machine"
                pytest.fail(message) if REQUIRED else pytest.skip(message)


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real claims files and guide packages; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("FHIR_FACADE_SHARED", PROJECT.parent / "shared"))
    if not (folder / "data").is_dir():
        pytest.skip(f"no shared data at {folder}; set FHIR_FACADE_SHARED to the folder that holds data/ and ig/")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_process_of_tests_gives_way() -> Iterator[None]:
    """A test that calls ``sync`` in its own process must not make that an idle one for the tests that follow."""
    with pytest.MonkeyPatch.context() as patch:
        for command in ("sync", "schedule"):
            patch.setattr(f"fhir_facade.cli.{command}.give_way", lambda: None)
        yield


@pytest.fixture(scope="session")
def full_counts() -> bool:
    """True where every property is tried its full number of times (`make reliability`, `make conformance`)."""
    return FULL


NOTES = pytest.StashKey[list[str]]()


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Notes what a property came to, in one sentence with its count.

    The test says which figure it shows by ``@pytest.mark.figure(of="R7")``; ``make reliability`` prints the note with
    figure, database, seed and duration, if the test passed.
    """
    return request.node.stash.setdefault(NOTES, []).append


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Write down how a test that shows a figure went, for ``make reliability``."""
    report = yield
    path = os.environ.get("FHIR_FACADE_FIGURES")
    if path and (report.when == "call" or report.outcome != "passed"):
        database = getattr(item, "callspec", None) and item.callspec.params.get("database")
        for mark in item.iter_markers("figure"):
            outcome = {
                "figure": mark.kwargs["of"],
                "database": database,
                "passed": report.outcome == "passed",
                "note": "; ".join(item.stash.get(NOTES, [])),
                "test": item.name,
                "seconds": report.duration,
            }
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(json.dumps(outcome) + "\n")
    return report
