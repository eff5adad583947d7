"""Clients from npm, unmodified: CMS's Blue Button library, SMART's JavaScript client, and a driver for Chromium."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tests.peers.running import cache

PACKAGES = ("cms-bluebutton-sdk@1.0.13", "fhirclient@2.6.3", "playwright-core@1.56.1")


def installed() -> Path:
    """The folder with the packages and the scripts that use them; fetched at the first call."""
    folder = cache("node-clients-" + "-".join(package.rpartition("@")[2] for package in PACKAGES))
    if not all((folder / "node_modules" / package.rpartition("@")[0]).is_dir() for package in PACKAGES):
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), *PACKAGES]
        subprocess.run(command, check=True, capture_output=True, timeout=600)
    for script in ("blue_button.mjs", "smart_app.mjs"):
        shutil.copy(Path(__file__).with_name(script), folder / script)
    return folder
