"""A page of ten claims over HTTP, everything on, against what the prescribed server can do at all.

``python -m benchmarks.pages`` compares it with Flask and with bare waitress serving ready bytes of the same size.
"""

from __future__ import annotations

import http.client
import tempfile
from contextlib import ExitStack
from pathlib import Path

from benchmarks.facade import (
    VIEWERS,
    Bench,
    bare_hello,
    facade_app,
    flask_hello,
    prepare,
    request,
    serve_app,
)
from benchmarks.measure import Bar, Load, Server, put_load

MEMBERS = 72
SECONDS = 2.0
ROUNDS = 5
PATH = "/fhir/ExplanationOfBenefit?patient={patient}&_count=10"


def run() -> list[Bar]:
    """Every figure of this page."""
    with tempfile.TemporaryDirectory() as folder:
        return _compare(prepare(Path(folder), MEMBERS))


def _compare(bench: Bench) -> list[Bar]:
    with ExitStack() as stack:
        facade = stack.enter_context(Server(serve_app(facade_app(bench))))
        pages = full_pages(facade, bench)
        body = sorted(pages.values(), key=len)[len(pages) // 2]
        viewers = [viewer for viewer in bench.viewers if viewer[0] in pages]
        hello = stack.enter_context(Server(serve_app(flask_hello(body))))
        bare = stack.enter_context(Server(serve_app(bare_hello(body))))
        plain = [request(PATH.format(patient=patient), token) for patient, token in viewers]
        zipped = [request(PATH.format(patient=p), token, Accept_Encoding="gzip") for p, token in viewers]
        taken: dict[str, list[Load]] = {"facade": [], "gzip": [], "flask": [], "bare": []}
        for _ in range(ROUNDS):
            taken["facade"].append(put_load(facade, plain, SECONDS))
            taken["gzip"].append(put_load(facade, zipped, SECONDS))
            taken["flask"].append(put_load(hello, plain, SECONDS))
            taken["bare"].append(put_load(bare, plain, SECONDS))
    return _bars(taken)


def full_pages(facade: Server, bench: Bench) -> dict[str, bytes]:
    """A full first page of each viewer that has one."""
    found: dict[str, bytes] = {}
    for patient, token in bench.viewers:
        connection = http.client.HTTPConnection("127.0.0.1", facade.port, timeout=30)
        connection.request("GET", PATH.format(patient=patient), headers={"Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"{answer.status}: {body[:500]!r}")
        if b'"relation":"next"' in body:
            found[patient] = body
        if len(found) == VIEWERS:
            break
    return found


def _bars(taken: dict[str, list[Load]]) -> list[Bar]:
    for name, loads in taken.items():
        wrong = {status: count for load in loads for status, count in load.statuses.items() if status != "200"}
        if wrong:
            raise RuntimeError(f"{name} answered {wrong}")
    rate = {name: _median([load.rate for load in loads]) for name, loads in taken.items()}
    cpu = {name: _median([load.cpu_per_request for load in loads]) for name, loads in taken.items()}
    size = {name: _median([load.bytes / load.requests for load in loads]) for name, loads in taken.items()}
    for name in taken:
        print(f"{name:>8}: {rate[name]:8,.0f} requests/s, {cpu[name]:6.0f} µs CPU, {size[name]:8,.0f} bytes")
    return [
        Bar("page of 10 / Flask hello, requests per second", rate["facade"] / rate["flask"], 0.65, at_least=True),
        Bar("page of 10 / bare waitress, requests per second", rate["facade"] / rate["bare"], 0.40, at_least=True),
        Bar("page of 10 / Flask hello, CPU per request", cpu["facade"] / cpu["flask"], 1.5, at_least=False),
        Bar("gzip / identity, CPU per request", cpu["gzip"] / cpu["facade"], 1.15, at_least=False),
        Bar("gzip / identity, bytes", size["gzip"] / size["facade"], 1 / 12, at_least=False),
    ]


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


if __name__ == "__main__":
    for bar in run():
        print(bar)
