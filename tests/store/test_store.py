"""Repositories on both databases: what must happen once happens once, and secrets leave no trace."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import bindparam, select
from sqlalchemy.exc import IntegrityError

from fhir_facade.access.scopes import Scopes
from fhir_facade.store import Store, StoreUnavailable
from fhir_facade.store.apps import App, Apps
from fhir_facade.store.assertions import Assertions
from fhir_facade.store.authorizations import Code, Codes
from fhir_facade.store.grants import Grants, StoredGrant, StoredToken, Tokens
from fhir_facade.store.lookup import Lookup
from fhir_facade.store.secrets import hash_of
from fhir_facade.store.tables import apps
from fhir_facade.store.tidy import DAY_S, tidy

NOW = 1_800_000_000


def app(**changes):
    values = {
        "app_id": "app-1",
        "name": "Budget Buddy",
        "kind": "public",
        "environment": "sandbox",
        "scopes": Scopes.parse("openid patient/*.rs"),
        "created_at": NOW,
        "redirect_uris": ("https://app.example.com/a", "https://app.example.com/b"),
        "details": {"website": "https://app.example.com"},
    }
    return App(**(values | changes))


def grant(**changes):
    values = {
        "grant_id": "grant-1",
        "app_id": "app-1",
        "patient": "p1",
        "user": "Patient/p1",
        "scopes": Scopes.parse("patient/*.rs"),
        "withheld": frozenset({"42CFRPart2"}),
        "length": "13-months",
        "authenticated_at": NOW,
        "created_at": NOW,
        "until": NOW + 1000,
    }
    return StoredGrant(**(values | changes))


def token(text, kind="access", **changes):
    values = {"family": "f", "grant_id": "grant-1", "scope": "patient/*.rs", "created_at": NOW, "until": NOW + 100}
    return StoredToken(token_hash=hash_of(text), kind=kind, **(values | changes))


@pytest.fixture
def filled(store):
    with store.write() as connection:
        Apps(connection).add(app())
        Grants(connection).add(grant())
    return store


def test_an_app_comes_back_as_it_was_kept(filled):
    with filled.read() as connection:
        assert Apps(connection).find("app-1") == app()
        assert Apps(connection).find("app-2") is None
        assert Apps(connection).redirect_uris("production") == []


def test_a_changed_app_keeps_only_its_new_redirects(filled):
    changed = app(redirect_uris=("https://app.example.com/c",), state="suspended")
    with filled.write() as connection:
        Apps(connection).change(changed)
    with filled.read() as connection:
        assert Apps(connection).find("app-1") == changed
        assert Apps(connection).redirect_uris("sandbox") == []


def test_secrets_overlap_for_as_long_as_they_should(filled):
    with filled.write() as connection:
        Apps(connection).add_secret("app-1", "old", NOW)
        Apps(connection).end_secrets("app-1", NOW + 10, keep="new")
        Apps(connection).add_secret("app-1", "new", NOW)
    with filled.read() as connection:
        assert sorted(Apps(connection).secret_hashes("app-1", NOW + 9)) == ["new", "old"]
        assert Apps(connection).secret_hashes("app-1", NOW + 10) == ["new"]


def test_a_code_is_taken_by_exactly_one_of_many_threads(filled, full_counts):
    rounds = 200 if full_counts else 5
    for number in range(rounds):
        code = Code(
            code_hash=f"code-{number}",
            app_id="app-1",
            grant_id="grant-1",
            redirect_uri="x",
            challenge="x",
            nonce=None,
            mount="",
            until=NOW + 60,
        )
        with filled.write() as connection:
            Codes(connection).add(code)

        def take(_, name=code.code_hash):
            with filled.write() as connection:
                return Codes(connection).take(name, "app-1", NOW)

        with ThreadPoolExecutor(16) as pool:
            assert sum(taken is not None for taken in pool.map(take, range(16))) == 1


def test_a_refresh_token_is_spent_by_exactly_one_of_many_threads(filled):
    with filled.write() as connection:
        Tokens(connection).add(token("r", "refresh"))

    def spend(_):
        with filled.write() as connection:
            return Tokens(connection).spend(hash_of("r"), NOW)

    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(spend, range(16))) == 1


def test_an_assertion_counts_once_for_each_app(filled):
    with filled.write() as connection:
        used = Assertions(connection)
        assert used.use("app-1", "jti", NOW + 10)
        assert not used.use("app-1", "jti", NOW + 10)
        assert used.remove_older(NOW + 11) == 1
        assert used.use("app-1", "jti", NOW + 10)


def test_ending_a_grant_ends_its_tokens_and_says_so_once(filled):
    with filled.write() as connection:
        Tokens(connection).add(token("a"), token("r", "refresh"))
        assert Grants(connection).end(["grant-1"], NOW + 1, "member") == 1
        assert Grants(connection).end(["grant-1"], NOW + 2, "operator") == 0
        found = Grants(connection).find("grant-1")
        assert (found.ended_at, found.ended_because) == (NOW + 1, "member")
        assert not found.is_good(NOW + 1)
        assert Tokens(connection).find(hash_of("a")).revoked_at == NOW + 1


def test_good_grants_are_those_that_have_neither_run_out_nor_been_ended(filled):
    with filled.write() as connection:
        grants = Grants(connection)
        grants.add(grant(grant_id="study", until=None))
        grants.add(grant(grant_id="other", patient="p2"))
        assert {g.grant_id for g in grants.good(NOW, patient="p1")} == {"grant-1", "study"}
        assert {g.grant_id for g in grants.good(NOW + 1000, app_id="app-1")} == {"study"}


def test_a_failed_transaction_leaves_nothing(filled):
    def twice():
        with filled.write() as connection:
            Tokens(connection).add(token("a"))
            Tokens(connection).add(token("a"))

    with pytest.raises(IntegrityError):
        twice()
    with filled.read() as connection:
        assert Tokens(connection).find(hash_of("a")) is None


def test_old_rows_can_be_removed(filled):
    with filled.write() as connection:
        Tokens(connection).add(token("a"), token("b", until=None))
        assert Tokens(connection).remove_older(NOW + 101) == 1


def test_tidying_removes_what_ran_out_and_keeps_the_record(filled):
    later = NOW + 40 * DAY_S
    with filled.write() as connection:
        Tokens(connection).add(
            token("old"),
            token("long spent", "refresh", until=None, used_at=NOW),
            token("just spent", "refresh", until=None, used_at=later - 10),
            token("good", "refresh", until=None),
        )
        Assertions(connection).use("app-1", "jti", NOW + 10)
    assert tidy(filled, later) == {"authorizations": 0, "codes": 0, "assertions": 1, "tokens": 2} | dict.fromkeys(
        ("log-ins", "counts", "status"), 0
    )
    with filled.read() as connection:
        assert Tokens(connection).find(hash_of("good"))
        assert Tokens(connection).find(hash_of("just spent"))
        assert Grants(connection).find("grant-1")


def test_a_forked_process_opens_connections_of_its_own(filled):
    with filled.read() as connection:
        assert Apps(connection).find("app-1")
    child = os.fork()
    if child == 0:
        with filled.write() as connection:
            Tokens(connection).add(token("from the child"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    with filled.read() as connection:
        assert Tokens(connection).find(hash_of("from the child"))


def test_a_look_up_sees_what_was_committed_before_it_also_after_a_fork(filled):
    names = Lookup(filled, select(apps.c.name).where(apps.c.app_id == bindparam("app_id")))
    assert names.one({"app_id": "app-1"}) == ("Budget Buddy",)
    with filled.write() as connection:
        Apps(connection).change(app(name="Budget Buddy 2"))
    assert names.one({"app_id": "app-1"}) == ("Budget Buddy 2",)
    assert names.one({"app_id": "x' OR 1=1 --"}) is None
    child = os.fork()
    if child == 0:
        os._exit(0 if names.one({"app_id": "app-1"}) == ("Budget Buddy 2",) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert names.one({"app_id": "app-1"}) == ("Budget Buddy 2",)


@pytest.mark.parametrize("url", ["sqlite:////nowhere/at/all.db", "postgresql+psycopg://x@127.0.0.1:1/x"])
def test_a_database_that_is_down_is_named_as_such(url):
    store = Store(url)
    with pytest.raises(StoreUnavailable), store.read() as connection:
        Apps(connection).find("app-1")
    with pytest.raises(StoreUnavailable):
        Lookup(store, select(apps.c.name)).one({})
