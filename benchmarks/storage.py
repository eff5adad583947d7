"""The replica alone: how flat a page is in the depth of paging and in the size of the replica, and what a claim takes.

``python -m benchmarks storage`` fills one replica from invented members, copies it to many times its size, and reads
random members of all. FHIR_FACADE_COUNTS=full grows it to a million and to ten million claims (6 GB for a while).
"""

from __future__ import annotations

import os
import random
import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from itertools import cycle
from pathlib import Path

from sqlalchemy.engine import URL

from benchmarks.measure import Bar, cpu_microseconds, in_turn
from fhir_facade.contracts.claims import ExtractSource
from fhir_facade.contracts.plugin import SourceContext
from fhir_facade.fhir.mapper import Mapper, no_labels
from fhir_facade.plugins import find
from fhir_facade.resources.database import migrate, replica_url
from fhir_facade.resources.matching import MatchHash
from fhir_facade.resources.page import Page, Viewer
from fhir_facade.resources.replica import ReplicaResources
from fhir_facade.resources.schema import TYPES
from fhir_facade.search.query import SearchQuery
from fhir_facade.sync.run import SyncPlan, sync

SOURCE = "bench"
MEMBERS = 150
MOST = {1_000_000: 1.6, 10_000_000: 2.0} if os.environ.get("FHIR_FACADE_COUNTS") == "full" else {150_000: 1.6}
"""Claims of a grown replica, and how many times the cost of the small one a page of it may have."""
ROUNDS = 9
CALLS = 400
PAGES = SearchQuery(resource_type="ExplanationOfBenefit")
_CLAIM = TYPES["ExplanationOfBenefit"]


def run() -> list[Bar]:
    """Every figure of the replica."""
    with tempfile.TemporaryDirectory() as folder:
        small = _fill(Path(folder) / "small")
        grown = {claims: _fill(Path(folder) / str(claims)) for claims in MOST}
        for claims, url in grown.items():
            _grow(url, claims)
        few = _open(small)
        print(f"   bytes: {_bytes_per_claim(small):,.0f} stored per claim of {_json_per_claim(few, small):,.0f}")
        return [*_depth(few, small), *_growth(small, grown), _size(few, small)]


def _fill(folder: Path) -> URL:
    url = replica_url(None, folder)
    migrate(url)
    plugin = find("fhir_facade.claims", "synthetic")
    source = plugin.open(plugin.settings(members=MEMBERS), SourceContext(name=SOURCE, scratch=folder))
    assert isinstance(source, ExtractSource)
    plan = SyncPlan(
        name=SOURCE,
        replica=url,
        mapper=Mapper(SOURCE),
        rendering="bench",
        labels=no_labels,
        hashed=MatchHash({"1": bytes(32)}, "1"),
        state=folder,
    )
    sync(source, plan)
    return url


def _connect(url: URL) -> sqlite3.Connection:
    return sqlite3.connect(str(url.database))


