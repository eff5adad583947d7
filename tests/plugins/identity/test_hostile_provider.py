"""A provider, or whoever stands in its place, that answers with anything but what it should: nobody gets in."""

from __future__ import annotations

import base64
import hmac
import json
import math
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey, RSAKey

from fhir_facade.conformance.identity_answers import fresh_attempt
from fhir_facade.contracts.errors import IdentityUnavailable, LoginError, LoginRejected
from fhir_facade.contracts.identity import Answer, Attempt, VerifiedIdentity
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.contracts.settings import Secret
from fhir_facade_identity_oidc import OidcProvider, OidcSettings, plugin

KEY = ECKey.generate_key("P-256", {"use": "sig", "kid": "k1"})
OTHER = ECKey.generate_key("P-256", {"use": "sig", "kid": "k1"})
RSA = RSAKey.generate_key(2048, {"use": "sig", "kid": "rsa"})
CONTEXT = IdentityContext(accounts=None, production=False, public_base="https://facade.example")
Page = tuple[int, dict[str, str], bytes]


@dataclass
class Hostile:
    """A provider that hands out whatever ``token`` makes of good claims, and ``pages`` in place of its own."""

    token: Callable[[dict[str, Any]], str] = lambda claims: sign(claims)
    pages: dict[str, Callable[[], Page]] = field(default_factory=dict)
    nonce: str = ""
    issuer: str = ""

    def answer(self, path: str) -> Page:
        """Status, headers and body for a path."""
        if path in self.pages:
            return self.pages[path]()
        return document({"/token": self.tokens, "/keys": self.keys}.get(path, self.metadata)())

    def metadata(self) -> dict[str, Any]:
        paths = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/keys"}
        algorithms = {"id_token_signing_alg_values_supported": ["ES256", "RS256", "HS256", "none"]}
        return {"issuer": self.issuer} | {name: self.issuer + path for name, path in paths.items()} | algorithms

    def keys(self) -> dict[str, Any]:
        return dict(KeySet([KEY, RSA]).as_dict(private=False))

    def tokens(self) -> dict[str, Any]:
        return {"access_token": "a", "token_type": "Bearer", "id_token": self.token(self.claims())}

    def claims(self) -> dict[str, Any]:
        now = int(time.time())
        who = {"iss": self.issuer, "aud": "facade", "sub": "maria", "nonce": self.nonce, "medicaid_id": "A1"}
        return who | {"iat": now, "exp": now + 60, "auth_time": now}


def document(value: object, status: int = 200) -> Page:
    return status, {"Content-Type": "application/json"}, json.dumps(value).encode()


def sign(claims: dict[str, Any], key: Any = KEY, alg: str = "ES256", kid: str = "k1") -> str:
    return jwt.encode({"alg": alg, "kid": kid}, claims, key, algorithms=[alg])


@pytest.fixture(scope="module")
def serving() -> Iterator[tuple[ThreadingHTTPServer, list[Hostile]]]:
    current: list[Hostile] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = current[0].answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            with suppress(ConnectionError):  # who asked had waited long enough
                self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *message: object) -> None:
            del message

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server, current
    server.shutdown()
    server.server_close()


@pytest.fixture
def hostile(serving: tuple[ThreadingHTTPServer, list[Hostile]]) -> Hostile:
    server, current = serving
    current[:] = [Hostile(issuer=f"http://127.0.0.1:{server.server_port}")]
    return current[0]


def opened(hostile: Hostile, **changed: Any) -> OidcProvider:
    usual = {"client_id": "facade", "client_secret": Secret("x", "s"), "claims": {"medicaid_id": "medicaid-id"}}
    return plugin.open(OidcSettings(issuer=hostile.issuer, **(usual | changed)), CONTEXT)


def log_in(hostile: Hostile, provider: OidcProvider, attempt: Attempt | None = None) -> VerifiedIdentity:
    attempt = attempt or fresh_attempt()
    hostile.nonce = hostile.nonce or attempt.nonce
    try:
        return provider.finish(attempt, Answer(parameters={"state": attempt.state, "code": "c"}))
    finally:
        hostile.nonce = ""


def test_the_same_provider_with_good_answers_logs_in(hostile: Hostile) -> None:
    assert log_in(hostile, opened(hostile)).evidence == {"medicaid-id": "A1"}


LONG_AGO, FAR_AHEAD = 1_000_000_000, 4_000_000_000  # 2001 and 2096: a test's name must not hold the time of its run
WRONG_CLAIMS: list[dict[str, Any]] = [
    {"iss": "https://evil.example"},
    {"iss": None},
    {"iss": ["a"]},
    {"aud": "another"},
    {"aud": ["another", "third"]},
    {"aud": ["facade", "another"]},
    {"aud": None},
    {"azp": "another"},
    {"nonce": "another"},
    {"nonce": None},
    {"sub": ""},
    {"sub": None},
    {"sub": 7},
    {"exp": LONG_AGO},
    {"exp": "tomorrow"},
    {"exp": None},
    {"exp": math.nan},
    {"iat": FAR_AHEAD},
    {"iat": None},
    {"iat": math.nan},
    {"auth_time": "today"},
    {"auth_time": -1e300},
    {"auth_time": math.nan},
]


