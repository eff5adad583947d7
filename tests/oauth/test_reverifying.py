"""A grant rests where the link behind it is in doubt or was not verified for too long; a log-in wakes it."""

from __future__ import annotations

import pytest

from fhir_facade.oauth.codes import end_grants_on, grants_of
from fhir_facade.store.logins import IN_DOUBT, LinkRow, Logins

from .conftest import build_world

DAY = 24 * 3600


@pytest.fixture
def careful(store, signing_folder):
    """A server that asks for a log-in every 30 days."""
    world = build_world(store, signing_folder, reverify_days=30)
    return world, world.register("public")


def link(world, verified_at, reference="Patient/synthetic-1", account="account-1"):
    row = LinkRow(account=account, reference=reference, provider="door", evidence="hash", verified_at=verified_at)
    Logins(world.server.store).link(row)


def refused(answer):
    return answer.status_code == 400 and "must log in again" in answer.json["error_description"]


def test_a_grant_rests_after_the_interval_and_a_log_in_wakes_it(careful):
    world, app = careful
    body = world.tokens(app)
    world.clock.now += 30 * DAY - 1
    body = world.refresh(app, body["refresh_token"]).json
    world.clock.now += 1
    assert refused(world.refresh(app, body["refresh_token"]))
    link(world, world.clock.now)
    again = world.refresh(app, body["refresh_token"])
    assert again.status_code == 200
    assert world.opens(again.json["access_token"])


def test_a_resting_grant_costs_nothing_that_is_not_given_back(careful):
    world, app = careful
    body = world.tokens(app)
    world.clock.now += 31 * DAY
    for _ in range(3):
        assert refused(world.refresh(app, body["refresh_token"]))
    ((grant, _),) = grants_of(world.server, "synthetic-1")
    assert grant.ended_at is None


def test_without_an_interval_a_grant_never_rests(world, public):
    body = world.tokens(public)
    world.clock.now += 300 * DAY
    assert world.refresh(public, body["refresh_token"]).status_code == 200


def test_a_link_in_doubt_rests_whatever_the_interval(world, public):
    body = world.tokens(public)
    link(world, IN_DOUBT)
    assert refused(world.refresh(public, body["refresh_token"]))
    link(world, world.clock.now)
    assert world.refresh(public, body["refresh_token"]).status_code == 200


def test_another_account_of_the_same_member_may_verify_it(world, public):
    body = world.tokens(public)
    link(world, IN_DOUBT)
    link(world, world.clock.now, account="account-2")
    assert world.refresh(public, body["refresh_token"]).status_code == 200


def test_a_representative_is_verified_as_who_they_are(careful):
    world, app = careful
    body = world.tokens(app, user="RelatedPerson/mother")
    world.clock.now += 31 * DAY
    link(world, world.clock.now)
    assert refused(world.refresh(app, body["refresh_token"]))
    link(world, world.clock.now, reference="RelatedPerson/mother")
    assert world.refresh(app, body["refresh_token"]).status_code == 200


def test_an_operators_block_is_no_log_in(world, public):
    body = world.tokens(public)
    Logins(world.server.store).block("Patient/synthetic-1", world.clock.now)
    link(world, IN_DOUBT)
    assert refused(world.refresh(public, body["refresh_token"]))


def test_grants_on_a_member_who_is_gone_end(world, public, confidential):
    mine, other = world.tokens(public), world.tokens(confidential, patient="synthetic-2")
    assert end_grants_on(world.server, "synthetic-1", "member gone") == 1
    assert (world.opens(mine["access_token"]), world.opens(other["access_token"])) == (False, True)
    assert world.events[-1].outcome == "ended: member gone"
