"""A page of ten claims over HTTP, everything on, against what the prescribed server can do at all.

``python -m benchmarks.pages`` compares it with Flask and with bare waitress serving ready bytes of the same size under
the same headers. Both stand behind waitress as it comes, one thread in each of as many processes. The facade's own
worker gets more out of waitress than that; what Flask and bare waitress make of it is printed beside.
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
    serve_plainly,
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
        headers = answer_headers(facade, *viewers[0])
        hello, bare = flask_hello(body, headers), bare_hello(body, headers)
        plain = [request(PATH.format(patient=patient), token) for patient, token in viewers]
        zipped = [request(PATH.format(patient=p), token, Accept_Encoding="gzip") for p, token in viewers]
        variants = {
            "facade": (facade, plain),
            "gzip": (facade, zipped),
            "flask": (stack.enter_context(Server(serve_plainly(hello))), plain),
            "bare": (stack.enter_context(Server(serve_plainly(bare))), plain),
            "flask in our worker": (stack.enter_context(Server(serve_app(hello))), plain),
            "bare in our worker": (stack.enter_context(Server(serve_app(bare))), plain),
        }
        taken: dict[str, list[Load]] = {name: [] for name in variants}
        for _ in range(ROUNDS):
            for name, (server, requests) in variants.items():
                taken[name].append(put_load(server, requests, SECONDS))
    return _bars(taken)


def answer_headers(facade: Server, patient: str, token: str) -> list[tuple[str, str]]:
    """The headers of a page, without those that the server adds to every answer."""
    connection = http.client.HTTPConnection("127.0.0.1", facade.port, timeout=30)
    connection.request("GET", PATH.format(patient=patient), headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    connection.close()
    added = ("content-length", "date", "connection", "server", "via")
    return [(name, value) for name, value in answer.getheaders() if name.lower() not in added]


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
        print(f"{name:>20}: {rate[name]:8,.0f} requests/s, {cpu[name]:6.0f} µs CPU, {size[name]:8,.0f} bytes")
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
