"""The whole facade under load: authorization, audit and limits on, members with long histories."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any

from flask import Flask, Response
from waitress import wasyncore
from waitress.server import create_server

from benchmarks import histories
from fhir_facade.app import create_app, migrate_databases, named
from fhir_facade.app.databases import replica_url
from fhir_facade.app.parts import open_parts
from fhir_facade.app.sandbox import ensure_demo_app
from fhir_facade.app.syncing import sync_source
from fhir_facade.contracts.sections import Settings
from fhir_facade.oauth.registry import mint_token
from fhir_facade.resources.roster import patients
from fhir_facade.serving import journal, worker
from fhir_facade.serving.requests import MULTIPROCESS, Watch, share
from fhir_facade.serving.workers import Workers
from fhir_facade.settings import load
from fhir_facade.web.unserved import unserved

_CONFIG = """
[server]
environment = "sandbox"
public_base = "http://localhost:8000"
state = "{state}"
[[claims]]
name = "bench"
adapter = "rif"
mode = "replica"
[claims.rif]
folder = "{state}/files"
[identity]
provider = "sandbox"
[limits]
per_token = "1000000 per minute"
per_app = "10000000 per minute"
per_address = "1000000 per minute"
"""

WORKERS = 2
CLAIMS = 40
VIEWERS = 24


@dataclass(frozen=True, slots=True)
class Bench:
    """A facade ready to be served.

    Args:
        settings: its config.
        viewers: patient ids with their tokens, each with more than one page of claims.
    """

    settings: Settings
    viewers: Sequence[tuple[str, str]]


def prepare(folder: Path, members: int, replica: str = "") -> Bench:
    """Make, fill and authorize a facade in ``folder``; its copy of the claims is at ``replica``, or in the folder."""
    config = folder / "bench.toml"
    (folder / "replica-url").write_text(replica)
    where = f'[replica]\nurl = {{ file = "{folder / "replica-url"}" }}\n' if replica else ""
    config.write_text(_CONFIG.format(state=folder) + where)
    histories.write(folder / "files", members, CLAIMS)
    settings = load(config)
    migrate_databases(settings)
    sync_source(settings, "bench")
    parts = open_parts(settings)
    app = ensure_demo_app(parts)
    some = patients(replica_url(settings), ["bench"], 3 * VIEWERS)
    return Bench(settings, [(p, mint_token(parts.server, app, patient=p, scopes="patient/*.rs")) for p in some])


def serve_app(make: Callable[[], Any]) -> Callable[[socket.socket], None]:
    """What serves an application just as ``fhir-facade serve`` does: forked waitress workers, one thread each.

    Every request is told in a line, which goes to a file, and counted.
    """

    def run(listener: socket.socket) -> None:
        def work(stop: Event, _: Callable[[], object]) -> None:
            share()
            worker.serve(make(), unserved, listener, threads=1, stopping=stop, drain_s=1, told=Watch(named))

        with tempfile.TemporaryDirectory() as folder:
            os.environ[MULTIPROCESS] = folder
            with (Path(folder) / "lines").open("ab", buffering=0) as lines:
                os.dup2(lines.fileno(), journal.STANDARD_ERROR)
            Workers(work=work, count=WORKERS, drain_s=3).run()

    return run


def serve_plainly(make: Callable[[], Any]) -> Callable[[socket.socket], None]:
    """Waitress as it comes, with one thread in each of as many processes on one socket."""

    def run(listener: socket.socket) -> None:
        def work(stop: Event, _: Callable[[], object]) -> None:
            channels: dict[int, Any] = {}
            create_server(make(), map=channels, sockets=[listener], threads=1, asyncore_use_poll=True)
            while not stop.is_set():
                wasyncore.loop(timeout=0.2, map=channels, use_poll=True, count=1)

        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        Workers(work=work, count=WORKERS, drain_s=3).run()

    return run


def facade_app(bench: Bench) -> Callable[[], Any]:
    """The facade itself."""
    return lambda: create_app(bench.settings)


Headers = Sequence[tuple[str, str]]


def flask_hello(body: bytes, headers: Headers) -> Callable[[], Any]:
    """A Flask view that returns ready bytes under ready headers."""

    def make() -> Flask:
        app = Flask("hello")

        @app.get("/fhir/ExplanationOfBenefit")
        def hello() -> Response:
            return Response(body, 200, headers)

        return app

    return make


def bare_hello(body: bytes, headers: Headers) -> Callable[[], Any]:
    """A WSGI callable that returns ready bytes under ready headers: what waitress alone can do."""

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        del environ
        start_response("200 OK", [*headers, ("Content-Length", str(len(body)))])
        return [body]

    return lambda: app


def request(path: str, token: str, **headers: str) -> bytes:
    """The bytes of a GET request."""
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: localhost:8000\r\nAuthorization: Bearer {token}\r\n{more}\r\n".encode()
