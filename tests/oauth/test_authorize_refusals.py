"""What the authorization endpoint refuses: on a page until the app is proven, to the app after that."""

from __future__ import annotations

import random

import pytest

from tests.databases import on_both

from .conftest import BASE, CALLBACK, SEED, challenge_of, query_of

LOOPBACK = "http://127.0.0.1/cb"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example.com/callback"},
        {"redirect_uri": ""},
        {"drop": ("client_id",)},
        {"drop": ("redirect_uri",)},
    ],
)
def test_before_the_app_is_proven_a_fault_is_shown_on_a_page(world, public, changes):
    answer = world.authorize(public, **changes)
    assert answer.status_code == 400
    assert answer.mimetype == "text/html"
    assert "Location" not in answer.headers
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize("state", ["suspended", "retired"])
def test_an_app_whose_access_was_ended_is_shown_a_page(world, public, state):
    from fhir_facade.oauth.registry import set_state

    set_state(world.server.store, public.app.app_id, state)
    assert world.authorize(public).status_code == 400


def test_an_app_of_another_environment_does_not_exist(world):
    app = world.register("live", environment="production")
    assert world.authorize(app).status_code == 400


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"drop": ("state",)}, "invalid_request"),
        ({"state": ""}, "invalid_request"),
        ({"state": "s" * 2001}, "invalid_request"),
        ({"drop": ("response_type",)}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"request": "e30.e30."}, "request_not_supported"),
        ({"request_uri": "https://x.example"}, "request_uri_not_supported"),
        ({"client_secret": "x"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
        ({"drop": ("aud",)}, "invalid_request"),
        ({"aud": "https://other.example/fhir"}, "invalid_request"),
        ({"aud": f"{BASE}/fhir/Patient"}, "invalid_request"),
        ({"aud": f"{BASE}/fhirx"}, "invalid_request"),
        ({"resource": "https://other.example/fhir"}, "invalid_target"),
        ({"scope": ""}, "invalid_scope"),
        ({"drop": ("scope",)}, "invalid_scope"),
        ({"scope": "patient/patient.rs admin"}, "invalid_scope"),
        ({"scope": "system/*.rs"}, "invalid_scope"),
        ({"scope": "x" * 4001}, "invalid_request"),
        ({"nonce": "x" * 2001}, "invalid_request"),
        ({"drop": ("code_challenge",)}, "invalid_request"),
        ({"drop": ("code_challenge_method",)}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": "s256"}, "invalid_request"),
        ({"code_challenge": "x" * 42}, "invalid_request"),
        ({"code_challenge": "x" * 44}, "invalid_request"),
        ({"code_challenge": challenge_of("v" * 43) + "="}, "invalid_request"),
    ],
)
def test_after_that_the_app_is_told(world, public, changes, error):
    answer = world.authorize(public, **changes)
    assert answer.status_code == 302
    assert answer.location.startswith(CALLBACK + "?")
    told = query_of(answer.location)
    assert told["error"] == error
    assert told["iss"] == BASE
    if "state" not in changes and "state" not in changes.get("drop", ()):
        assert told["state"] == "state-of-the-app"
    assert "code" not in told


@pytest.mark.parametrize("name", ["scope", "state", "code_challenge", "response_type", "aud"])
def test_a_repeated_parameter_is_refused(world, public, name):
    url = world.authorize(public).request.url
    answer = world.client.get(f"{url}&{name}=again")
    assert query_of(answer.location)["error"] == "invalid_request"


@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_repeated_client_or_address_is_shown_on_a_page(world, public, name):
    url = world.authorize(public).request.url
    assert world.client.get(f"{url}&{name}=again").status_code == 400


def test_a_backend_service_has_no_members(world, asymmetric):
    from dataclasses import replace

    from fhir_facade.access.scopes import Scopes
    from fhir_facade.store.apps import Apps

    with world.server.store.write() as connection:
        Apps(connection).change(replace(asymmetric.app, scopes=Scopes.parse("system/*.rs")))
    assert query_of(world.authorize(asymmetric).location)["error"] == "unauthorized_client"


def test_a_redirect_keeps_its_own_query(world):
    app = world.register("query", redirect_uris=[f"{CALLBACK}?tenant=a%20b"])
    answer = world.authorize(app, redirect_uri=f"{CALLBACK}?tenant=a%20b", scope="x")
    assert answer.location.startswith(f"{CALLBACK}?tenant=a%20b&error=invalid_scope")


@pytest.mark.parametrize(
    ("asked", "taken"),
    [
        ("http://127.0.0.1:49152/cb", True),
        ("http://127.0.0.1/cb", True),
        ("http://127.0.0.1:0/cb", False),
        ("http://127.0.0.1:65536/cb", False),
        ("http://127.0.0.1:49152/cb/", False),
        ("http://127.0.0.1:49152/cb?x=1", False),
        ("http://127.0.0.1:49152/CB", False),
        ("http://127.0.0.1:49152@evil.example/cb", False),
        ("http://127.0.0.1.evil.example/cb", False),
        ("http://localhost:49152/cb", False),
        ("https://127.0.0.1:49152/cb", False),
        ("http://[::1]:49152/cb", False),
        ("http://127.1:49152/cb", False),
        ("http://127.0.0.1:\u0661/cb", False),
    ],
)
def test_only_the_port_of_a_loopback_address_is_free(world, asked, taken):
    app = world.register("native", redirect_uris=[LOOPBACK])
    answer = world.authorize(app, redirect_uri=asked)
    assert (answer.status_code == 302) is taken


def mutations(uri: str, count: int, rng: random.Random):
    """Addresses close to a registered one, and those that attackers try."""
    yield from (
        uri + "/",
        uri + "?",
        uri + "#",
        uri + "#x",
        uri + "?x=1",
        uri + "%00",
        uri + " ",
        " " + uri,
        uri + "\n",
        uri + "/..",
        uri.replace("https", "http"),
        uri.replace("https:", "HTTPS:"),
        uri.replace("app.example.com", "APP.example.com"),
        uri.replace("app.example.com", "app.example.com."),
        uri.replace("app.example.com", "app.example.com:443"),
        uri.replace("app.example.com", "app.example.com@evil.example"),
        uri.replace("app.example.com", "evil.example\\@app.example.com"),
        uri.replace("app.example.com", "app.example.com.evil.example"),
        uri.replace("/callback", "//callback"),
        uri.replace("/callback", "/./callback"),
        uri.replace("/callback", "/x/../callback"),
        uri.replace("/callback", "/callbac%6b"),
        uri.replace("callback", "Callback"),
        uri.replace("c", "с", 1),
        uri * 2,
        f"{uri},{uri}",
        f"javascript:{uri}",
        "",
    )
    alphabet = "abcABC0129./:?#@%&=+\\_-~ \t\r\n\0é\u202e"
    for _ in range(count):
        text = list(uri)
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(text) + 1)
            action = rng.random()
            if action < 0.4:
                text.insert(place, rng.choice(alphabet))
            elif text and action < 0.7:
                text[min(place, len(text) - 1)] = rng.choice(alphabet)
            elif text:
                del text[min(place, len(text) - 1)]
        yield "".join(text)


