"""Everything else that apps ask over HTTP, each beside a Flask hello-world that returns the same bytes.

``python -m benchmarks.endpoints`` measures a fourth page, a page with includes, a read, a conditional read that is
answered 304, the CapabilityStatement, and a search that filters.
"""

from __future__ import annotations

import http.client
import json
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.facade import Bench, facade_app, flask_hello, prepare, request, serve_app, serve_plainly
from benchmarks.measure import Bar, Load, Server, put_load
from benchmarks.pages import MEMBERS, ROUNDS, SECONDS, full_pages

CLAIMS = "/fhir/ExplanationOfBenefit"
BOUNDS = {
    "fourth page": 3.0,
    "page with includes": 6.0,
    "filtered page": 3.0,
    "read": 2.5,
    "not modified": 2.5,
    "metadata": 1.5,
}
"""The most CPU each may take, in hello-worlds of its own bytes: a guard against getting slower unseen."""


def run() -> list[Bar]:
    """Every figure of this page."""
    with tempfile.TemporaryDirectory() as folder:
        return _compare(prepare(Path(folder), MEMBERS))


def _compare(bench: Bench) -> list[Bar]:
    with ExitStack() as stack:
        facade = stack.enter_context(Server(serve_app(facade_app(bench))))
        asked = _asked(facade, bench)
        variants: dict[str, tuple[Server, bytes]] = {}
        for name, (path, token, headers) in asked.items():
            answer = _get(facade, path, token, headers)
            kept = [(key, value) for key, value in answer.getheaders() if key.lower() in ("content-type", "vary")]
            hello = stack.enter_context(Server(serve_plainly(flask_hello(answer.read(), kept))))
            variants[name] = facade, request(path, token, **headers)
            variants[f"{name}, Flask"] = hello, request(CLAIMS, token)
        taken: dict[str, list[Load]] = {name: [] for name in variants}
        for _ in range(ROUNDS):
            for name, (server, sent) in variants.items():
                taken[name].append(put_load(server, [sent], SECONDS / 2))
    return _bars(taken)


def _asked(facade: Server, bench: Bench) -> Mapping[str, tuple[str, str, dict[str, str]]]:
    """What is asked, by name: path, token, headers."""
    patient, body = next(iter(full_pages(facade, bench).items()))
    token = dict(bench.viewers)[patient]
    first: dict[str, Any] = json.loads(body)
    fourth = first
    for _ in range(3):
        following = next(link["url"] for link in fourth["link"] if link["relation"] == "next")
        path = f"{urlsplit(following).path}?{urlsplit(following).query}"
        fourth = json.loads(_get(facade, path, token, {}).read())
    claim = first["entry"][0]["resource"]
    read = f"{CLAIMS}/{claim['id']}"
    return {
        "fourth page": (path, token, {}),
        "page with includes": (f"{CLAIMS}?_include=ExplanationOfBenefit:*&_count=10", token, {}),
        "filtered page": (f"{CLAIMS}?service-date=ge2000-01-01&status=active&_count=10", token, {}),
        "read": (read, token, {}),
        "not modified": (read, token, {"If_None_Match": f'W/"{claim["meta"]["versionId"]}"'}),
        "metadata": ("/fhir/metadata", token, {}),
    }


def _get(facade: Server, path: str, token: str, headers: Mapping[str, str]) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", facade.port, timeout=30)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"} | sent)
    answer = connection.getresponse()
    if answer.status not in (200, 304):
        raise RuntimeError(f"{path}: {answer.status}")
    return answer


def _bars(taken: Mapping[str, list[Load]]) -> list[Bar]:
    rate = {name: sorted(load.rate for load in loads)[len(loads) // 2] for name, loads in taken.items()}
    cpu = {name: sorted(load.cpu_per_request for load in loads)[len(loads) // 2] for name, loads in taken.items()}
    for name in taken:
        print(f"{name:>27}: {rate[name]:8,.0f} requests/s, {cpu[name]:6.0f} µs CPU")
    return [
        Bar(f"{name} / Flask hello, CPU per request", cpu[name] / cpu[f"{name}, Flask"], bound, at_least=False)
        for name, bound in BOUNDS.items()
    ]


if __name__ == "__main__":
    for bar in run():
        print(bar)