def _grow(url: URL, wanted: int) -> None:
    """Copy every member with all claims until there are ``wanted`` claims."""
    connection = _connect(url)
    (claims,) = connection.execute("SELECT count(*) FROM resource WHERE type = ?", (_CLAIM,)).fetchone()
    (step,) = connection.execute("SELECT max(key) FROM member").fetchone()
    names = [row[1] for row in connection.execute("PRAGMA table_info(resource)") if row[1] != "member"]
    columns = ", ".join(f'"{name}"' for name in names)
    copies = max(1, wanted // claims)
    for copy in range(1, copies):
        shift = copy * step
        connection.execute(
            "INSERT INTO member SELECT key + ?, source, local || '-' || ?, patient || '-' || ? FROM member "
            "WHERE key <= ?",
            (shift, copy, copy, step),
        )
        connection.execute(
            f"INSERT INTO resource (member, {columns}) SELECT member + ?, {columns} FROM resource "  # noqa: S608 - own names
            "WHERE member BETWEEN 1 AND ?",
            (shift, step),
        )
    connection.commit()
    connection.close()
    print(f"{copies * claims:>12,} claims, {copies} times the small replica")


def _open(url: URL) -> ReplicaResources:
    return ReplicaResources(url, SOURCE, MatchHash({"1": bytes(32)}, "1"))


def _viewers(url: URL, least: int) -> list[Viewer]:
    """Members with at least so many claims, in random order."""
    connection = _connect(url)
    rows = connection.execute(
        "SELECT patient FROM member JOIN resource ON resource.member = member.key AND type = ? "
        "GROUP BY patient HAVING count(*) BETWEEN ? AND 500 ORDER BY patient",
        (_CLAIM, least),
    ).fetchall()
    connection.close()
    random.Random(5).shuffle(rows)
    return [Viewer(patient=row[0]) for row in rows]


def _first_pages(resources: ReplicaResources, viewers: Sequence[Viewer]) -> float:
    turn = cycle(viewers)
    return cpu_microseconds(lambda: resources.search(next(turn), PAGES), CALLS)


def _depth(resources: ReplicaResources, url: URL) -> list[Bar]:
    viewer = _viewers(url, 60)[0]
    first = page = resources.search(viewer, PAGES)
    for _ in range(2):
        page = _following(resources, viewer, page)
    place, one = page.next, first.matches[3].id
    taken = in_turn(
        {
            "first page": lambda: cpu_microseconds(lambda: resources.search(viewer, PAGES), CALLS),
            "fourth page": lambda: cpu_microseconds(lambda: resources.search(viewer, PAGES, place), CALLS),
            "read": lambda: cpu_microseconds(lambda: resources.read(viewer, "ExplanationOfBenefit", one), CALLS),
        },
        ROUNDS,
    )
    for name, cost in taken.items():
        print(f"{name:>12}: {cost:6.1f} µs")
    return [
        Bar("fourth page / first page", taken["fourth page"] / taken["first page"], 1.25, at_least=False),
        Bar("page of ten / read of one", taken["first page"] / taken["read"], 5, at_least=False),
    ]


def _following(resources: ReplicaResources, viewer: Viewer, page: Page) -> Page:
    return resources.search(viewer, PAGES, page.next)


def _growth(small: URL, grown: Mapping[int, URL]) -> list[Bar]:
    def pages_of(url: URL) -> Callable[[], float]:
        resources, viewers = _open(url), _viewers(url, 11)
        return lambda: _first_pages(resources, viewers)

    taken = in_turn({"small": pages_of(small)} | {str(n): pages_of(url) for n, url in grown.items()}, ROUNDS)
    print(f"    growth: {', '.join(f'{name} {cost:.1f} µs' for name, cost in taken.items())}")
    return [
        Bar(
            f"page of {claims:,} claims / of a small replica", taken[str(claims)] / taken["small"], most, at_least=False
        )
        for claims, most in MOST.items()
    ]


def _bytes_per_claim(url: URL) -> float:
    """Bytes of the pages of a file that holds the claims alone, divided by their number."""
    connection = _connect(url)
    copy = sqlite3.connect(":memory:")
    connection.backup(copy)
    connection.close()
    copy.execute("DELETE FROM resource WHERE type <> ?", (_CLAIM,))
    for table in ("member", "link", "tombstone", "match_key", "representation", "seen", "reject"):
        copy.execute(f"DELETE FROM {table}")  # noqa: S608 - own names
    copy.commit()
    copy.execute("VACUUM")
    (pages,) = copy.execute("PRAGMA page_count").fetchone()
    (size,) = copy.execute("PRAGMA page_size").fetchone()
    (claims,) = copy.execute("SELECT count(*) FROM resource").fetchone()
    copy.close()
    return float(pages * size / claims)


def _json_per_claim(resources: ReplicaResources, url: URL) -> float:
    sizes = [len(m.body) for v in _viewers(url, 1)[:60] for m in resources.search(v, PAGES).matches]
    return sum(sizes) / len(sizes)


def _size(resources: ReplicaResources, url: URL) -> Bar:
    stored, written = _bytes_per_claim(url), _json_per_claim(resources, url)
    return Bar("bytes stored per claim / compact JSON", stored / written, 1 / 12, at_least=False)


if __name__ == "__main__":
    for bar in run():
        print(bar)
