"""A refresh token for the next pair, beside a Flask hello-world that returns the same bytes.

``python -m benchmarks.tokens``: every request spends a token of its own, so that each of them is a whole transaction:
the client, the token, its grant, the link to the member, two new tokens, the audit line.
"""

from __future__ import annotations

import http.client
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.facade import Bench, facade_app, flask_hello, prepare, request, serve_app, serve_plainly
from benchmarks.measure import Bar, Load, Server, put_load
from fhir_facade.access.scopes import Scopes
from fhir_facade.app.parts import open_parts
from fhir_facade.app.sandbox import ensure_demo_app
from fhir_facade.oauth.issuing import Pair, fresh_pair, keep
from fhir_facade.store.grants import Grants, StoredGrant
from fhir_facade.store.secrets import new_id

MEMBERS = 3
ROUNDS = 5
SECONDS = 1.0
MOST_A_SECOND = 4_000
"""More refreshes than two processes can answer: no token is sent twice."""

BOUND = 14.0
"""The most CPU a refresh may take, in hello-worlds of its own bytes: a guard against getting slower unseen."""

_PATH = "/oauth/token"
_HELLO = "/fhir/ExplanationOfBenefit"


def run() -> list[Bar]:
    """Every figure of this page."""
    with tempfile.TemporaryDirectory() as folder:
        return _compare(prepare(Path(folder), MEMBERS))


def _compare(bench: Bench) -> list[Bar]:
    app_id, pairs = _granted(bench, int(ROUNDS * SECONDS * MOST_A_SECOND) + 1)
    first, requests = pairs[0], [_refresh(app_id, pair) for pair in pairs[1:]]
    with ExitStack() as stack:
        facade = stack.enter_context(Server(serve_app(facade_app(bench))))
        answer = _answer(facade, app_id, first)
        kept = [(key, value) for key, value in answer.getheaders() if key.lower() in ("content-type", "cache-control")]
        hello = stack.enter_context(Server(serve_plainly(flask_hello(answer.read(), kept))))
        ours: list[Load] = []
        theirs: list[Load] = []
        for round_ in range(ROUNDS):
            ours.append(put_load(facade, requests[round_::ROUNDS], SECONDS))
            theirs.append(put_load(hello, [request(_HELLO, "")], SECONDS))
    return _bars(ours, theirs)


def _granted(bench: Bench, count: int) -> tuple[str, list[Pair]]:
    """The demo app's id, and ``count`` pairs of tokens, each of a grant of its own."""
    parts = open_parts(bench.settings)
    app, server = ensure_demo_app(parts), parts.server
    patient, scopes, now = bench.viewers[0][0], Scopes.parse("patient/*.rs offline_access"), server.clock()
    pairs = [fresh_pair(renewable=True) for _ in range(count)]
    with server.store.write() as connection:
        for pair in pairs:
            grant = StoredGrant(
                grant_id=new_id(),
                app_id=app.app_id,
                patient=patient,
                user=f"Patient/{patient}",
                scopes=scopes,
                withheld=frozenset(),
                length="13-months",
                authenticated_at=now,
                created_at=now,
                used_at=now,
                until=None,
            )
            Grants(connection).add(grant)
            keep(connection, server, grant, pair, grant.grant_id, scopes)
    return app.app_id, pairs


def _form(app_id: str, pair: Pair) -> str:
    return urlencode({"grant_type": "refresh_token", "refresh_token": pair.refresh, "client_id": app_id})


def _refresh(app_id: str, pair: Pair) -> bytes:
    body = _form(app_id, pair)
    head = f"POST {_PATH} HTTP/1.1\r\nHost: localhost:8000\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def _answer(facade: Server, app_id: str, pair: Pair) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", facade.port, timeout=30)
    connection.request("POST", _PATH, _form(app_id, pair), {"Content-Type": "application/x-www-form-urlencoded"})
    answer = connection.getresponse()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {answer.read()!r}")
    return answer


def _bars(ours: Sequence[Load], theirs: Sequence[Load]) -> list[Bar]:
    for load in ours:
        if load.statuses.keys() != {"200"} or load.rate > MOST_A_SECOND:
            raise RuntimeError(f"refreshes were answered {load.statuses}, {load.rate:,.0f} in a second")
    mine, hello = (sorted(load.cpu_per_request for load in loads)[ROUNDS // 2] for loads in (ours, theirs))
    rate = sorted(load.rate for load in ours)[ROUNDS // 2]
    print(f"    refresh: {rate:8,.0f} requests/s, {mine:6.0f} µs CPU; Flask hello {hello:.0f} µs")
    return [Bar("refresh of a token / Flask hello, CPU per request", mine / hello, BOUND, at_least=False)]


if __name__ == "__main__":
    print(*run(), sep="\n")
