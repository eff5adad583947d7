"""What the token endpoint refuses, by the book, and what every refusal costs."""

from __future__ import annotations

import base64
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.databases import on_both

from .conftest import CALLBACK, basic


def error_of(answer) -> tuple[int, str]:
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Pragma"] == "no-cache"
    return answer.status_code, answer.json["error"]


def good_form(world, app, **changes):
    code, verifier = world.grant(app)
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": CALLBACK,
        "code_verifier": verifier,
    } | changes


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"grant_type": "not_a_grant_type"}, 400, "unsupported_grant_type"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, 400, "unauthorized_client"),
        ({"code": "unknown"}, 400, "invalid_grant"),
        ({"code": "\ud7ff"}, 400, "invalid_grant"),
        ({"redirect_uri": CALLBACK + "/"}, 400, "invalid_grant"),
        ({"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ({"code_verifier": "short"}, 400, "invalid_grant"),
        ({"code_verifier": "é" * 43}, 400, "invalid_grant"),
        ({"code_verifier": "v" * 129}, 400, "invalid_grant"),
        ({"client_id": "unknown"}, 400, "invalid_client"),
        ({"client_id": ""}, 400, "invalid_client"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"code": ""}, 400, "invalid_request"),
        ({"client_secret": "x"}, 400, "invalid_client"),
    ],
)
def test_a_wrong_value_has_its_error(world, public, changes, status, error):
    assert error_of(world.token(public, good_form(world, public) | changes)) == (status, error)


def test_a_parameter_without_a_value_counts_as_left_out(world, public):
    assert world.token(public, good_form(world, public, client_secret="", scope="")).status_code == 200


@pytest.mark.parametrize("name", ["grant_type", "code", "redirect_uri", "code_verifier"])
def test_a_missing_parameter_has_its_error(world, public, name):
    form = good_form(world, public)
    del form[name]
    assert error_of(world.token(public, form)) == (400, "invalid_request")


@pytest.mark.kit("beyond 3.7")
def test_a_code_ends_after_its_minute(world, public):
    form = good_form(world, public)
    world.clock.now += 60
    assert error_of(world.token(public, form)) == (400, "invalid_grant")


def test_a_code_is_good_for_its_own_app_alone(world, public):
    other = world.register("other")
    form = good_form(world, public)
    assert error_of(world.token(other, form)) == (400, "invalid_grant")
    assert world.token(public, form).status_code == 200


def test_a_wrong_verifier_uses_the_code_up(world, public):
    form = good_form(world, public)
    world.token(public, form | {"code_verifier": "w" * 43})
    assert error_of(world.token(public, form)) == (400, "invalid_grant")


def test_parameters_in_the_url_are_refused(world, public):
    form = good_form(world, public)
    for query in ("?code=x", "?client_secret=x", "?x=1"):
        answer = world.token(public, form, path=f"/oauth/token{query}")
        assert error_of(answer) == (400, "invalid_request")


def test_a_repeated_parameter_is_refused(world, public):
    form = good_form(world, public) | {"client_id": public.app.app_id}
    pairs = [*form.items(), ("code", form["code"])]
    body = "&".join(f"{name}={value}" for name, value in pairs)
    answer = world.client.post("/oauth/token", data=body, content_type="application/x-www-form-urlencoded")
    assert error_of(answer) == (400, "invalid_request")


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "text/plain", ""])
def test_any_other_body_is_refused(world, public, kind):
    answer = world.client.post("/oauth/token", data=b"{}", content_type=kind)
    assert error_of(answer) == (400, "invalid_request")


def test_get_is_not_offered(world):
    assert world.client.get("/oauth/token").status_code == 405


