"""Refresh tokens rotate, forgive a double click, and end their family when they come back later."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from fhir_facade.oauth.codes import GRANT_MONTHS, end_grants, grants_of, months_later
from tests.databases import on_both

from .conftest import START


def test_a_refresh_gives_a_new_pair_and_leaves_the_old_access_token_alone(world, public):
    first = world.tokens(public)
    second = world.refresh(public, first["refresh_token"]).json
    assert second["access_token"] != first["access_token"]
    assert second["refresh_token"] != first["refresh_token"]
    assert second["scope"] == first["scope"]
    assert second["patient"] == "synthetic-1"
    assert world.opens(first["access_token"])
    assert world.opens(second["access_token"])


@pytest.mark.parametrize("seconds", [0, 1, 10])
@pytest.mark.kit("bluebutton 10")
def test_within_the_grace_the_same_successor_comes_again(world, public, seconds):
    first = world.tokens(public)
    second = world.refresh(public, first["refresh_token"]).json
    world.clock.now += seconds
    again = world.refresh(public, first["refresh_token"]).json
    assert (again["access_token"], again["refresh_token"]) == (second["access_token"], second["refresh_token"])
    assert again["expires_in"] == 3600 - seconds


@on_both
@pytest.mark.figure(of="R8")
@pytest.mark.kit("beyond 3.10")
def test_after_the_grace_the_whole_family_dies(world, public, full_counts, figure):
    rounds = 1_000 if full_counts else 10
    for _ in range(rounds):
        first = world.tokens(public)
        second = world.refresh(public, first["refresh_token"]).json
        third = world.refresh(public, second["refresh_token"]).json
        world.clock.now += 11
        assert world.refresh(public, first["refresh_token"]).json["error"] == "invalid_grant"
        for body in (first, second, third):
            assert not world.opens(body["access_token"])
            assert world.refresh(public, body["refresh_token"]).json["error"] == "invalid_grant"
    figure(f"{rounds} of {rounds} families dead at the first reuse outside the grace")
    assert "family revoked: refresh token used again" in [event.outcome for event in world.events]


def test_another_devices_family_lives_on(world, public):
    stolen, other = world.tokens(public), world.tokens(public)
    world.refresh(public, stolen["refresh_token"])
    world.clock.now += 11
    world.refresh(public, stolen["refresh_token"])
    assert world.opens(other["access_token"])
    assert world.refresh(public, other["refresh_token"]).status_code == 200


@on_both
@pytest.mark.figure(of="R9")
def test_a_double_submitted_refresh_never_logs_anybody_out(world, public, full_counts, figure):
    rounds, body = 10_000 if full_counts else 10, world.tokens(public)
    with ThreadPoolExecutor(4) as pool:
        for _ in range(rounds):
            answers = list(pool.map(lambda _, token=body["refresh_token"]: world.refresh(public, token), range(4)))
            assert {answer.status_code for answer in answers} == {200}
            assert len({(answer.json["access_token"], answer.json["refresh_token"]) for answer in answers}) == 1
            body = answers[0].json
    assert world.opens(body["access_token"])
    figure(f"{rounds} refreshes sent four times at once, 0 log-outs, one successor each")


def test_a_refresh_may_ask_for_less_and_gets_everything_back_later(world, public):
    first = world.tokens(public)
    narrow = world.refresh(public, first["refresh_token"], scope="patient/Coverage.rs openid").json
    assert narrow["scope"] == "patient/Coverage.rs openid"
    assert not world.bearer.authenticate(f"Bearer {narrow['access_token']}").scopes.allows("Patient", "r")
    assert world.refresh(public, narrow["refresh_token"]).json["scope"] == first["scope"]


@pytest.mark.parametrize(
    "scope", ["patient/*.cruds", "user/*.rs", "patient/*.rs system/*.rs", "profile", "patient/*.rs nonsense"]
)
def test_a_refresh_may_not_ask_for_more(world, public, scope):
    first = world.tokens(public)
    answer = world.refresh(public, first["refresh_token"], scope=scope)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")
    assert world.refresh(public, first["refresh_token"]).status_code == 200


def test_a_refresh_may_repeat_its_scope(world, public):
    first = world.tokens(public)
    assert world.refresh(public, first["refresh_token"], scope=first["scope"]).json["scope"] == first["scope"]


def test_a_refresh_token_is_its_own_apps_alone(world, public, confidential):
    first = world.tokens(public)
    assert world.refresh(confidential, first["refresh_token"]).json["error"] == "invalid_grant"
    assert world.refresh(public, first["refresh_token"]).status_code == 200


def test_a_public_app_need_not_name_itself_to_refresh(world, public):
    form = {"grant_type": "refresh_token", "refresh_token": world.tokens(public)["refresh_token"]}
    assert world.client.post("/oauth/token", data=form).json["patient"] == "synthetic-1"
    unknown = world.client.post("/oauth/token", data=form | {"refresh_token": "unknown"})
    assert (unknown.status_code, unknown.json["error"]) == (400, "invalid_grant")
    nameless = world.client.post("/oauth/token", data={"grant_type": "authorization_code", "code": "x"})
    assert nameless.json["error"] == "invalid_client"


def test_a_confidential_app_cannot_refresh_without_its_secret(world, confidential):
    form = {"grant_type": "refresh_token", "refresh_token": world.tokens(confidential)["refresh_token"]}
    answer = world.client.post("/oauth/token", data=form)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client")
    assert world.refresh(confidential, form["refresh_token"]).status_code == 200


def test_access_and_refresh_tokens_are_not_taken_for_each_other(world, public):
    first = world.tokens(public)
    assert world.refresh(public, first["access_token"]).json["error"] == "invalid_grant"
    assert not world.opens(first["refresh_token"])


@pytest.mark.kit("beyond 3.2")
def test_an_access_token_ends_after_its_hour(world, public):
    body = world.tokens(public)
    world.clock.now += 3599
    assert world.opens(body["access_token"])
    world.clock.now += 1
    assert not world.opens(body["access_token"])


def test_one_time_access_is_never_renewed_and_ends_within_the_hour(world):
    app = world.register("once", grant_length="once")
    body = world.tokens(app)
    assert "refresh_token" not in body
    assert body["expires_in"] == 3600
    world.clock.now += 3661
    assert not world.opens(body["access_token"])


def test_a_grant_of_13_months_ends_on_its_day_and_no_token_outlives_it(world, public):
    body = world.tokens(public)
    end = months_later(START, GRANT_MONTHS)
    world.clock.now = end - 100
    late = world.refresh(public, body["refresh_token"]).json
    assert late["expires_in"] == 100
    world.clock.now = end
    assert not world.opens(late["access_token"])
    assert world.refresh(public, late["refresh_token"]).json["error"] == "invalid_grant"


def test_a_study_has_no_end(world):
    app = world.register("study", grant_length="study")
    body = world.tokens(app)
    world.clock.now += 10 * 366 * 24 * 3600
    assert world.refresh(app, body["refresh_token"]).status_code == 200


def test_thirteen_months_after_the_last_of_january_is_the_last_of_february():
    assert months_later(1_706_659_200, 13) == 1_740_700_800  # 2024-01-31 → 2025-02-28


def test_a_member_ends_a_grant_at_once(world, public):
    body = world.tokens(public)
    ((grant, app),) = grants_of(world.server, "synthetic-1")
    assert app.name == "App public"
    assert end_grants(world.server, [grant.grant_id], "member") == 1
    assert not world.opens(body["access_token"])
    assert world.refresh(public, body["refresh_token"]).json["error"] == "invalid_grant"
    assert grants_of(world.server, "synthetic-1") == []


def test_a_suspended_app_stops_at_once_and_goes_on_when_it_is_active_again(world, public):
    from fhir_facade.oauth.registry import set_state

    body = world.tokens(public)
    set_state(world.server.store, public.app.app_id, "suspended")
    assert not world.opens(body["access_token"])
    assert world.refresh(public, body["refresh_token"]).json["error"] == "invalid_client"
    set_state(world.server.store, public.app.app_id, "active")
    assert world.opens(body["access_token"])
