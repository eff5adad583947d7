"""How often one token, app and address may ask, and how often a secret may be guessed."""

from __future__ import annotations

import os
import time

import pytest
from flask import Flask
from werkzeug.datastructures import MultiDict

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.web import counts
from fhir_facade.web.counts import Counts
from fhir_facade.web.errors import Problem
from fhir_facade.web.fhir_headers import LEFT
from fhir_facade.web.limits import Limits
from tests.peers.running import free_port, running

from .conftest import basic


def limits(app=None, **changes):
    made = Limits(
        **({"per_token": "3 per minute", "per_app": "5 per minute", "per_address": "100 per minute"} | changes)
    )
    made.start(app or Flask("limits"))
    return made


class FakeGrant:
    def __init__(self, token, app="app"):
        self.token_id, self.app_id = token, app


def refusals(count, tokens):
    refused = []
    for number, token in enumerate(tokens):
        try:
            count(FakeGrant(token), {})
        except Problem as problem:
            refused.append((number, problem))
    assert {(problem.status, problem.code) for _, problem in refused} <= {(429, "throttled")}
    assert all(1 <= int(problem.headers["Retry-After"]) <= 61 for _, problem in refused)
    return [number for number, _ in refused]


def test_a_token_has_its_own_budget():
    count = limits(per_app="100 per minute").counted()
    assert refusals(count, ["a"] * 4 + ["b"]) == [3]


def test_an_app_shares_one_over_all_its_tokens():
    assert refusals(limits().counted(), list("abcdefg")) == [5, 6]


def test_it_is_told_which_app_has_to_wait():
    waiting = []
    refusals(limits().counted(waiting.append), list("abcdefg"))
    assert waiting == ["app", "app"]


def test_secrets_cannot_be_guessed_on_and_on(world, confidential):
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    header = {"Authorization": basic(confidential.app.app_id, "wrong")}
    answers = [world.client.post("/oauth/token", data=form, headers=header) for _ in range(21)]
    assert {answer.status_code for answer in answers[:20]} == {401}
    assert answers[20].status_code == 429
    assert int(answers[20].headers["Retry-After"]) >= 1
    assert answers[20].json["error"] == "temporarily_unavailable"
    assert world.token(confidential, form).status_code == 429
    other = world.register("other", kind="confidential")
    assert world.token(other, form).status_code == 400


@pytest.mark.parametrize("hide", ["encoded", "repeated"])
def test_guesses_are_counted_however_the_app_is_written(world, confidential, hide):
    app_id = confidential.app.app_id
    statuses = []
    for n in range(21):
        if hide == "encoded":
            name = app_id[:n] + f"%{ord(app_id[n]):02x}" + app_id[n + 1 :]
            request = {"path": "/oauth/token", "headers": {"Authorization": basic(name, "wrong")}}
            request |= {"data": {"grant_type": "refresh_token", "refresh_token": "x"}}
        else:
            form = [("client_id", f"decoy-{n}"), ("client_id", app_id), ("client_secret", "x"), ("grant_type", "x")]
            form[-1:] = [("grant_type", "refresh_token"), ("refresh_token", "x")]
            request = {"path": "/v2/o/token/", "data": MultiDict(form)}
        statuses.append(world.client.post(**request).status_code)
    assert statuses[20] == 429
    assert 429 not in statuses[:20]


def test_right_secrets_are_never_counted(world, confidential):
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert {world.token(confidential, form).status_code for _ in range(40)} == {400}


def test_an_address_has_a_budget_and_public_documents_are_free(store, signing_folder):
    from .conftest import build_world

    world = build_world(store, signing_folder)
    world.limits._budgets["per_address"] = limits(per_address="2 per minute")._budgets["per_address"]
    assert [world.client.post("/oauth/token").status_code for _ in range(3)] == [400, 400, 429]
    assert world.client.get("/fhir/.well-known/smart-configuration").status_code == 200
    assert world.client.options("/oauth/token").status_code == 204


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ("2001:db8::1", "2001:db8:0:0:ffff::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
    ],
)
def test_all_addresses_that_one_customer_of_a_network_has_share_a_budget(
    store, signing_folder, first, second, together
):
    from .conftest import build_world

    world = build_world(store, signing_folder)
    world.limits._budgets["per_address"] = limits(per_address="1 per minute")._budgets["per_address"]
    asked = [world.client.post("/oauth/token", environ_base={"REMOTE_ADDR": one}) for one in (first, second)]
    assert [one.status_code for one in asked] == [400, 429 if together else 400]


