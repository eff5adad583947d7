"""What nobody foresees in a request, and a database that is gone: a proper answer each time, never a failure."""

from __future__ import annotations

import pytest

from fhir_facade.store import StoreUnavailable
from fhir_facade.store.engine import Store
from tests.databases import on_both
from tests.peers.running import free_port

from .conftest import CALLBACK, basic, build_world, signed, with_assertion

NASTY = ["\x00", "a\x00b", "\ud800", "\ufffd", "🔥" * 30, "'; DROP TABLE apps; --", "%00", " ", "a" * 10_000]
ENDPOINTS = ["/oauth/token", "/oauth/revoke", "/oauth/introspect", "/v2/o/token/", "/v2/o/revoke/"]


def sent(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def attack(world, public, client_keys):
    """Every nasty text in every place of every endpoint; gives the statuses that came."""
    client, statuses = world.client, set()
    for text in NASTY:
        quoted = "".join(f"%{byte:02x}" for byte in sent(text))
        base = world.authorize(public).request.url
        for name in ("client_id", "redirect_uri", "state", "scope", "aud", "nonce", "code_challenge", "lang"):
            url = base.replace(f"{name}=", f"old_{name}=") + f"&{name}={quoted}"
            statuses.add(client.get(url).status_code)
        for path in ENDPOINTS:
            form = f"grant_type={quoted}&client_id={quoted}&token={quoted}&client_secret={quoted}"
            for body in (form, f"grant_type=refresh_token&refresh_token={quoted}", f"code={quoted}", quoted):
                kind = "application/x-www-form-urlencoded"
                statuses.add(client.post(path, data=body, content_type=kind).status_code)
            header = {"Authorization": basic("x", "y")[:-2] + "=="}
            statuses.add(client.post(path, data=form, content_type=kind, headers=header).status_code)
        for claim in ("iss", "sub", "aud", "jti"):
            try:
                assertion = signed(client_keys["RS384"], "app", **{claim: text})
            except UnicodeEncodeError:
                continue
            statuses.add(
                client.post(
                    "/oauth/token", data=with_assertion({"grant_type": "client_credentials"}, assertion)
                ).status_code
            )
        statuses.add(client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {quoted}"}).status_code)
    return statuses


@on_both
def test_nothing_nasty_breaks_it(world, public, client_keys):
    assert attack(world, public, client_keys) <= {200, 302, 400, 401, 429}


@pytest.mark.parametrize(
    "credentials", ["é", "Basic é", "Basic 6Q==", "Basic =", "Bearer é", "basic\u00a0eDp5", "Basic" * 2000]
)
@pytest.mark.parametrize("path", [*ENDPOINTS, "/oauth/introspect", "/oauth/userinfo"])
def test_credentials_that_cannot_be_read_are_challenged(world, path, credentials):
    answer = world.client.post(path, data={"token": "x"}, headers={"Authorization": credentials})
    assert answer.status_code in (400, 401)
    assert answer.json["error"] in ("invalid_client", "invalid_request", "invalid_token")


@pytest.mark.kit("bluebutton 11")
def test_while_the_store_is_gone_every_endpoint_says_so(signing_folder):
    store = Store(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")
    world = build_world(store, signing_folder)
    client = world.client
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": "x", "token": "x"}
    for path in ("/oauth/token", "/oauth/revoke", "/v2/o/token/"):
        answer = client.post(path, data=form, headers={"Origin": "https://app.example.com"})
        assert (answer.status_code, answer.json["error"]) == (503, "temporarily_unavailable")
        assert answer.headers["Retry-After"] == "5"
        assert answer.headers["Cache-Control"] == "no-store"
    page = client.get(f"/oauth/authorize?client_id=x&redirect_uri={CALLBACK}")
    assert (page.status_code, page.mimetype) == (503, "text/html")
    assert page.headers["Retry-After"] == "5"
    with pytest.raises(StoreUnavailable):
        world.bearer.authenticate("Bearer abc")
    assert client.get("/fhir/.well-known/smart-configuration").status_code == 200
    store.close()