def changed(claims: dict[str, Any], wrong: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (claims | wrong).items() if value is not None}


@pytest.mark.parametrize("wrong", WRONG_CLAIMS, ids=str)
def test_an_id_token_with_a_wrong_claim_logs_nobody_in(hostile: Hostile, wrong: dict[str, Any]) -> None:
    hostile.token = lambda claims: sign(changed(claims, wrong))
    with pytest.raises(LoginRejected):
        log_in(hostile, opened(hostile))


def unsigned(claims: dict[str, Any]) -> str:
    return ".".join((encoded({"alg": "none"}), encoded(claims), ""))


def encoded(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def by_public_key(claims: dict[str, Any]) -> str:
    """The provider's public key, which everybody knows, used as a shared secret."""
    signed = f"{encoded({'alg': 'HS256', 'kid': 'rsa'})}.{encoded(claims)}"
    mac = hmac.digest(RSA.as_pem(private=False), signed.encode(), "sha256")
    return f"{signed}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


FORGED: dict[str, Callable[[dict[str, Any]], str]] = {
    "another key of the same name": lambda claims: sign(claims, OTHER),
    "a key that nobody published": lambda claims: sign(claims, OTHER, kid="unknown"),
    "no signature": unsigned,
    "no signature under a good header": lambda claims: sign(claims).rpartition(".")[0] + ".",
    "the client secret as key": lambda claims: sign(claims, OctKey.import_key("s" * 32), "HS256"),
    "the public key as secret": by_public_key,
    "the key of another algorithm": lambda claims: sign(claims, RSA, "RS256", kid="k1"),
    "claims of another token": lambda claims: swapped(sign(claims), sign(claims | {"sub": "evil"})),
    "nothing": lambda claims: "",
    "a number": lambda claims: 7,  # type: ignore[arg-type,return-value]
    "a megabyte": lambda claims: sign(claims | {"more": "x" * 1_100_000}),
    "text": lambda claims: "not.a.token",
}


def swapped(token: str, other: str) -> str:
    head, _, signature = token.split(".")
    return ".".join((head, other.split(".")[1], signature))


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_id_token_logs_nobody_in(hostile: Hostile, forged: str) -> None:
    hostile.token = FORGED[forged]
    with pytest.raises(LoginRejected):
        log_in(hostile, opened(hostile))


def test_a_token_that_was_good_once_is_not_good_again(hostile: Hostile) -> None:
    kept: list[str] = []
    hostile.token = lambda claims: kept[0] if kept else (kept.append(sign(claims)) or kept[0])
    provider = opened(hostile)
    assert log_in(hostile, provider).subject == "maria"
    with pytest.raises(LoginRejected, match="another attempt"):
        log_in(hostile, provider)


PAGES: dict[str, tuple[Page, type[LoginError]]] = {
    "a page for people": ((200, {"Content-Type": "text/html"}, b"<html>Welcome</html>"), LoginRejected),
    "a list": (document([1, 2]), LoginRejected),
    "nothing": ((200, {}, b""), LoginRejected),
    "more than a megabyte": ((200, {}, b'{"a":"' + b"x" * 1_100_000 + b'"}'), LoginRejected),
    "brackets without end": ((200, {}, b"[" * 900_000), LoginRejected),
    "its own fault": (document({}, 500), IdentityUnavailable),
    "too many requests": (document({}, 429), IdentityUnavailable),
    "a redirect elsewhere": ((302, {"Location": "https://evil.example/"}, b""), LoginError),
}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_a_provider_that_answers_with_something_else_logs_nobody_in(hostile: Hostile, path: str, page: str) -> None:
    hostile.pages[path] = lambda: PAGES[page][0]
    with pytest.raises(PAGES[page][1]):
        log_in(hostile, opened(hostile))


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/keys", "/token"])
def test_a_provider_that_is_slow_is_unavailable(hostile: Hostile, path: str) -> None:
    def slow() -> Page:
        time.sleep(1.5)
        return document({})

    hostile.pages[path] = slow
    with pytest.raises(IdentityUnavailable):
        log_in(hostile, opened(hostile, timeout_s=1))


@pytest.mark.figure(of="I3")
def test_tampered_id_tokens_log_nobody_in(hostile: Hostile, full_counts: bool, figure) -> None:
    chance, provider, tried = random.Random(20261122), opened(hostile), 5_000 if full_counts else 60
    forgeries = [*FORGED.values(), *(lambda claims, w=wrong: sign(changed(claims, w)) for wrong in WRONG_CLAIMS)]
    forgeries = [make for make in forgeries if make is not FORGED["a megabyte"]]
    got_in = 0
    for _ in range(tried):
        make = chance.choice([*forgeries, lambda claims: bent(sign(claims), chance)])
        hostile.token = make
        try:
            log_in(hostile, provider)
            got_in += 1
        except LoginError:
            pass
    assert got_in == 0
    figure(f"0 of {tried} tampered id_tokens logged anybody in")


def bent(token: str, chance: random.Random) -> str:
    """One character changed, anywhere but in the last one, whose low bits may be padding."""
    place = chance.randrange(len(token) - 1)
    others = [sign for sign in "ABCabc019-_" if sign != token[place]]
    return token[:place] + chance.choice(others) + token[place + 1 :]
