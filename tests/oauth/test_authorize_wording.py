"""What the authorization endpoint makes of values that are empty, too long, or about the language."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes, urlsplit

import pytest

from .conftest import BASE, CALLBACK, query_of

NAMES = ["response_type", "scope", "state", "aud", "code_challenge", "code_challenge_method"]


@pytest.mark.parametrize("name", NAMES)
def test_an_empty_parameter_is_answered_as_a_missing_one(world, public, name):
    empty, missing = world.authorize(public, **{name: ""}), world.authorize(public, drop=(name,))
    assert empty.location == missing.location
    assert "error=" in empty.location


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_an_empty_app_or_address_is_told_to_the_person(world, public, name):
    answer = world.authorize(public, **{name: ""})
    assert (answer.status_code, answer.location) == (400, None)


def test_a_state_too_long_to_keep_is_called_that(world, public):
    answer = query_of(world.authorize(public, state="x" * 2001).location)
    assert answer["error"] == "invalid_request"
    assert "longer" in answer["error_description"]


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ({"ui_locales": "es"}, "es"),
        ({"ui_locales": "fr-CA es-MX en"}, "es"),
        ({"ui_locales": "en es"}, "en"),
        ({"lang": "es"}, "es"),
        ({"ui_locales": "fr"}, None),
        ({}, None),
    ],
)
def test_the_pages_that_follow_are_in_the_language_the_app_asks_for(world, public, wish, language):
    client = world.client
    assert "/login/" in world.authorize(public, client=client, **wish).location
    cookie = client.get_cookie("lang")
    assert (cookie.value if cookie else None) == language


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("state", [b"\xff", b"caf\xe9", b"ok\xed\xa0\x80", b"\xc0\xaf"])
def test_a_state_that_is_no_utf_8_is_refused_and_comes_back_byte_by_byte(world, public, method, state):
    parameters = asked(world, public, state)
    client = world.client
    if method == "GET":
        answer = client.get(f"/oauth/authorize?{parameters}")
    else:
        form = "application/x-www-form-urlencoded"
        answer = client.post("/oauth/authorize", data=parameters, content_type=form)
    assert answer.location.startswith(f"{CALLBACK}?error=invalid_request&")
    assert unquote_to_bytes(answer.location.partition("&state=")[2].partition("&")[0]) == state
    assert "UTF-8" in query_of(answer.location)["error_description"]


@pytest.mark.parametrize("escape", ["%", "%f", "%zz", "%u00e9"])
def test_an_escape_that_is_none_is_refused(world, public, escape):
    parameters = asked(world, public, b"x").replace("state=x", f"state={escape}")
    answer = query_of(world.client.get(f"/oauth/authorize?{parameters}").location)
    assert (answer["error"], answer["state"]) == ("invalid_request", escape)


@pytest.mark.parametrize("name", ["nonce", "scope", "ui_locales", "unknown"])
def test_no_parameter_is_taken_for_something_that_was_not_sent(world, public, name):
    answer = query_of(world.authorize(public, **{name: b"\xff"}).location)
    assert (answer["error"], answer["state"]) == ("invalid_request", "state-of-the-app")


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_an_app_or_address_that_is_no_text_is_told_to_the_person(world, public, name):
    answer = world.authorize(public, **{name: b"\xff"})
    assert (answer.status_code, answer.location) == (400, None)


@pytest.mark.parametrize("state", ["é", "100%", "a+b c&d=e", "漢字", "%FF"])
def test_a_state_comes_back_as_it_was_sent(world, public, state):
    answer = query_of(world.authorize(public, state=state, drop=("aud",)).location)
    assert (answer["state"], answer["iss"]) == (state, BASE)


def asked(world, app, state):
    """The parameters of a request that is right but for its state."""
    return urlsplit(world.authorize(app, state=state).request.url).query
