"""A FHIR R4 server in the test's own process: as plain as a payer's, and as nasty as a test wants it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fhir_facade.fhir.encode import encode

Json = dict[str, Any]
Answer = Callable[[BaseHTTPRequestHandler], None]

MEMBER = {"Coverage": "beneficiary", "ExplanationOfBenefit": "patient", "RelatedPerson": "patient"}


@dataclass
class Upstream:
    """What the server holds and saw.

    Args:
        resources: everything it serves.
        instead: path (below the base) → what it answers in place of the truth.
        asked: every path with its query, in order.
        tokens: the Authorization header of every request.
        careless: it does not look at the member of a search.
    """

    resources: list[Json] = field(default_factory=list)
    instead: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    tokens: list[str | None] = field(default_factory=list)
    careless: bool = False
    base: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one GET."""
        path = request.path.removeprefix("/fhir")
        self.asked.append(path)
        self.tokens.append(request.headers.get("Authorization"))
        parts = urlsplit(path)
        if parts.path in self.instead:
            self.instead[parts.path](request)
            return
        kind, _, identifier = parts.path.strip("/").partition("/")
        if identifier:
            found = next((r for r in self.resources if (r["resourceType"], r["id"]) == (kind, identifier)), None)
            send(request, encode(found) if found else b"{}", 200 if found else 404)
        else:
            send(request, encode(self.bundle(kind, parse_qs(parts.query))))

    def bundle(self, kind: str, asked: dict[str, list[str]]) -> Json:
        """One page of a search."""
        found = [r for r in self.resources if r["resourceType"] == kind and self.matches(r, asked)]
        start, count = int(asked.get("startIndex", ["0"])[0]), int(asked.get("_count", ["10"])[0])
        links = [{"relation": "self", "url": f"{self.base}/{kind}"}]
        if start + count < len(found):
            query = "&".join(f"{k}={v[0]}" for k, v in asked.items() if k != "startIndex")
            links.append({"relation": "next", "url": f"{self.base}/{kind}?{query}&startIndex={start + count}"})
        entries = [{"resource": one} for one in found[start : start + count]]
        return {"resourceType": "Bundle", "type": "searchset", "link": links, "entry": entries}

    def matches(self, resource: Json, asked: dict[str, list[str]]) -> bool:
        """Whether a resource matches, as far as this server understands."""
        kind = resource["resourceType"]
        if "_id" in asked and resource["id"] not in asked["_id"][0].split(","):
            return False
        if "identifier" in asked:
            wanted = asked["identifier"][0]
            return wanted in [f"{i.get('system')}|{i.get('value')}" for i in resource.get("identifier", [])]
        element = MEMBER.get(kind)
        return self.careless or element is None or resource[element]["reference"] == asked[element][0]


def send(request: BaseHTTPRequestHandler, body: bytes, status: int = 200, **headers: str) -> None:
    """An answer as a whole."""
    request.send_response(status)
    for name, value in {"Content-Type": "application/fhir+json", **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def always(body: bytes | Json, status: int = 200, **headers: str) -> Answer:
    """The same answer to everything."""
    text = body if isinstance(body, bytes) else json.dumps(body).encode()
    return lambda request: send(request, text, status, **headers)


@contextmanager
def serving(upstream: Upstream) -> Iterator[Upstream]:
    """The server, listening."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                upstream.answer(self)
            except (BrokenPipeError, ConnectionResetError):  # the client had enough of it
                self.close_connection = True

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    upstream.base = f"http://127.0.0.1:{server.server_address[1]}/fhir"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
