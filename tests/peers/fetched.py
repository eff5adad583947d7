"""What tests fetch for themselves, once for all processes that run them: packages of npm, artifacts of Maven."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from tests.peers.running import cache


def fetched(name: str, fetch: Callable[[Path], object]) -> Path:
    """The folder of the user's cache that ``fetch`` filled; whoever comes second waits until it is full."""
    folder = cache(name)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "fetched").exists():
            fetch(folder)
            (folder / "fetched").touch()
    return folder


def from_npm(*packages: str) -> Path:
    """A folder with these packages, each written as ``name@version``."""
    install = ("npm", "install", "--silent", "--no-audit", "--no-fund")

    def fetch(folder: Path) -> None:
        subprocess.run([*install, "--prefix", str(folder), *packages], check=True, capture_output=True, timeout=600)

    return fetched("npm-" + "-".join(package.replace("@", "-").replace("/", "-") for package in packages), fetch)


def beside_packages(folder: Path, script: Path) -> Path:
    """A script's copy in the folder of its packages, written at once: another process may be reading it."""
    copy = folder / script.name
    mine = copy.with_suffix(f".{os.getpid()}")
    mine.write_bytes(script.read_bytes())
    return mine.replace(copy)
