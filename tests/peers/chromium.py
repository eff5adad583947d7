"""Debian's Chromium, driven by npm's playwright-core, with axe-core looking for what keeps people out."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.peers.running import cache

PACKAGES = ("playwright-core@1.65.1", "axe-core@4.14.1")


def look(base: str, pages: Mapping[str, str], cookies: Mapping[str, str], pictures: Path) -> Sequence[dict[str, Any]]:
    """What is wrong with each page (name → path), at 1024 pixels in English and at 320 in Spanish."""
    folder = cache("chromium-" + "-".join(PACKAGES).replace("@", "-"))
    if not (folder / "node_modules" / "axe-core").is_dir():
        command = ["npm", "install", "--silent", "--prefix", str(folder), *PACKAGES]
        subprocess.run(command, check=True, capture_output=True, timeout=300)
    shutil.copy(Path(__file__).with_name("look.mjs"), folder / "look.mjs")
    pictures.mkdir(parents=True, exist_ok=True)
    asked = {
        "base": base,
        "pages": [{"name": name, "path": path} for name, path in pages.items()],
        "cookies": [{"name": name, "value": value} for name, value in cookies.items()],
        "pictures": str(pictures),
    }
    command = ["node", str(folder / "look.mjs")]
    done = subprocess.run(command, input=json.dumps(asked), capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    report: list[dict[str, Any]] = json.loads(done.stdout)
    return report
