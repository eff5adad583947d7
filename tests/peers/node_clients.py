"""Clients from npm, unmodified: CMS's Blue Button library, SMART's JavaScript client, and a driver for Chromium."""

from __future__ import annotations

from pathlib import Path

from tests.peers.fetched import beside_packages, from_npm

PACKAGES = ("cms-bluebutton-sdk@1.0.13", "fhirclient@2.6.3", "playwright-core@1.56.1")


def installed() -> Path:
    """The folder with the packages and the scripts that use them; fetched at the first call."""
    folder = from_npm(*PACKAGES)
    for script in ("blue_button.mjs", "smart_app.mjs"):
        beside_packages(folder, Path(__file__).with_name(script))
    return folder
