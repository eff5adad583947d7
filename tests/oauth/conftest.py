"""An authorization server on a database of its own, apps of every kind, and a browser that grants."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from fhir_facade.access.scopes import Scopes
from fhir_facade.contracts.sections import OAuthSettings
from fhir_facade.oauth import codes, keys
from fhir_facade.oauth.bearer import Bearer
from fhir_facade.oauth.jwks import KeySets
from fhir_facade.oauth.registry import register_app
from fhir_facade.oauth.server import AuthorizationServer
from fhir_facade.store import Store, migrate
from fhir_facade.web.agency import Agency
from fhir_facade.web.limits import Limits
from fhir_facade.web.oauth import OAuthDesk, oauth_blueprint
from fhir_facade.web.oauth_origins import Origins
from fhir_facade.web.pages import Pages
from tests.databases import empty_url

BASE = "http://localhost:8000"
CALLBACK = "https://app.example.com/callback"
START = 1_800_000_000
SEED = int(os.environ.get("FHIR_FACADE_SEED", "20261122"))


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


@dataclass
class World:
    """A server with its apps; ``client`` is a fresh browser or app on the network."""

    server: AuthorizationServer
    clock: Clock
    flask: Flask
    bearer: Bearer
    events: list
    limits: Limits
    apps: dict = field(default_factory=dict)

    @property
    def client(self):
        return self.flask.test_client()

    def register(self, label: str, **values):
        values = {"name": f"App {label}", "environment": "sandbox", "redirect_uris": [CALLBACK]} | values
        self.apps[label] = register_app(self.server.store, **values)
        return self.apps[label]

    def authorize(self, app, *, path="/oauth/authorize", client=None, drop=(), **changes):
        verifier = changes.pop("verifier", secrets.token_urlsafe(32))
        parameters = {
            "response_type": "code",
            "client_id": app.app.app_id,
            "redirect_uri": CALLBACK,
            "scope": "launch/patient openid fhirUser offline_access patient/*.rs",
            "state": "state-of-the-app",
            "aud": f"{BASE}/fhir",
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
        } | changes
        kept = {name: value for name, value in parameters.items() if name not in drop}
        answer = (client or self.client).get(f"{path}?{urlencode(kept)}")
        answer.verifier = verifier
        return answer

    def grant(self, app, *, scopes=None, withheld=frozenset(), patient="synthetic-1", user=None, **changes):
        """A browser's way to a code: gives (code, verifier)."""
        client = self.client
        answer = self.authorize(app, client=client, **changes)
        assert answer.status_code == 302, answer.text
        assert "/login/" in answer.location, answer.location
        cookie = client.get_cookie(self.server.browser_cookie)
        waiting = codes.pending(self.server, answer.location.rpartition("/")[2], cookie.value)
        url = codes.issue(
            self.server,
            waiting,
            patient=patient,
            user=user or f"Patient/{patient}",
            scopes=Scopes.parse(scopes if scopes is not None else waiting.scope),
            withheld=withheld,
            authenticated_at=datetime.fromtimestamp(self.clock.now, UTC),
        )
        return query_of(url).get("code"), answer.verifier

    def token(self, app, form, *, path="/oauth/token", headers=None, client=None, **kind):
        form = dict(form)
        headers = dict(headers or {})
        if app.app.kind == "public":
            form.setdefault("client_id", app.app.app_id)
        elif app.app.kind == "confidential":
            headers.setdefault("Authorization", basic(app.app.app_id, app.secret))
        return (client or self.client).post(path, data=form, headers=headers, **kind)

    def redeem(self, app, code, verifier, **changes):
        path = changes.pop("path", "/oauth/token")
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "code_verifier": verifier}
        return self.token(app, form | changes, path=path)

    def tokens(self, app, **changes):
        path = {"path": changes["path"].replace("authorize", "token")} if "path" in changes else {}
        answer = self.redeem(app, *self.grant(app, **changes), **path)
        assert answer.status_code == 200, answer.text
        return answer.json

    def refresh(self, app, refresh_token, **changes):
        return self.token(app, {"grant_type": "refresh_token", "refresh_token": refresh_token} | changes)

    def opens(self, access_token):
        from fhir_facade.oauth.bearer import BearerInvalid

        try:
            self.bearer.authenticate(f"Bearer {access_token}")
        except BearerInvalid:
            return False
        return True


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def basic(name: str, secret: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@pytest.fixture(scope="session")
def signing_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    keys.rotate(folder, START - 10)
    return folder


@pytest.fixture(scope="session")
def client_keys():
    return {
        "RS384": RSAKey.generate_key(2048, {"kid": "rsa-1"}, private=True),
        "ES384": ECKey.generate_key("P-384", {"kid": "ec-1"}, private=True),
    }


@pytest.fixture(scope="session")
def migrated(tmp_path_factory):
    """An empty database with the schema, to be copied."""
    path = tmp_path_factory.mktemp("migrated") / "store.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def database():
    """SQLite, for tests that are not tried on both."""
    return "sqlite"


@pytest.fixture
def store(request, database, tmp_path, migrated):
    url = empty_url(request, database, tmp_path)
    if database == "sqlite":
        shutil.copy(migrated, tmp_path / "empty.db")
    else:
        migrate(url)
    store = Store(url)
    yield store
    store.close()


@cache
def signing_keys(folder):
    return keys.SigningKeys(folder)


def build_world(store, signing_folder, fetch=None, *, reverify_days=0, clock=None, signing=None) -> World:
    """A server on a store; several with one store's URL, folder and clock are nodes of one service."""
    clock = clock or Clock()
    server = AuthorizationServer(
        store=store,
        base=BASE,
        environment="sandbox",
        settings=OAuthSettings(),
        keys=signing or signing_keys(signing_folder),
        secret=b"0123456789abcdef0123456789abcdef",
        key_sets=KeySets(local_allowed=True, fetch=fetch),
        record=(events := []).append,
        reverify_days=reverify_days,
        clock=clock,
    )
    bearer = Bearer(store, "sandbox", clock)
    flask = Flask("test")
    pages = Pages(Agency("Example Plan", "help@example.org"), sandbox=True, secure=False)
    describe = {"synthetic-1": {"name": "Ana Diaz", "given_name": "Ana", "family_name": "Diaz"}}.__getitem__
    limits = Limits(per_token="600 per minute", per_app="60000 per minute", per_address="1000000 per minute")
    limits.start(flask)
    desk = OAuthDesk(server, bearer, pages, Origins(store, "sandbox"), describe, limits)
    flask.register_blueprint(oauth_blueprint(desk, compatibility=True))
    return World(server=server, clock=clock, flask=flask, bearer=bearer, events=events, limits=limits)


@pytest.fixture
def world(store, signing_folder):
    return build_world(store, signing_folder)


@pytest.fixture
def public(world):
    return world.register("public")


@pytest.fixture
def confidential(world):
    return world.register("confidential", kind="confidential")


@pytest.fixture
def asymmetric(world, client_keys):
    jwks = {"keys": [key.as_dict(private=False) for key in client_keys.values()]}
    scopes = "openid offline_access patient/*.rs system/*.rs"
    return world.register("asymmetric", kind="asymmetric", jwks=jwks, backend=True, scopes=scopes)


def signed(key, app_id, *, now=START, alg="RS384", header=None, drop=(), **changes):
    claims = {
        "iss": app_id,
        "sub": app_id,
        "aud": f"{BASE}/oauth/token",
        "exp": now + 240,
        "jti": secrets.token_urlsafe(16),
    } | changes
    kept = {name: value for name, value in claims.items() if name not in drop}
    return jwt.encode({"alg": alg, "kid": key.kid, "typ": "JWT"} | (header or {}), kept, key, algorithms=[alg])


def with_assertion(form, assertion):
    return form | {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion,
    }
