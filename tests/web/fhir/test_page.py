"""The API page in a real browser, under its own Content-Security-Policy."""

from __future__ import annotations

import subprocess

import pytest

from tests.web.fhir.memory import MemoryResources, member
from tests.web.fhir.world import listening


def dom(url, folder):
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}"]
    command += ["--enable-logging=stderr", "--virtual-time-budget=15000", "--dump-dom", url]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode(), done.stderr.decode()


@pytest.mark.peer("chromium")
def test_the_api_page_shows_every_type_and_breaks_no_rule_of_its_policy(tmp_path):
    resources = MemoryResources()
    member(resources, "alice")
    with listening(resources) as world:
        page, log = dom(world.base.removesuffix("/fhir") + "/api-docs", tmp_path)
    assert "Search ExplanationOfBenefit" in page
    assert "What this server can do (CapabilityStatement)" in page
    assert "Refused to" not in log, log


@pytest.mark.peer("chromium")
def test_a_browser_at_a_fhir_url_sees_a_styled_page(tmp_path):
    resources = MemoryResources()
    with listening(resources) as world:
        page, log = dom(world.base + "/metadata", tmp_path)
    assert "<h1>FHIR answer, status 200</h1>" in page
    assert "Refused to" not in log, log
