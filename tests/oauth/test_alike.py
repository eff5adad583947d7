"""Nobody learns from an answer, or from how long it took, which apps there are."""

from __future__ import annotations

import statistics
import time

import pytest

from tests.databases import on_both

from .conftest import basic

FORM = {"grant_type": "refresh_token", "refresh_token": "x"}


def wrongly(world, name):
    """A token request of that app with a wrong secret."""
    return world.client.post("/oauth/token", data=FORM, headers={"Authorization": basic(name, "wrong")})


@on_both
@pytest.mark.figure(of="R33")
def test_an_unknown_app_and_a_wrong_secret_answer_alike_in_the_same_time(world, confidential, full_counts, figure):
    object.__setattr__(world.limits._budgets["guesses"], "windows", ())
    names = (confidential.app.app_id, "u" * 40)
    known, unknown = (wrongly(world, name) for name in names)
    assert known.json == unknown.json
    assert {k: v for k, v in known.headers if k != "Date"} == {k: v for k, v in unknown.headers if k != "Date"}

    def measured(name):
        started = time.perf_counter()
        wrongly(world, name)
        return time.perf_counter() - started

    rounds = 2_000 if full_counts else 150
    pairs = [tuple(measured(name) for name in names) for _ in range(rounds)]
    known, unknown = (statistics.median(times) for times in zip(*pairs, strict=True))
    assert abs(known - unknown) < 0.002
    figure(f"apps: same answer, medians of {rounds} pairs differ by {abs(known - unknown) * 1000:.3f} ms")