@on_both
@pytest.mark.figure(of="R10")
def test_no_mutated_redirect_uri_is_taken(world, public, full_counts, figure):
    tried = 0
    for uri in mutations(CALLBACK, 51_000 if full_counts else 200, random.Random(SEED)):
        if uri != CALLBACK:
            answer = world.authorize(public, redirect_uri=uri)
            assert (answer.status_code, answer.location) == (400, None), uri
            tried += 1
    figure(f"0 of {tried} mutated redirect URIs taken, each asked for at the authorization endpoint")


@on_both
@pytest.mark.figure(of="R11")
def test_no_code_without_s256_on_any_mount(world, public, full_counts, figure):
    rng = random.Random(SEED)
    good = challenge_of("v" * 43)
    methods = ["", "plain", "s256", "S512", "S256 ", "none", "S256,plain"]
    rounds = 2_500 if full_counts else 40
    for _ in range(rounds):
        for path in ("/oauth/authorize", "/v1/o/authorize/", "/v2/o/authorize/", "/v3/o/authorize/"):
            changes = rng.choice(
                [
                    {"code_challenge_method": rng.choice(methods)},
                    {"drop": ("code_challenge_method",)},
                    {"drop": ("code_challenge",)},
                    {"drop": ("code_challenge", "code_challenge_method")},
                    {"code_challenge": good[: rng.randrange(43)]},
                    {"code_challenge": good[:-1] + rng.choice("+/ é%")},
                    {"code_challenge": "=" * rng.randrange(4)},
                ]
            )
            answer = world.authorize(public, path=path, **changes)
            assert "/login/" not in answer.location, changes
    figure(f"0 of {4 * rounds} requests without S256 went on, a quarter on each of four mounts")


@pytest.mark.parametrize("garbage", ["%ff%fe", "%00", "a=%", "client_id=%ud800", "&&&==", "client_id[]=x"])
def test_a_mangled_request_is_answered_on_a_page(world, garbage):
    assert world.client.get(f"/oauth/authorize?{garbage}").status_code == 400
    assert world.client.post("/oauth/authorize", data=garbage.encode()).status_code == 400


def test_lone_surrogates_and_null_bytes_never_break_it(world, public):
    for value in ("\x00", "a\x00b", "\ufffd", "𐍈" * 100):
        for name in ("client_id", "redirect_uri", "state", "scope", "aud", "nonce", "lang", "prompt"):
            assert world.authorize(public, **{name: value}).status_code in (302, 400)
