"""Debian's Chromium, driven by npm's playwright-core, with axe-core looking for what keeps people out."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.peers.fetched import beside_packages, from_npm

PACKAGES = ("playwright-core@1.65.1", "axe-core@4.14.1")


def installed(script: str) -> Path:
    """The script beside its packages; fetched at the first call."""
    return beside_packages(from_npm(*PACKAGES), Path(__file__).with_name(script))


def passkey(base: str, invitation: str, password: str) -> dict[str, bool]:
    """Whether a passkey was made with an invitation, and used at the next log-in."""
    command = ["node", str(installed("passkey.mjs")), base, invitation, password]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    outcome: dict[str, bool] = json.loads(done.stdout)
    return outcome


def look(base: str, pages: Mapping[str, str], cookies: Mapping[str, str], pictures: Path) -> Sequence[dict[str, Any]]:
    """What is wrong with each page (name → path), at 1024 pixels in English and at 320 in Spanish."""
    pictures.mkdir(parents=True, exist_ok=True)
    asked = {
        "base": base,
        "pages": [{"name": name, "path": path} for name, path in pages.items()],
        "cookies": [{"name": name, "value": value} for name, value in cookies.items()],
        "pictures": str(pictures),
    }
    command = ["node", str(installed("look.mjs"))]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    report: list[dict[str, Any]] = json.loads(done.stdout)
    return report
