"""An auditor's search finds every line it should and no other, in pages, however long the trail is."""

from __future__ import annotations

import time

import pytest

from fhir_facade.store import audit, audit_search
from fhir_facade.store.audit import AuditEvent, AuditLog
from fhir_facade.store.audit_search import SLACK, AuditSearch, Wanted

SECRET = b"s" * 32
SECOND = 1_000_000
START = 1_800_000_000 * SECOND


@pytest.fixture
def trail(any_url, monkeypatch):
    """500 lines, one a minute, of three apps, four kinds and five members."""
    log, clock = AuditLog(any_url, SECRET), [START]
    monkeypatch.setattr(audit.time, "time_ns", lambda: clock[0] * 1000)
    for number in range(500):
        clock[0] = START + number * 60 * SECOND
        log.write(
            AuditEvent(
                what=("read", "search", "login", "token")[number % 4],
                outcome="200",
                app_id=f"app-{number % 3}",
                actor=f"Patient/p{number % 5}" if number % 2 else "RelatedPerson/r",
                patient=f"p{number % 5}",
                request_id=f"request-{number}",
                detail=str(number),
            )
        )
    log.close()
    monkeypatch.undo()
    found = AuditSearch(any_url, SECRET)
    yield found
    found.close()


def wanted(first: int = 0, last: int = 499, **more) -> Wanted:
    return Wanted(since=START + first * 60 * SECOND, until=START + last * 60 * SECOND, **more)


def numbers(search: AuditSearch, what: Wanted, limit: int = 7) -> list[int]:
    """Every line found, page by page, by what its detail says."""
    found, below = [], None
    while True:
        page = search.find(what, limit, below)
        assert len(page.lines) <= limit
        found += [int(line.detail) for line in page.lines]
        if page.below is None:
            return found
        below = page.below


CASES = [
    ({}, lambda n: True),
    ({"first": 100, "last": 199}, lambda n: 100 <= n <= 199),
    ({"what": "login"}, lambda n: n % 4 == 2),
    ({"app_id": "app-1", "first": 7, "last": 8}, lambda n: n == 7),
    ({"request_id": "request-42"}, lambda n: n == 42),
    ({"patients": ("p3",)}, lambda n: n % 5 == 3),
    ({"patients": ("p3", "p4"), "what": "read"}, lambda n: n % 5 in (3, 4) and n % 4 == 0),
    ({"first": 600, "last": 700}, lambda n: False),
    ({"what": "nothing"}, lambda n: False),
]


@pytest.mark.parametrize("stretch", [100_000, 25])
def test_every_search_finds_its_lines_newest_first(trail, monkeypatch, stretch):
    monkeypatch.setattr(audit_search, "_STRETCH", stretch)
    for asked, holds in CASES:
        assert numbers(trail, wanted(**asked)) == [n for n in reversed(range(500)) if holds(n)], asked


def test_a_search_that_takes_long_says_where_to_go_on(trail, monkeypatch):
    monkeypatch.setattr(audit_search, "_STRETCH", 20)
    monkeypatch.setattr(audit_search, "_BUDGET_S", 0.0)
    assert trail.find(wanted(request_id="request-3"), 50).lines == []
    monkeypatch.setattr(audit_search, "_BUDGET_S", 0.001)
    assert numbers(trail, wanted(request_id="request-3"), 50) == [3]


def test_lines_in_the_wrong_order_of_time_are_found(any_url, monkeypatch):
    log, moments = AuditLog(any_url, SECRET), [5, 3, 4, 30, 1, 60, 55, 90]
    for at in moments:
        monkeypatch.setattr(audit.time, "time_ns", lambda at=at: (START + at * SECOND) * 1000)
        log.write(AuditEvent(what="read", outcome="200", detail=str(at)))
    log.close()
    search = AuditSearch(any_url, SECRET)
    asked = Wanted(since=START + 3 * SECOND, until=START + 60 * SECOND)
    assert SLACK >= 60 * SECOND
    assert sorted(numbers(search, asked)) == [3, 4, 5, 30, 55, 60]
    search.close()


def test_the_member_in_person_is_told_from_others_and_nobody_is_named(trail):
    page = trail.find(wanted(patients=("p3",)), 10)
    assert {line.by_member for line in page.lines} == {True, False}
    assert all("p3" not in str(line) for line in page.lines)


def test_a_download_is_bounded(trail):
    assert len(list(trail.every(wanted(), 1200))) == 500
    assert len(list(trail.every(wanted(), 42))) == 42


def test_a_long_trail_is_halved_quickly(trail):
    started = time.monotonic()
    assert trail.size() == 500
    trail.find(wanted(first=250, last=250), 10)
    assert time.monotonic() - started < 1


def test_an_empty_trail_is_searched_too(any_url):
    search = AuditSearch(any_url, SECRET)
    assert numbers(search, wanted()) == []
    assert search.size() == 0
    search.close()
