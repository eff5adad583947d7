"""What must happen once happens once on PostgreSQL as well, and nothing secret is in its dump."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

import fhir_facade.store.logins  # noqa: F401 - adds its tables to the metadata
from fhir_facade.store import Store, migrate
from fhir_facade.store.tables import metadata
from tests.peers.postgresql import postgresql

from .conftest import build_world
from .test_at_rest import spent_secrets
from .test_token_refusals import good_form

__all__ = ["postgresql"]

pytestmark = pytest.mark.peer("postgresql")


@pytest.fixture(scope="module")
def pg_store(postgresql):
    url = postgresql.database()
    migrate(url)
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def pg_world(pg_store, signing_folder):
    return build_world(pg_store, signing_folder)


@pytest.fixture
def pg_public(pg_world):
    return pg_world.register("public")


def test_one_of_64_threads_redeems_a_code(pg_world, pg_public, full_counts, figure):
    rounds = 1_000 if full_counts else 3
    for _ in range(rounds):
        form = good_form(pg_world, pg_public)
        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda _, sent=form: pg_world.token(pg_public, sent), range(64)))
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        assert {answer.status_code for answer in answers} == {200, 400}
        assert not pg_world.opens(won[0].json["access_token"])
    figure(f"R7 PostgreSQL: {rounds} codes, 64 threads each, exactly one winner every time, replay revokes")


def test_a_double_submitted_refresh_gives_one_successor(pg_world, pg_public, full_counts, figure):
    rounds, body = 10_000 if full_counts else 10, pg_world.tokens(pg_public)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(rounds):
            token = body["refresh_token"]
            answers = list(pool.map(lambda _, sent=token: pg_world.refresh(pg_public, sent), range(4)))
            assert {answer.status_code for answer in answers} == {200}
            assert len({answer.json["refresh_token"] for answer in answers}) == 1
            body = answers[0].json
    figure(f"R9 PostgreSQL: {rounds} refreshes sent four times at once, no log-out, one successor each")


def test_reuse_ends_the_family_and_revocation_holds_at_once_on_every_node(pg_world, pg_public, signing_folder, figure):
    other_store = Store(pg_world.server.store.url)
    other = build_world(other_store, signing_folder)
    first = pg_world.tokens(pg_public)
    assert other.opens(first["access_token"])
    pg_world.refresh(pg_public, first["refresh_token"])
    pg_world.clock.now += 11
    assert pg_world.refresh(pg_public, first["refresh_token"]).json["error"] == "invalid_grant"
    started = time.monotonic()
    assert not other.opens(first["access_token"])
    figure(f"R15: a revocation holds on another node after {time.monotonic() - started:.3f} s")
    other_store.close()


def test_nothing_secret_is_in_the_dump(pg_world, pg_public, client_keys):
    confidential = pg_world.register("confidential", kind="confidential")
    jwks = {"keys": [key.as_dict(private=False) for key in client_keys.values()]}
    asymmetric = pg_world.register("asymmetric", kind="asymmetric", jwks=jwks, backend=True, scopes="system/*.rs")
    seen = spent_secrets(pg_world, pg_public, confidential, asymmetric, client_keys, 3)
    with pg_world.server.store.read() as connection:
        dump = repr([connection.execute(select(table)).all() for table in metadata.sorted_tables])
    assert confidential.app.app_id in dump
    assert [secret for secret in seen if secret in dump] == []
