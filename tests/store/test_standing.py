"""How things stood is kept the same way on both databases: minutes once, the newest runs, the newest fact."""

from __future__ import annotations

from fhir_facade.store.standing import MINUTES, Seen, Standing, SyncRun

DAY = 20_000


def test_a_minute_counts_once_and_older_ones_come_too_late(store):
    standing, minute = Standing(store), DAY * MINUTES
    standing.saw([Seen("store", minute, True, {}), Seen("store", minute, False, {})])
    standing.saw([Seen("store", minute + 2, False, {"through": "x"}), Seen("store", minute + 1, True, {})])
    standing.saw([Seen("store", minute + MINUTES, True, {})])
    found = [(one.day, one.good, one.bad, dict(one.told)) for one in standing.days(DAY)]
    assert found == [(DAY, 1, 1, {"through": "x"}), (DAY + 1, 1, 0, {})]
    assert [one.day for one in standing.days(DAY + 1)] == [DAY + 1]


def test_the_newest_runs_of_a_source_come_first(store):
    standing = Standing(store)
    for number in range(5):
        standing.ran(SyncRun("medical", number, number + 1, "finished", number, 0, 0, 0))
    standing.ran(SyncRun("other", 99, 100, "failed", 0, 0, 0, 0))
    assert [one.started_at for one in standing.runs("medical", 3)] == [4, 3, 2]


def test_a_fact_takes_the_place_of_the_one_before(store):
    standing = Standing(store)
    assert standing.fact("check") is None
    standing.found("check", 1, {"faults": 3})
    standing.found("check", 2, {"faults": 0})
    fact = standing.fact("check")
    assert fact is not None
    assert (fact.at, fact.told) == (2, {"faults": 0})
