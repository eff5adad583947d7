"""Clients from npm against a running sandbox: CMS's Blue Button library, and SMART's client in a real browser."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.e2e.conftest import Sandbox
from tests.e2e.journey import Journey
from tests.e2e.test_sandbox import REDIRECT, config_of
from tests.peers.node_clients import installed
from tests.peers.running import free_port


def added(sandbox: Sandbox, *arguments: str) -> dict[str, Any]:
    return dict(sandbox.run("apps", "add", "--config", str(config_of(sandbox)), *arguments, "--json"))


def members(sandbox: Sandbox) -> list[dict[str, str]]:
    return list(sandbox.run("members", "--config", str(config_of(sandbox)), "--json"))


@pytest.mark.peer("node")
def test_the_blue_button_library_for_node_works_unmodified(sandbox: Sandbox) -> None:
    app = added(sandbox, "--name", "Node app", "--kind", "confidential", "--redirect-uri", REDIRECT)
    member = next(member for member in members(sandbox) if "1,000" in member["story"])
    folder = installed()
    command = ["node", "blue_button.mjs", sandbox.base, app["client_id"], app["client_secret"], REDIRECT]
    with subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as library:
        assert library.stdout
        way = Journey(sandbox.base, app["client_id"], REDIRECT)
        page = way.follow(way.browser.get(library.stdout.readline().strip()))
        called = way.decide(way.log_in(page, member["username"], member["password"]))
        out, err = library.communicate(json.dumps(called) + "\n", timeout=120)
    assert library.returncode == 0, err
    told = json.loads(out)
    assert told["patient"] == told["profile"] == member["patient"]
    assert told["patients"] == 1
    assert told["coverages"] >= 1
    assert told["pages"] > 1
    assert len(told["claims"]) == len(set(told["claims"])) > 1000
    assert told["renewed"] is True
    assert told["again"] == 200


@pytest.mark.peer("node", "chromium")
def test_smarts_javascript_client_launches_from_another_origin_in_chromium(sandbox: Sandbox) -> None:
    port = free_port()
    app = added(sandbox, "--name", "Page app", "--redirect-uri", f"http://127.0.0.1:{port}/index.html")
    member = members(sandbox)[0]
    command = ["node", "smart_app.mjs", sandbox.fhir, app["client_id"], str(port)]
    done = subprocess.run(
        [*command, member["username"], member["password"]],
        cwd=installed(),
        env=os.environ | {"CHROMIUM": shutil.which("chromium") or ""},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert "error" not in told, told
    assert told["patient"] == told["member"] == told["user"] == member["patient"]
    assert told["claims"] >= 1
    assert told["coverages"] >= 1
    assert told["renewed"] is True
