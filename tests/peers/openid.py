"""npm's oidc-provider: a certified OpenID Provider, with two people and any clients a test wants."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from tests.peers.fetched import beside_packages, from_npm
from tests.peers.running import free_port, running

VERSION = "9.13.3"
PEOPLE = {
    "maria": {"medicaid_id": "A1", "birthdate": "1960-01-02", "acr": "urn:test:ial2"},
    "weak": {"medicaid_id": "A1", "acr": "urn:test:ial1"},
    "nobody": {"medicaid_id": "unknown", "acr": "urn:test:ial2"},
    "twins": {"medicaid_id": "TWO", "acr": "urn:test:ial2"},
    "huge": {"medicaid_id": "A1", "acr": "urn:test:ial2"},
}


def installed() -> Path:
    """The folder with the provider's packages; fetched at the first call."""
    folder = from_npm(f"oidc-provider@{VERSION}")
    beside_packages(folder, Path(__file__).with_name("op.mjs"))
    return folder


@contextmanager
def openid_provider(
    clients: Sequence[Mapping[str, Any]], log: Path, people: Mapping[str, Mapping[str, Any]] = PEOPLE
) -> Iterator[str]:
    """The issuer URL of a running provider."""
    port, folder = free_port(), installed()
    command = ["node", str(folder / "op.mjs"), str(port), json.dumps(list(clients)), json.dumps(people)]
    with running(command, port, log, cwd=folder):
        yield f"http://127.0.0.1:{port}"


def walk(start: str, callback: str, person: str = "maria", *, cancel: bool = False) -> dict[str, str]:
    """Log in as a browser would; the parameters with which the provider sends it back to ``callback``."""
    browser = requests.Session()
    browser.trust_env = False
    answer = browser.get(start, allow_redirects=False, timeout=10)
    for _ in range(15):
        assert answer.is_redirect, f"{answer.status_code} {answer.text[:500]}"
        target = urljoin(answer.url, answer.headers["Location"])
        if target.startswith(callback):
            return dict(parse_qsl(urlsplit(target).query))
        if "/interaction/" in target:
            target += "?cancel=1" if cancel else f"?person={person}"
        answer = browser.get(target, allow_redirects=False, timeout=10)
    raise AssertionError("the provider never came back")
