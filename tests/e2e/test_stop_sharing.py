"""*Stop sharing* and *Change what an app sees* hold on every worker of every server within a second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import COMMAND, Sandbox
from tests.e2e.journey import Journey, Tokens, form_with, forms_of
from tests.e2e.test_sandbox import config_of
from tests.peers.running import free_port, running

REDIRECT = "http://127.0.0.1:9/callback"
WORKERS = 2
MOST_CONNECTIONS = 60


@pytest.fixture
def port(sandbox: Sandbox, tmp_path: Path) -> Iterator[int]:
    """A server of its own on the sandbox's databases, besides the sandbox's."""
    port = free_port()
    arguments = ["serve", "--config", str(config_of(sandbox)), "--port", str(port), "--workers", str(WORKERS)]
    environment = {"FHIR_FACADE_STATE": str(sandbox.state)}
    with running([*COMMAND, *arguments], port, tmp_path / "printed", environment):
        yield port


@pytest.fixture
def tokens(sandbox: Sandbox) -> Tokens:
    app = sandbox.run(
        "apps", "add", "--config", str(config_of(sandbox)), "--name", "Stopped", "--redirect-uri", REDIRECT, "--json"
    )
    return Journey(sandbox.base, app["client_id"], REDIRECT).whole("adele", "sandbox-adele", "patient/*.rs")


def workers_of(port: int) -> dict[int, int]:
    """The client's port of each open connection to ``port`` → the process that answers it."""
    lines = [line.split() for line in Path("/proc/net/tcp").read_text(encoding="utf-8").splitlines()[1:]]
    ours = {f"socket:[{line[9]}]": line[2] for line in lines if line[1].endswith(f":{port:04X}")}
    return {
        int(ours[target].partition(":")[2], 16): int(file.parts[2])
        for file in Path("/proc").glob("[0-9]*/fd/*")
        if (target := held_by(file)) in ours
    }


def held_by(file: Path) -> str:
    """What an open file of a process is; nothing when it was just closed, or is another user's."""
    try:
        return str(file.readlink())
    except OSError:
        return ""


def one_client_for_each_worker(port: int, headers: dict[str, str]) -> dict[int, httpx.Client]:
    """Process → a client whose open connection it answers; each has been let in once."""
    clients: dict[int, httpx.Client] = {}
    for _ in range(MOST_CONNECTIONS):
        client = httpx.Client(base_url=f"http://127.0.0.1:{port}/fhir", headers=headers, timeout=30)
        before = set(workers_of(port))
        assert client.get("/Coverage").status_code == 200
        ((_, process),) = [one for one in workers_of(port).items() if one[0] not in before]
        clients.setdefault(process, client) is client or client.close()
        if len(clients) == WORKERS:
            return clients
    pytest.fail(f"{MOST_CONNECTIONS} connections, all to the same worker")


def statuses(clients: dict[int, httpx.Client], path: str) -> list[int]:
    return [client.get(path).status_code for client in clients.values()]


@pytest.mark.figure(of="stop sharing")
def test_stopping_and_narrowing_hold_on_every_worker_within_a_second(
    sandbox: Sandbox, tokens: Tokens, port: int, figure: Callable[[str], None]
) -> None:
    clients = one_client_for_each_worker(port, tokens.headers)
    member = Journey(sandbox.base, "unused", "unused").enter("adele", "sandbox-adele")
    page = member.browser.get(f"{sandbox.base}/members")
    member.send(page, form_with(page, "share"), share=["coverage"])
    narrowed = time.monotonic()
    assert statuses(clients, "/Patient") == [403] * WORKERS
    narrow_took = time.monotonic() - narrowed
    assert statuses(clients, "/Coverage") == [200] * WORKERS
    page = member.browser.get(f"{sandbox.base}/members")
    form = next(form for form in forms_of(page) if form.action == "/members/stop")
    member.send(page, form)
    stopped = time.monotonic()
    assert statuses(clients, "/Coverage") == [401] * WORKERS
    stop_took = time.monotonic() - stopped
    for client in clients.values():
        client.close()
    assert max(stop_took, narrow_took) < 1
    figure(f"on {WORKERS} workers of another server: stop held {stop_took:.3f} s, narrowing {narrow_took:.3f} s later")
