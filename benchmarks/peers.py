"""The same page of ten claims from what people would pick instead: CPU time per request beside the facade's.

First the facade's own packages as their tutorials show them. fhirstarter and Django REST framework run in an
environment of their own, a plain HAPI RestfulServer on Jetty over the same claims in PostgreSQL; all are fetched once
into the user's cache. ``python -m benchmarks peers``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

import psycopg

from benchmarks.facade import Bench, facade_app, prepare, request, serve_app
from benchmarks.measure import Bar, Load, Server, put_load
from benchmarks.pages import PATH, full_pages
from tests.peers import postgresql
from tests.peers.running import cache

RIVALS = Path(__file__).parent / "rivals"
PACKAGES = ("fhirstarter==4.2.0", "uvicorn==0.54.0", "django==5.2.19", "djangorestframework==3.18.3", "waitress==3.0.2")
MEMBERS = 72
ROUNDS = 3
SECONDS = 4.0
WARM_REQUESTS = 3_000
WARM_S = 90.0

LEAST = {"naive": 20.0, "fhirstarter": 50.0, "django": 8.0, "hapi": 1.0}


def run() -> list[Bar]:
    """Every figure of the comparison."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cluster = stack.enter_context(postgresql.running())
        on_file = prepare(_made(folder / "file"), MEMBERS)
        on_server = prepare(_made(folder / "server"), MEMBERS, replica=cluster.database())
        return _compare(stack, folder, cluster, on_file, on_server)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _compare(stack: ExitStack, folder: Path, cluster: postgresql.Server, on_file: Bench, on_server: Bench) -> list[Bar]:
    ours = stack.enter_context(Server(serve_app(facade_app(on_file))))
    ours_pg = stack.enter_context(Server(serve_app(facade_app(on_server))))
    pages = full_pages(ours, on_file)
    viewers = [(patient, token) for patient, token in on_file.viewers if patient in pages]
    same = [(patient, token) for patient, token in on_server.viewers if patient in pages]
    stored = _store(folder / "pages.json", pages, viewers)
    servers: dict[str, tuple[Server, Sequence[tuple[str, str]], int]] = {
        "facade": (ours, viewers, 16),
        "facade on PostgreSQL": (ours_pg, same, 16),
        "naive": (stack.enter_context(_started([sys.executable, RIVALS / "naive_server.py", stored])), viewers, 2),
        "fhirstarter": (stack.enter_context(_python("fhirstarter_server.py", stored)), viewers, 2),
        "django": (stack.enter_context(_python("django_server.py", stored)), viewers, 16),
    }
    if shutil.which("java") and shutil.which("mvn"):
        url = _fill(cluster, pages, viewers)
        servers |= {"hapi": (stack.enter_context(_hapi(url)), viewers, 4)}
    else:
        print("   hapi: not compared, because Java and Maven are not installed")
    return _bars(_measure(servers))


def _store(path: Path, pages: Mapping[str, bytes], viewers: Sequence[tuple[str, str]]) -> Path:
    claims = {p: [entry["resource"] for entry in json.loads(body)["entry"]] for p, body in pages.items()}
    bundles = {patient: body.decode() for patient, body in pages.items()}
    path.write_text(json.dumps({"claims": claims, "bundles": bundles, "tokens": dict(viewers)}))
    return path


@contextmanager
def _started(command: Sequence[str | Path]) -> Iterator[Server]:
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout
    try:
        word, _, port = process.stdout.readline().decode().strip().partition(" ")
        if word != "port":
            raise RuntimeError(f"{command[0]} did not start")
        yield Server(run=lambda _: None, port=int(port), process=process.pid)
    finally:
        process.kill()
        process.wait()


def _python(script: str, stored: Path) -> AbstractContextManager[Server]:
    digest = hashlib.sha256(" ".join(PACKAGES).encode()).hexdigest()[:12]
    folder = cache(f"rivals-{digest}")
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", *PACKAGES], check=True)
        (folder / "ready").touch()
    return _started([folder / "bin" / "python", RIVALS / script, stored])


def _hapi(url: str) -> AbstractContextManager[Server]:
    digest = hashlib.sha256((RIVALS / "hapi" / "pom.xml").read_bytes()).hexdigest()[:12]
    folder = cache(f"rival-hapi-{digest}")
    if not (folder / "ready").exists():
        wanted = f"-DoutputDirectory={folder / 'lib'}"
        pom = RIVALS / "hapi" / "pom.xml"
        subprocess.run(["mvn", "-q", "-B", "-f", pom, "dependency:copy-dependencies", wanted], check=True)
        (folder / "ready").touch()
    return _started(["java", "-Xmx1g", "-cp", f"{folder / 'lib'}/*", RIVALS / "hapi" / "PlainServer.java", url])


def _fill(cluster: postgresql.Server, pages: Mapping[str, bytes], viewers: Sequence[tuple[str, str]]) -> str:
    """The JDBC URL of a database with the same claims, as JSON, clustered by member."""
    url = cluster.database().replace("postgresql+psycopg://", "postgresql://")
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE token (hash bytea PRIMARY KEY, patient text)")
        connection.execute("CREATE TABLE claim (patient text, place int, body text, PRIMARY KEY (patient, place))")
        for patient, token in viewers:
            digest = hashlib.sha256(token.encode()).digest()
            connection.execute("INSERT INTO token VALUES (%s, %s)", (digest, patient))
            claims = [json.dumps(entry["resource"]) for entry in json.loads(pages[patient])["entry"]]
            for place, body in enumerate(claims):
                connection.execute("INSERT INTO claim VALUES (%s, %s, %s)", (patient, place, body))
    return "jdbc:" + url.replace("postgres@", "") + "?user=postgres"


def _measure(servers: Mapping[str, tuple[Server, Sequence[tuple[str, str]], int]]) -> Mapping[str, float]:
    asked = {
        name: [request(PATH.format(patient=patient), token) for patient, token in viewers]
        for name, (_, viewers, _) in servers.items()
    }
    taken: dict[str, list[Load]] = {name: [] for name in servers}
    if "hapi" in servers:
        _warm(servers["hapi"][0], asked["hapi"])
    for _ in range(ROUNDS):
        for name, (server, _, connections) in servers.items():
            load = put_load(server, asked[name], SECONDS, connections)
            if load.statuses.keys() != {"200"}:
                raise RuntimeError(f"{name} answered {load.statuses}")
            taken[name].append(load)
    for name, loads in taken.items():
        median = sorted(loads, key=lambda load: load.cpu_per_request)[len(loads) // 2]
        size = median.bytes / median.requests
        print(f"{name:>22}: {median.cpu_per_request:8,.0f} µs CPU, {median.rate:7,.0f} requests/s, {size:,.0f} bytes")
    return {name: sorted(load.cpu_per_request for load in loads)[len(loads) // 2] for name, loads in taken.items()}


def _warm(server: Server, asked: Sequence[bytes]) -> None:
    """A JVM compiles what is asked for often; it is given the requests for that."""
    begun, answered = time.monotonic(), 0
    while answered < WARM_REQUESTS and time.monotonic() - begun < WARM_S:
        answered += put_load(server, asked, SECONDS, 4).requests


def _bars(cpu: Mapping[str, float]) -> list[Bar]:
    beside = {"hapi": "facade on PostgreSQL"}
    found = [(name, beside.get(name, "facade"), least) for name, least in LEAST.items() if name in cpu]
    return [
        Bar(f"CPU per request of {name} / of the {other}", cpu[name] / cpu[other], least, at_least=True)
        for name, other, least in found
    ]


if __name__ == "__main__":
    print(*run(), sep="\n")
