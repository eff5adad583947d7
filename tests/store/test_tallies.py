"""Counts of all processes are added up, survive a restart, and cost a request next to nothing."""

from __future__ import annotations

import os
import threading
import time

from fhir_facade.store import Store, migrate
from fhir_facade.store.tallies import APP, DAY_S, LOG_IN, Tally, counts


def numbers(store: Store, topic: str = APP) -> dict[tuple[str, str], int]:
    return {(one.subject, one.what): one.number for one in counts(store, topic, since=0)}


def test_counts_of_several_processes_are_added_up(store, any_url):
    others = [Store(any_url) for _ in range(3)]
    for tally in map(Tally, others):
        for _ in range(50):
            tally.add(APP, "buddy", "search 200")
        tally.add(APP, "buddy", "read 404")
        tally.close()
    for other in others:
        other.close()
    assert numbers(store) == {("buddy", "search 200"): 150, ("buddy", "read 404"): 3}


def test_a_count_is_written_by_itself_within_seconds(store):
    tally = Tally(store, wait_s=0.05)
    tally.add(LOG_IN, "oidc", "one")
    deadline = time.monotonic() + 5
    while not counts(store, LOG_IN, since=0) and time.monotonic() < deadline:
        time.sleep(0.02)
    (found,) = counts(store, LOG_IN, since=0, subject="oidc")
    assert (found.day, found.what, found.number) == (int(time.time()) // DAY_S, "one", 1)
    assert time.time() - found.last_at < 10
    assert counts(store, LOG_IN, since=found.day + 1) == []


def test_counts_wait_while_the_database_is_away(tmp_path):
    url = f"sqlite:///{tmp_path / 'later' / 'store.db'}"
    store = Store(url)
    tally = Tally(store, wait_s=60)
    tally.add(APP, "buddy", "search 200")
    tally.flush()
    (tmp_path / "later").mkdir()
    migrate(url)
    tally.add(APP, "buddy", "search 200")
    tally.close()
    assert numbers(store) == {("buddy", "search 200"): 2}
    store.close()


def test_a_forked_child_counts_for_itself_alone(store, any_url):
    tally = Tally(store, wait_s=60)
    tally.add(APP, "buddy", "search 200")
    child = os.fork()
    if not child:
        try:
            own = Tally(Store(any_url), wait_s=60)
            tally.add(APP, "child", "search 200")
            own.add(APP, "child", "search 200")
            own.flush()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    tally.close()
    assert numbers(store) == {("buddy", "search 200"): 1, ("child", "search 200"): 1}


def test_threads_lose_no_count(store):
    tally = Tally(store, wait_s=60)
    threads = [
        threading.Thread(target=lambda: [tally.add(APP, "buddy", "read 200") for _ in range(2000)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    tally.flush()
    for thread in threads:
        thread.join()
    tally.close()
    assert numbers(store) == {("buddy", "read 200"): 8000}


def test_counting_costs_a_request_microseconds(store, figure):
    tally = Tally(store, wait_s=60)
    tally.add(APP, "buddy", "search 200")
    best = float("inf")
    for _ in range(20):
        started = time.perf_counter()
        for _ in range(1000):
            tally.add(APP, "buddy", "search 200")
        best = min(best, time.perf_counter() - started)
    tally.close()
    figure(f"counting costs a request {best * 1000:.2f} µs")
    assert best * 1000 < 10
