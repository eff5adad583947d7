"""Broken and odd requests: never a 5xx, always an OperationOutcome."""

from __future__ import annotations

import json

from tests.web.fhir.grammar import CASES, MANY, SEED, Grammar


def check(response, case):
    where = f"{case[0]} {case[1]!r} {case[2]!r}"
    assert response.status_code < 500, f"{where}: {response.status_code}"
    if response.status_code < 400 or case[0] == "HEAD":
        return
    kind = response.headers["Content-Type"]
    if "json" in kind:
        assert json.loads(response.data)["resourceType"] == "OperationOutcome", where
    else:
        assert b"OperationOutcome" in response.data, where
    assert response.headers["X-Request-Id"].encode() in response.data, where


def test_random_searches_are_never_answered_by_a_failure(served, full_counts):
    ids = [each["id"] for each in served.matches("ExplanationOfBenefit?_count=20")] + [served.rich, served.other, "x"]
    grammar = Grammar(SEED, ids)
    statuses = {}
    for _ in range(MANY if full_counts else CASES):
        case = grammar.request()
        method, url, form, headers = case
        sent = {name.replace("-", "_"): value for name, value in headers.items()}
        response = served.world.send(method, url, served.rich, data=form, **sent)
        check(response, case)
        statuses[response.status_code] = statuses.get(response.status_code, 0) + 1
    assert statuses[200] > sum(statuses.values()) / 5, statuses
    assert statuses[400] > sum(statuses.values()) / 10, statuses
