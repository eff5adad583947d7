"""A page of ten claims asked of the payer's own database, against the same page of a copy of it.

``python -m benchmarks.live 200000`` fills a PostgreSQL with so many claims (FHIR_FACADE_CLAIMS, or a number after the
name; 10 million with FHIR_FACADE_COUNTS=full), counts the statements of a page, has each explained by the server, and
times pages over HTTP, live and from a copy in the same server, in turn. The bodies are compared: they are the same.
"""

from __future__ import annotations

import http.client
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy import event

from benchmarks.claims_database import histories, payer
from benchmarks.facade import Bench, facade_app, serve_app
from benchmarks.measure import Bar, Server, cpu_of_tree
from fhir_facade.app import migrate_databases
from fhir_facade.app.parts import open_parts
from fhir_facade.app.sandbox import ensure_demo_app
from fhir_facade.app.sources import resources_of
from fhir_facade.app.syncing import sync_source
from fhir_facade.contracts.sections import Settings
from fhir_facade.oauth.registry import mint_token
from fhir_facade.resources.page import Viewer
from fhir_facade.search.query import SearchQuery
from fhir_facade.settings import load
from tests.plugins.sql.views import PRESET

SOURCE = "payer"
PATH = "/fhir/ExplanationOfBenefit?patient={patient}&_count=10"
USUAL = 12
"""Usual members who are looked at."""
ROUNDS = 25
MOST_STATEMENTS = 6
_CONFIG = """
[server]
environment = "sandbox"
public_base = "http://localhost:8000"
[[claims]]
name = "payer"
adapter = "sql"
mode = "{mode}"
[claims.sql]
url = {{ env = "BENCH_PAYER" }}
mapping = "mapping.toml"
orphans = false  # the copy holds a few members; every other claim would be listed as nobody's
[replica]
url = {{ env = "BENCH_COPY" }}
[identity]
provider = "sandbox"
[limits]
per_token = "1000000 per minute"
per_app = "10000000 per minute"
per_address = "1000000 per minute"
"""


def claims_wanted() -> int:
    """How many claims the database gets."""
    usual = 10_000_000 if os.environ.get("FHIR_FACADE_COUNTS") == "full" else 200_000
    return int(os.environ.get("FHIR_FACADE_CLAIMS", usual))


def run() -> list[Bar]:
    """Every figure of this page."""
    claims = claims_wanted()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        begun = time.monotonic()
        server, url = stack.enter_context(payer(claims))
        print(f"  filled: {claims:,} claims in {time.monotonic() - begun:,.0f} s", flush=True)
        os.environ["BENCH_PAYER"], os.environ["BENCH_COPY"] = url, server.database()
        viewers = [*(f"m{number * 7}" for number in range(USUAL)), *histories(claims)]
        begun = time.monotonic()
        live, copy = _facades(folder, [one for one in viewers if one != "m-huge"])
        print(f"  copied: {len(viewers) - 1} members in {time.monotonic() - begun:,.0f} s", flush=True)
        bars = _statements(live, url, viewers)
        postmaster = int((server.data / "postmaster.pid").read_text().split()[0])
        return [*bars, *_times(live, copy, viewers, postmaster)]


def _facades(folder: Path, copied: Sequence[str]) -> tuple[Settings, Settings]:
    """The live facade, and the one that serves a copy of the members in ``copied``."""
    text, found = PRESET.read_text(encoding="utf-8"), []
    names = ", ".join(f"'{one}'" for one in copied)
    for mode, mapping in (
        ("live", text),
        (
            "replica",
            text.replace('table = "cpcds_member"', f'table = "cpcds_member"\nwhere = "member_id IN ({names})"'),
        ),
    ):
        place = folder / mode
        place.mkdir()
        (place / "mapping.toml").write_text(mapping, encoding="utf-8")
        (place / "facade.toml").write_text(_CONFIG.format(mode=mode), encoding="utf-8")
        os.environ["FHIR_FACADE_STATE"] = str(place)
        found.append(load(place / "facade.toml"))
        migrate_databases(found[-1])
    sync_source(found[1], SOURCE)
    return found[0], found[1]


def _statements(live: Settings, url: str, viewers: Sequence[str]) -> list[Bar]:
    """How many statements a page takes, and how many of them read a table without an index."""
    resources, asked = resources_of(live), list[tuple[str, object]]()
    event.listen(sa.Engine, "before_cursor_execute", lambda *call: asked.append((call[2], call[3])))
    most, scans, query = 0, 0, SearchQuery(resource_type="ExplanationOfBenefit", count=10)
    resources.search(Viewer(patient=f"{SOURCE}-{viewers[0]}"), query)  # a process learns once what keys hold
    engine = sa.create_engine(url)
    for who in viewers:
        viewer, page = Viewer(patient=f"{SOURCE}-{who}"), None
        for _ in range(3):
            asked.clear()
            page = resources.search(viewer, query, page.next if page else None)
            counted = list(asked)
            most = max(most, len(counted))
            scans += sum(_scans(engine, *one) for one in counted)
            if page.next is None:
                break
    engine.dispose()
    return [
        Bar("statements of a live page of ten, at most", most, MOST_STATEMENTS, at_least=False),
        Bar("of them, such that read a table without an index", scans, 0, at_least=False),
    ]