def test_a_person_who_has_to_wait_reads_so_on_a_page_and_a_browser_app_may_read_it(store, signing_folder, public):
    from .conftest import build_world

    world = build_world(store, signing_folder)
    world.limits._budgets["per_address"] = limits(per_address="1 per minute")._budgets["per_address"]
    world.client.post("/oauth/token")
    page = world.client.get("/oauth/authorize")
    assert (page.status_code, page.mimetype) == (429, "text/html")
    assert int(page.headers["Retry-After"]) >= 1
    answer = world.client.post("/oauth/token", headers={"Origin": "https://app.example.com"})
    assert (answer.status_code, answer.json["error"]) == (429, "temporarily_unavailable")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"


def test_while_redis_does_not_answer_each_process_counts_for_itself_and_says_so_once_a_minute(caplog):
    made = Limits(
        per_token="2 per minute", per_app="100 per minute", per_address="1 per minute", storage="redis://127.0.0.1:1"
    )
    made.start(Flask("limits"))
    assert refusals(made.counted(), ["a"] * 3) == [2]
    assert [line.getMessage() for line in caplog.records if line.name == "fhir_facade.web.limits"] == [
        "limits.storage does not answer (ConnectionError): each machine counts for itself"
    ]


def test_every_limit_that_cannot_be_read_is_named_at_once():
    with pytest.raises(ConfigError) as raised:
        limits(per_token="often", per_app="7 per fortnight")
    assert len(raised.value.faults) == 2


def test_every_counted_answer_says_what_is_left(world, confidential):
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    left = [int(world.token(confidential, form).headers["X-RateLimit-Remaining"]) for _ in range(3)]
    assert left == [999_999, 999_998, 999_997]
    answer = world.token(confidential, form)
    assert answer.headers["X-RateLimit-Limit"] == "1000000"
    assert 0 < int(answer.headers["X-RateLimit-Reset"]) - time.time() <= 62
    assert "X-RateLimit-Limit" not in world.client.get("/fhir/.well-known/smart-configuration").headers


def test_of_several_windows_the_one_with_least_is_told():
    count = limits(per_token="9 per minute; 5 per hour").counted()
    told = []
    for _ in range(2):
        count(FakeGrant("a"), environ := {})
        told.append(dict(environ[LEFT]))
    assert [(one["X-RateLimit-Limit"], one["X-RateLimit-Remaining"]) for one in told] == [("5", "4"), ("5", "3")]


def test_forked_workers_count_together_and_a_window_begins_anew(monkeypatch):
    monkeypatch.setattr(counts, "_shared", counts._table())
    one = Counts()
    child = os.fork()
    if child == 0:
        Counts().incr("key", 60, 2)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert one.get("key") == 2
    assert one.incr("key", 60) == 3
    assert one.get("another") == 0
    later = time.time() + 61
    monkeypatch.setattr(counts.time, "time", lambda: later)
    assert one.get("key") == 0
    assert one.incr("key", 60) == 1


def test_a_full_table_forgets_what_ends_first_and_nothing_else(monkeypatch):
    monkeypatch.setattr(counts, "SLOTS", 1)
    made = Counts()
    for number in range(20):
        assert made.incr(f"key {number}", 60 + number) == 1
    assert [made.get(f"key {number}") for number in range(12, 20)] == [1] * 8
    made.clear("key 19")
    assert made.get("key 19") == 0
    made.reset()
    assert made.get("key 18") == 0


@pytest.mark.peer("redis")
def test_with_redis_all_processes_count_together(tmp_path):
    port = free_port()
    command = ["redis-server", "--port", str(port), "--save", "", "--dir", str(tmp_path)]
    with running(command, port, tmp_path / "redis.log") as server:
        url = f"redis://127.0.0.1:{port}"
        one, other = (limits(storage=url).counted() for _ in range(2))
        assert refusals(one, ["a"] * 2) == []
        assert refusals(other, ["a"] * 2) == [1]
        server.kill()
        server.wait(10)
        assert refusals(one, ["b"] * 4) == [3]
