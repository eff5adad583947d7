"""What the authorization endpoint makes of values that are empty, too long, or about the language."""

from __future__ import annotations

import pytest

from .conftest import query_of

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
