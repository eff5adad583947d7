"""No claim of a long history is lost: neither behind claims that cannot be read, nor where two sets of claims meet."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from fhir_facade.contracts.claims import ClaimQuery, MemberRecords, Rejected
from fhir_facade_claims_sql import SqlSource
from fhir_facade_claims_sql.left_out import CLAIMS_AT_ONCE
from tests.plugins.sql.conftest import opened

SET = """
[[claims]]
[claims.claim]
table = "{0}"
[claims.claim.fields]
claim_id = {{ column = "id", prefix = "{0}-" }}
member_id = "person"
kind = {{ column = "kind", values = {{ P = "professional" }} }}
claim_number = "id"
service_start = "day"
last_updated = {{ value = "2026-01-01T00:00:00Z" }}
[claims.line]
[claims.line.fields]
number = {{ value = "1" }}
"""
MAPPING = """
mapping = 1
[member]
table = "person"
[member.fields]
member_id = "id"
member_number = "id"
last_updated = { value = "2026-01-01T00:00:00Z" }
[coverage]
table = "person"
[coverage.fields]
coverage_id = "id"
member_id = "id"
subscriber_id = "id"
last_updated = { value = "2026-01-01T00:00:00Z" }
""" + "".join(SET.format(name) for name in ("medical", "dental"))

UNREADABLE = 130
READABLE = 30
IN_EACH_SET = CLAIMS_AT_ONCE * 3 // 5
LONG = 2 * CLAIMS_AT_ONCE
MIXED = [f"medical-k{i:04}" for i in range(0, LONG, 9)]


@pytest.fixture
def source(tmp_path: Path) -> Iterator[SqlSource]:
    """``m`` has claims of no known kind before readable ones, ``n`` many in both sets, ``k`` both."""
    (tmp_path / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    rows = [(f"{i:04}", "m", "P" if i >= UNREADABLE else "?", _day(i)) for i in range(UNREADABLE + READABLE)]
    many = [(f"n{i:04}", "n", "P", _day(i)) for i in range(IN_EACH_SET)]
    mixed = [(f"k{i:04}", "k", "P" if i % 9 == 0 else "?", _day(i)) for i in range(LONG)]
    dental = [(f"k{i:04}", "k", "P", _day(5 * i)) for i in range(LONG)]  # five times as long a time
    with sqlite3.connect(tmp_path / "payer.sqlite") as database:
        database.execute("CREATE TABLE person (id TEXT PRIMARY KEY)")
        database.executemany("INSERT INTO person VALUES (?)", ["m", "n", "k"])
        for name in ("medical", "dental"):
            database.execute(f"CREATE TABLE {name} (id TEXT PRIMARY KEY, person TEXT, kind TEXT, day TEXT)")
            database.execute(f"CREATE INDEX {name}_page ON {name} (person, day, id)")
            database.executemany(f"INSERT INTO {name} VALUES (?, ?, ?, ?)", many)  # noqa: S608 - own names
        database.executemany("INSERT INTO medical VALUES (?, ?, ?, ?)", [*rows, *mixed])
        database.executemany("INSERT INTO dental VALUES (?, ?, ?, ?)", dental)
    found = opened(f"sqlite:///{tmp_path / 'payer.sqlite'}", tmp_path, preset=None, mapping=tmp_path / "mapping.toml")
    yield found
    found.close()


def _day(number: int) -> str:
    return (date(2026, 1, 1) - timedelta(days=number)).isoformat()


def live(source: SqlSource, member: str, count: int) -> list[str]:
    """Ids of all claims, page by page."""
    found: list[str] = []
    after = None
    while True:
        page = source.member_page(ClaimQuery(member_id=member, count=count, after=after))
        assert page is not None
        claims = page.records.claims
        assert len(claims) <= count
        found += [claim.claim_id for claim in claims]
        if not page.more:
            return found
        after = (claims[-1].service_start, claims[-1].claim_id)


@pytest.mark.parametrize("count", [1, 11, 100])
def test_claims_behind_more_unreadable_ones_than_a_page_holds_are_found(source: SqlSource, count: int) -> None:
    assert live(source, "m", count) == [f"medical-{UNREADABLE + i:04}" for i in range(READABLE)]


@pytest.mark.parametrize("count", [7, 100])
def test_the_pages_of_two_sets_together_hold_every_claim_once_in_order(source: SqlSource, count: int) -> None:
    each = [f"{name}-n{i:04}" for i in range(IN_EACH_SET) for name in ("dental", "medical")]
    assert live(source, "n", count) == each


@pytest.mark.parametrize("count", [10, 100])
def test_no_claim_is_passed_over_where_most_of_one_set_are_unreadable(source: SqlSource, count: int) -> None:
    found = live(source, "k", count)
    assert sorted(found) == sorted(set(found)) == sorted([*MIXED, *(f"dental-k{i:04}" for i in range(LONG))])


def test_every_claim_of_two_sets_is_read_or_rejected(source: SqlSource) -> None:
    changes = list(source.changes(None))
    claims = [claim.claim_id for one in changes if isinstance(one, MemberRecords) for claim in one.claims]
    rejected = {one.position.line for one in changes if isinstance(one, Rejected)}
    assert len(claims) == len(set(claims)) == READABLE + 2 * IN_EACH_SET + LONG + len(MIXED)
    unreadable = {f"k{i:04}" for i in range(LONG)} - {claim_id.partition("-")[2] for claim_id in MIXED}
    assert rejected == {f"{i:04}" for i in range(UNREADABLE)} | unreadable