@pytest.mark.parametrize(
    "header",
    [
        "Basic",
        "Basic !!!",
        "Basic " + base64.b64encode(b"no-colon").decode(),
        "Basic " + base64.b64encode(b"\xff\xfe:x").decode(),
        basic("unknown", "secret"),
        basic("unknown", "sécret"),
        basic("", ""),
        "Bearer abc",
        "Digest abc",
        "Basic " + "A" * 10_000,
    ],
)
def test_wrong_credentials_in_the_header_are_challenged(world, public, header):
    answer = world.client.post("/oauth/token", data=good_form(world, public), headers={"Authorization": header})
    assert error_of(answer) == (401, "invalid_client")
    assert answer.headers["WWW-Authenticate"].startswith("Basic")


def test_every_kind_of_app_must_authenticate_as_what_it_is(world, public, confidential, asymmetric):
    for app in (confidential, asymmetric):
        form = good_form(world, app) | {"client_id": app.app.app_id}
        assert error_of(world.client.post("/oauth/token", data=form)) == (400, "invalid_client")
    form = good_form(world, public)
    for secret in ("", "x", "x" * 5000):
        header = {"Authorization": basic(public.app.app_id, secret)}
        assert error_of(world.client.post("/oauth/token", data=form, headers=header)) == (401, "invalid_client")


def test_two_ways_at_once_are_refused(world, confidential):
    form = good_form(world, confidential) | {
        "client_id": confidential.app.app_id,
        "client_secret": confidential.secret,
    }
    assert error_of(world.token(confidential, form)) == (400, "invalid_request")


def test_another_client_id_beside_the_credentials_is_refused(world, confidential):
    form = good_form(world, confidential) | {"client_id": "somebody"}
    assert error_of(world.token(confidential, form)) == (400, "invalid_client")


def test_former_secrets_end_after_the_overlap(world, confidential):
    from dataclasses import replace

    from fhir_facade.oauth.registry import rotate_secret

    new = replace(confidential, secret=rotate_secret(world.server.store, confidential.app.app_id, overlap_s=100))
    world.clock.now = int(time.time())
    form = {"grant_type": "refresh_token", "refresh_token": "x"}
    assert error_of(world.token(new, form)) == (400, "invalid_grant")
    assert error_of(world.token(confidential, form)) == (400, "invalid_grant")
    world.clock.now += 200
    assert error_of(world.token(new, form)) == (400, "invalid_grant")
    assert error_of(world.token(confidential, form)) == (401, "invalid_client")


@on_both
@pytest.mark.figure(of="R7")
def test_one_of_64_threads_redeems_a_code_and_the_others_cost_it_its_tokens(world, public, full_counts, figure):
    rounds = 1_000 if full_counts else 3
    for _ in range(rounds):
        form = good_form(world, public)
        with ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(lambda _, sent=form: world.token(public, sent), range(64)))
        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        assert {error_of(answer) for answer in answers if answer not in won} == {(400, "invalid_grant")}
        assert not world.opens(won[0].json["access_token"])
        assert world.refresh(public, won[0].json["refresh_token"]).status_code == 400
    figure(f"{rounds} codes, 64 threads each, exactly one winner every time; each replay had revoked what it issued")


def test_a_replayed_code_revokes_what_it_issued(world, public):
    form = good_form(world, public)
    body = world.token(public, form).json
    assert world.opens(body["access_token"])
    assert world.token(public, form).status_code == 400
    assert not world.opens(body["access_token"])
    assert world.refresh(public, body["refresh_token"]).status_code == 400
    assert [event.outcome for event in world.events if event.what == "grant"][-1] == "ended: code replayed"


def test_a_stolen_code_cannot_be_used_to_end_anothers_grant(world, public):
    other = world.register("other")
    form = good_form(world, public)
    body = world.token(public, form).json
    world.token(other, form)
    assert world.opens(body["access_token"])


def test_when_the_audit_trail_is_down_no_token_is_given_and_the_code_stays_good(world, public):
    from fhir_facade.store.audit import AuditUnavailable

    form = good_form(world, public)
    events, broken = world.events.append, [True]

    def record(event):
        if broken[0]:
            raise AuditUnavailable("down")
        events(event)

    object.__setattr__(world.server, "record", record)
    answer = world.token(public, form)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    broken[0] = False
    assert world.token(public, form).status_code == 200