def _scans(engine: sa.Engine, text: str, values: Any) -> int:
    """1 where a statement reads some table from end to end although an index would be taken wherever one fits."""
    with engine.connect() as connection:
        connection.exec_driver_sql("SET enable_seqscan = off")
        cursor = psycopg.RawCursor(connection.connection.driver_connection)  # type: ignore[arg-type]
        rows = cursor.execute(f"EXPLAIN {text}".encode(), values).fetchall()
        return int(any("Seq Scan" in row[0] for row in rows))


def _times(live: Settings, copy: Settings, viewers: Sequence[str], postmaster: int) -> list[Bar]:
    """Pages over HTTP in turn: every round asks each facade for each member's first page."""
    with ExitStack() as stack:
        clients = {
            name: _Client(stack.enter_context(Server(serve_app(facade_app(Bench(settings, ()))))), settings, viewers)
            for name, settings in (("live", live), ("copy", copy))
        }
        taken: dict[tuple[str, str], list[float]] = {}
        for turn in range(-5, ROUNDS):
            for who in viewers:
                for name, client in clients.items():
                    if (name, who) == ("copy", "m-huge"):
                        continue
                    seconds = client.ask(who)
                    if turn >= 0:
                        taken.setdefault((name, who), []).append(seconds)
        for who in viewers:
            if who != "m-huge" and clients["live"].claims(who) != clients["copy"].claims(who):
                raise RuntimeError(f"live and copy differ for {who}")
        cpu = {name: _cpu(client, viewers[:USUAL], postmaster) for name, client in clients.items()}
    for name, (facade, database) in cpu.items():
        print(
            f"    CPU of a page: {facade * 1e3:.2f} ms of the facade, {database * 1e3:.2f} ms of the database, {name}"
        )
    return _bars({place: statistics.median(each) * 1e3 for place, each in taken.items()})


def _cpu(client: _Client, viewers: Sequence[str], postmaster: int) -> tuple[float, float]:
    """CPU seconds of a page, of the facade and of the database: what a busy machine blurs least."""
    facade, database = client.cpu(), cpu_of_tree(postmaster)
    for _ in range(ROUNDS):
        for who in viewers:
            client.ask(who)
    pages = ROUNDS * len(viewers)
    return (client.cpu() - facade) / pages, (cpu_of_tree(postmaster) - database) / pages


def _bars(taken: Mapping[tuple[str, str], float]) -> list[Bar]:
    usual = {
        name: statistics.median(t for (n, who), t in taken.items() if n == name and who[1] != "-")
        for name in ("live", "copy")
    }
    print(f"    page: {usual['live']:.2f} ms live, {usual['copy']:.2f} ms from the copy")
    for (name, who), each in taken.items():
        if who[1] == "-":
            print(f"{who:>8}: {each:.2f} ms {name}")
    return [
        Bar("live page / page of the copy, usual members", usual["live"] / usual["copy"], 5, at_least=False),
        Bar(
            "the same, a member with 2,000 claims", taken["live", "m-2000"] / taken["copy", "m-2000"], 5, at_least=False
        ),
        Bar(
            "live page of the longest history / of a usual one",
            taken["live", "m-huge"] / usual["live"],
            1.5,
            at_least=False,
        ),
    ]


class _Client:
    """Asks one facade on one kept-alive connection.

    Args:
        server: it runs there.
        settings: its config.
        viewers: whom it is asked about.
    """

    def __init__(self, server: Server, settings: Settings, viewers: Sequence[str]) -> None:
        os.environ["FHIR_FACADE_STATE"] = str(settings.path.parent)
        parts = open_parts(settings)
        app = ensure_demo_app(parts)
        self._tokens = {
            who: mint_token(parts.server, app, patient=f"{SOURCE}-{who}", scopes="patient/*.rs") for who in viewers
        }
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self._bodies: dict[str, bytes] = {}
        self._pid = server.process

    def claims(self, who: str) -> list[Any]:
        """The claims on a member's page, numbers as written."""
        return [entry["resource"] for entry in json.loads(self._bodies[who], parse_float=str)["entry"]]

    def cpu(self) -> float:
        """CPU seconds of the facade so far."""
        return cpu_of_tree(self._pid)

    def ask(self, who: str) -> float:
        """Seconds until the first page of a member is there."""
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        begun = time.perf_counter()
        self._connection.request("GET", PATH.format(patient=f"{SOURCE}-{who}"), headers=headers)
        answer = self._connection.getresponse()
        body = answer.read()
        seconds = time.perf_counter() - begun
        if answer.status != 200 or b'"entry"' not in body:
            raise RuntimeError(f"{answer.status}: {body[:500]!r}")
        self._bodies[who] = body
        return seconds


if __name__ == "__main__":
    if len(sys.argv) > 1:
        os.environ["FHIR_FACADE_CLAIMS"] = sys.argv[1]
    for bar in run():
        print(bar)
