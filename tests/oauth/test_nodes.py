"""What one node did holds on every other node at once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial

import pytest

from fhir_facade.oauth.codes import end_grants, grants_of
from fhir_facade.oauth.registry import set_state
from fhir_facade.store import Store
from tests.databases import on_both

from .conftest import CALLBACK, build_world


@dataclass
class Given:
    """An app's tokens and the way it came by them."""

    app: object
    form: dict
    body: dict


def revoked(world, given, name, path="/oauth/revoke"):
    assert world.token(given.app, {"token": given.body[name]}, path=path).status_code == 200


def code_sent_again(world, given):
    assert world.token(given.app, given.form).json["error"] == "invalid_grant"


def refresh_sent_again(world, given):
    world.refresh(given.app, given.body["refresh_token"])
    world.clock.now += 11
    assert world.refresh(given.app, given.body["refresh_token"]).json["error"] == "invalid_grant"


def ended_by_member(world, given):
    grants = [grant.grant_id for grant, app in grants_of(world.server, "synthetic-1")]
    assert end_grants(world.server, grants, "member")


def suspended(world, given):
    set_state(world.server.store, given.app.app.app_id, "suspended")


WAYS = {
    "access token revoked": partial(revoked, name="access_token"),
    "refresh token revoked": partial(revoked, name="refresh_token"),
    "grant ended by the app": partial(revoked, name="refresh_token", path="/v2/o/revoke/"),
    "code replayed": code_sent_again,
    "refresh token reused": refresh_sent_again,
    "ended by the member": ended_by_member,
    "app suspended": suspended,
}


@pytest.fixture
def nodes(store, world, signing_folder):
    """Two servers with one database and one clock, each with connections of its own."""
    other = Store(store.url)
    yield world, build_world(other, signing_folder, clock=world.clock)
    other.close()


def given_on(world, app):
    code, verifier = world.grant(app)
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
    return Given(app, form, world.token(app, form).json)


@on_both
@pytest.mark.figure(of="R15")
def test_a_revocation_holds_on_the_other_node_at_once(nodes, full_counts, figure):
    rounds, slowest = 200 if full_counts else 2, 0.0
    one, other = nodes
    for number in range(rounds):
        for way, end in WAYS.items():
            app = one.register(f"{way} {number}", kind="confidential")
            given = given_on(one, app)
            assert other.opens(given.body["access_token"])
            end(one, given)
            started = time.monotonic()
            bearer = {"Authorization": f"Bearer {given.body['access_token']}"}
            assert other.client.get("/oauth/userinfo", headers=bearer).status_code == 401, way
            slowest = max(slowest, time.monotonic() - started)
            assert not other.opens(given.body["access_token"])
            if way != "access token revoked":
                assert other.refresh(app, given.body["refresh_token"]).status_code in (400, 401), way
    assert slowest < 1
    tried = rounds * len(WAYS)
    figure(f"{tried} revocations in {len(WAYS)} ways held at the other node's next request, {slowest:.3f} s at most")


@on_both
def test_an_app_that_was_suspended_goes_on_everywhere_when_it_is_active_again(nodes):
    one, other = nodes
    given = given_on(one, one.register("back"))
    set_state(one.server.store, given.app.app.app_id, "suspended")
    assert not other.opens(given.body["access_token"])
    set_state(one.server.store, given.app.app.app_id, "active")
    assert other.opens(given.body["access_token"])
