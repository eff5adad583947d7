"""My apps: a sandbox key at once, faults explained, secrets shown once, changes kept to their owner."""

from __future__ import annotations

import json

import pytest
from joserfc.jwk import ECKey

from fhir_facade.oauth.registry import find_app
from fhir_facade.store.apps import Apps
from tests.web.portal.stage import APP, YES, Stage


def good_secrets(stage: Stage, app_id: str) -> int:
    with stage.store.read() as connection:
        return len(Apps(connection).secret_hashes(app_id, stage.clock.now))


def test_a_registered_app_has_its_sandbox_key_at_once(stage: Stage) -> None:
    browser = stage.browser().developer()
    app_id = browser.register()
    app = find_app(stage.store, app_id)
    assert app is not None
    assert (app.environment, app.state, app.kind, app.name) == ("sandbox", "active", "confidential", "Budget Buddy")
    assert set(app.redirect_uris) == {"https://app.example/callback", "http://localhost:3000/callback"}
    assert len(app.details["attestations"]) == 7
    assert stage.outcomes("app") == ["registered"]


def test_a_secret_is_shown_once(stage: Stage) -> None:
    browser = stage.browser().developer()
    app_id = browser.register()
    secret = browser.shown("sandbox-secret")
    assert len(secret) == 43
    assert secret not in browser.get(f"/developers/apps/{app_id}").text
    assert good_secrets(stage, app_id) == 1


def test_a_new_secret_leaves_the_one_before_good_for_a_while(stage: Stage) -> None:
    browser = stage.browser().developer()
    app_id = browser.register()
    first = browser.shown("sandbox-secret")
    browser.get(f"/developers/apps/{app_id}")
    browser.send(f"/developers/apps/{app_id}/secret", client_id=app_id)
    assert browser.shown("sandbox-secret") != first
    assert good_secrets(stage, app_id) == 2


def test_a_registration_sent_twice_makes_one_app_and_still_shows_its_secret(stage: Stage) -> None:
    browser = stage.browser().developer()
    browser.get("/developers/apps/new")
    first = browser.page
    data = {"csrf": browser.hidden("csrf"), "once": browser.hidden("once"), **APP, **YES}
    browser.client.post("/developers/apps/new", data=data)
    browser.page = first
    page = browser.send("/developers/apps/new", **APP | YES)
    assert page.status_code == 200
    assert len(browser.shown("sandbox-secret")) == 43
    with stage.store.read() as connection:
        assert len(Apps(connection).all()) == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("redirects", "http://app.example/callback", "http is allowed for localhost only"),
        ("redirects", "https://app.example/#here", "an address with # is not allowed"),
        ("redirects", "https://*.app.example/", "* is not allowed"),
        ("redirects", "callback", "not an address we can send people back to"),
        ("redirects", "javascript:alert(1)", "not an address we can send people back to"),
        ("redirects", " \n ", "at least one redirect address"),
        ("redirects", "\n".join(f"https://app.example/{n}" for n in range(21)), "At most 20"),
        ("name", "", "Enter a name"),
        ("name", "x" * 201, "Enter a name"),
        ("website", "javascript:alert(1)", "web address"),
        ("privacy_url", "http://[", "web address"),
        ("kind", "secretive", "Choose one"),
        ("grant_length", "ever", "Choose one"),
        ("scope", ["openid"], "at least one scope"),
        ("description", "x" * 2001, "too long"),
    ],
)
def test_a_wrong_field_is_explained_and_nothing_is_registered(stage: Stage, field: str, value, said: str) -> None:
    browser = stage.browser().developer()
    browser.get("/developers/apps/new")
    page = browser.send("/developers/apps/new", **APP | YES | {field: value})
    assert page.status_code == 422
    assert page.text.count(said) >= 2
    assert f'href="#{field}"' in page.text
    with stage.store.read() as connection:
        assert Apps(connection).all() == []


def test_a_wrong_redirect_address_is_explained_in_spanish(stage: Stage) -> None:
    browser = stage.browser("es").developer()
    browser.get("/developers/apps/new")
    page = browser.send("/developers/apps/new", **APP | YES | {"redirects": "http://app.example/"})
    assert "http solo se permite para localhost" in page.text


def test_an_app_with_its_own_keys_gives_a_set_of_public_keys(stage: Stage) -> None:
    key = ECKey.generate_key("P-384", parameters={"kid": "one"}, private=True)
    public = json.dumps({"keys": [key.as_dict(private=False)]})
    private = json.dumps({"keys": [key.as_dict(private=True)]})
    browser = stage.browser().developer()
    for wrong in ("{", "[]", private, '{"keys": []}', "[" * 5000):
        browser.get("/developers/apps/new")
        page = browser.send("/developers/apps/new", **APP | YES | {"kind": "asymmetric", "jwks": wrong})
        assert page.status_code == 422, wrong[:50]
        assert "no JWK set" in page.text
    app = find_app(stage.store, browser.register(kind="asymmetric", jwks=public))
    assert app is not None
    assert app.jwks is not None


def test_both_kinds_of_key_set_at_once_are_refused(stage: Stage) -> None:
    browser = stage.browser().developer()
    browser.get("/developers/apps/new")
    changed = {"kind": "asymmetric", "jwks": "{}", "jwks_uri": "https://app.example/keys"}
    assert browser.send("/developers/apps/new", **APP | YES | changed).status_code == 422


def test_an_edit_holds_at_once_and_changes_no_kind(stage: Stage) -> None:
    browser = stage.browser().developer()
    app_id = browser.register()
    browser.get(f"/developers/apps/{app_id}/edit")
    changed = {"name": "Budget <b>Friend</b>", "kind": "public", "redirects": "https://app.example/new"}
    browser.send(f"/developers/apps/{app_id}/edit", **APP | changed)
    app = find_app(stage.store, app_id)
    assert app is not None
    assert (app.name, app.kind, app.redirect_uris) == (
        "Budget <b>Friend</b>",
        "confidential",
        ("https://app.example/new",),
    )
    assert "<b>Friend" not in browser.page.text
    assert "attestations" not in app.details


@pytest.mark.parametrize("page", ["", "/edit", "/production"])
def test_another_developers_app_looks_like_none(stage: Stage, page: str) -> None:
    app_id = stage.browser().developer().register()
    other = stage.browser().developer("eve@evil.example")
    other.add_second_factor()
    assert other.get(f"/developers/apps/{app_id}{page}").status_code == 404
    assert other.get(f"/developers/apps/none{page}").status_code == 404


def test_another_developers_secret_cannot_be_made(stage: Stage) -> None:
    app_id = stage.browser().developer().register()
    other = stage.browser().developer("eve@evil.example")
    own = other.register()
    assert other.send(f"/developers/apps/{app_id}/secret", client_id=app_id).status_code == 404
    other.get(f"/developers/apps/{own}")
    assert other.send(f"/developers/apps/{own}/secret", client_id=app_id).status_code == 404
    assert good_secrets(stage, app_id) == 1


@pytest.mark.parametrize("path", ["", "/new", "/x", "/x/edit", "/x/production"])
def test_nobody_sees_apps_without_logging_in(stage: Stage, path: str) -> None:
    assert stage.browser().client.get(f"/developers/apps{path}").location == "/developers/log-in"
