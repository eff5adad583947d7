"""Nobody learns from an answer, or from how long it took, which apps there are."""

from __future__ import annotations

from functools import partial

import pytest

from tests.alike import MOST_S, gap_s
from tests.databases import on_both

from .conftest import basic

FORM = {"grant_type": "refresh_token", "refresh_token": "x"}

COUNTED = ("X-RateLimit-Remaining", "X-RateLimit-Reset")


def wrongly(world, name):
    """A token request of that app with a wrong secret."""
    return world.client.post("/oauth/token", data=FORM, headers={"Authorization": basic(name, "wrong")})


def apart_from_time(headers):
    """Headers without those that tell when the answer was given and how many were given before it."""
    return {name: value for name, value in headers if name not in {"Date", *COUNTED}}


@on_both
@pytest.mark.figure(of="R33")
def test_an_unknown_app_and_a_wrong_secret_answer_alike_in_the_same_time(world, confidential, full_counts, figure):
    world.limits._budgets["guesses"] = ()
    names = (confidential.app.app_id, "u" * 40)
    known, unknown = (wrongly(world, name) for name in names)
    assert known.json == unknown.json
    assert apart_from_time(known.headers) == apart_from_time(unknown.headers)

    rounds = 2_000 if full_counts else 100
    gap = gap_s(*(partial(wrongly, world, name) for name in names), rounds)
    assert gap < MOST_S
    figure(f"apps: same answer, medians of {rounds} pairs differ by {gap * 1000:.3f} ms")
