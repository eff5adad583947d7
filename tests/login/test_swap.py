"""One script, one changed line: the same thirty steps with every log-in system, each a real one."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine

import fhir_facade.app.parts
from fhir_facade.access.scopes import Scopes
from fhir_facade.app import create_app, migrate_databases, open_parts
from fhir_facade.app.accounts import invite
from fhir_facade.app.databases import replica_url
from fhir_facade.app.sources import match_hash
from fhir_facade.app.syncing import sync_source
from fhir_facade.contracts.claims import NamedMember
from fhir_facade.contracts.sections import Settings
from fhir_facade.resources.schema import match_key
from fhir_facade.settings import load
from fhir_facade.store.apps import App, Apps
from fhir_facade.web.language import catalog
from tests.peers.keycloak import Keycloak, keycloak
from tests.peers.log_ins import AT_KEYCLOAK, BASE, PASSWORD, PEOPLE, START, LogIn, follow, hidden

BACK = "https://app.example/back"
SCOPE = "openid fhirUser offline_access launch/patient patient/Patient.rs "
SCOPE += "patient/Coverage.rs patient/ExplanationOfBenefit.rs"
NUMBERS = dict(zip(PEOPLE, ("A1", "unknown", "TWO"), strict=True))
CONFIG = """
[server]
environment = "sandbox"
public_base = "http://localhost:8000"
state = "state"
[agency]
name = "Example Medicaid"
[limits]
per_address = "100000 per minute"
[[claims]]
name = "medical"
adapter = "synthetic"
mode = "replica"
[claims.synthetic]
members = 25
[identity]
provider = "{provider}"
{table}
"""


def written(folder: Path, provider: str, table: str) -> Settings:
    """The config of one log-in: all of them differ in one line and in the tables of their own."""
    path = folder / f"{provider}.toml"
    path.write_text(CONFIG.format(provider=provider, table=table))
    return load(path)


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a synced copy, in which maria's number is one member's and the twins' number two members'."""
    folder = tmp_path_factory.mktemp("facade")
    settings = written(folder, "sandbox", "")
    migrate_databases(settings)
    sync_source(settings, "medical")
    hashed, engine = match_hash(settings), create_engine(replica_url(settings))
    with engine.begin() as connection:
        rows = connection.execute(match_key.select().order_by(match_key.c.reference)).mappings().all()
        members = {row["reference"]: row for row in rows if row["reference"].startswith("Patient/")}
        for number, row in zip(("A1", "TWO", "TWO"), members.values(), strict=False):
            key = {**row, "kind": "medicaid-id", "hash": hashed("medicaid-id", number)}
            connection.execute(match_key.insert().values(key))
    engine.dispose()
    return folder


@pytest.fixture(scope="module")
def log_in(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogIn]:
    """A running log-in system."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param in AT_KEYCLOAK:
        yield AT_KEYCLOAK[request.param](request.getfixturevalue("one_keycloak"), folder)
        return
    with ExitStack() as stack:
        yield START[request.param](stack, folder)


@pytest.fixture(scope="module")
def one_keycloak(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    """Keycloak, started once for both of its log-ins."""
    with keycloak(tmp_path_factory.mktemp("keycloak") / "log") as server:
        yield server


@dataclass
class World:
    """One facade with one log-in, a browser, and the steps taken so far."""

    settings: Settings
    log_in: LogIn
    client: FlaskClient
    steps: list[str] = field(default_factory=list)
    verifier: str = ""

    def step(self, name: str, holds: bool) -> None:
        """Count a step, or fail with its name."""
        self.steps.append(name)
        assert holds, f"step {len(self.steps)}: {name}"

    def ask(self) -> str:
        """An app asks; where the browser is sent."""
        self.verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        query = {
            "response_type": "code",
            "client_id": "app",
            "redirect_uri": BACK,
            "scope": SCOPE,
            "state": "the-state-of-the-app",
            "aud": f"{BASE}/fhir",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        return urlsplit(self.client.get(f"/oauth/authorize?{urlencode(query)}").location).path

    def person(self, name: str, password: str = PASSWORD) -> Any:
        """Somebody logs in for a new request of the app; the page they see."""
        answer = self.log_in.go(self.client, self.ask(), name, password)
        return follow(self.client, answer.location) if answer.status_code == 303 else answer

    def allow(self, page: Any, token: str | None = None, **form: Any) -> Any:
        """The member's answer on the consent page."""
        path = urlsplit(page.request.path).path
        sent = {"token": token if token is not None else hidden(page.text, "token"), "answer": "allow"}
        return self.client.post(path, data=sent | form)

    def token(self, **form: str) -> Any:
        """A request to the token endpoint."""
        return self.client.post("/oauth/token", data={"client_id": "app"} | form)

    def exchange(self, url: str) -> Any:
        """Code for tokens."""
        code = dict(parse_qsl(urlsplit(url).query))["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": self.verifier}
        return self.token(**form)

    def read(self, path: str, token: str) -> Any:
        """A FHIR request."""
        return self.client.get(f"/fhir/{path}", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def world(copied: Path, log_in: LogIn, monkeypatch: pytest.MonkeyPatch) -> World:
    """The facade with this log-in."""
    named = [
        NamedMember(username=name, password=PASSWORD, story="", evidence={"medicaid-id": number})
        for name, number in NUMBERS.items()
    ]
    monkeypatch.setattr(fhir_facade.app.parts, "named_members", lambda settings: named)
    settings = written(copied, log_in.provider, log_in.table)
    register_app(settings)
    world = World(settings, log_in, create_app(settings).test_client())
    if log_in.provider == "local":
        accept_invitations(world)
    return world


def register_app(settings: Settings) -> None:
    app = App(
        app_id="app",
        name="The app",
        kind="public",
        environment="sandbox",
        scopes=Scopes.parse(SCOPE),
        created_at=1,
        redirect_uris=(BACK,),
    )
    with open_parts(settings).store.write() as connection:
        if Apps(connection).find("app") is None:
            Apps(connection).add(app)


def accept_invitations(world: World) -> None:
    for name, number in NUMBERS.items():
        code = invite(world.settings, {"medicaid-id": number}, "in person", 2, 1)
        page = follow(world.client, world.ask())
        form = {"state": hidden(page.text, "state"), "username": name, "password": PASSWORD, "invitation": code}
        world.client.post("/login/callback", data=form)


def shows(page: Any, key: str) -> bool:
    return catalog("en")[f"stopped.{key}_title"] in page.text


def before_anybody_is_in(world: World) -> None:
    """Steps 1–9: nobody gets in who should not."""
    client = world.client
    world.step("the server describes itself", client.get("/fhir/metadata").status_code == 200)
    smart = client.get("/fhir/.well-known/smart-configuration").json
    world.step("the authorization server describes itself", smart["token_endpoint"] == f"{BASE}/oauth/token")
    world.step("claims need a token", client.get("/fhir/ExplanationOfBenefit").status_code == 401)
    world.step("a request leads to the log-in", world.ask().startswith("/login/"))
    wrong = world.person("maria", "wrong-password")
    refused = wrong.status_code in {200, 303, 403} and "/consent" not in wrong.request.path
    world.step("a wrong password lets nobody in", refused)
    cancelled = world.log_in.cancel(client, world.ask()).location
    refusal = dict(parse_qsl(urlsplit(cancelled).query))
    world.step("a cancelled log-in tells the app", refusal["error"] == "access_denied")
    world.step("and gives its state back", refusal["state"] == "the-state-of-the-app")
    world.step("an unknown member sees why", shows(world.person("nobody"), "none"))
    world.step("an ambiguous member sees why", shows(world.person("twins"), "many"))


def consent(world: World) -> dict[str, Any]:
    """Steps 10–18: the member decides; the tokens of the app."""
    page = world.person("maria")
    world.step("a member comes to the consent page", page.status_code == 200 and "The app" in page.text)
    spanish = world.client.get(f"{page.request.path}?lang=es")
    world.step("and reads it in Spanish", "¿Quiere compartir" in spanish.text)
    world.client.get(f"{page.request.path}?lang=en")
    world.step("a forged answer decides nothing", world.allow(page, token="forged", share="claims").status_code == 400)
    world.step("allowing nothing asks again", world.allow(page).status_code == 400)
    shared = ["personal", "coverage", "claims"]
    allowed = world.allow(page, share=shared)
    world.step("allow leads to the app", allowed.location.startswith(f"{BACK}?"))
    world.step("a second submit gives the same answer", world.allow(page, share=shared).location == allowed.location)
    tokens = world.exchange(allowed.location)
    world.step("the code gives tokens", tokens.status_code == 200)
    world.step("the code is good once", world.exchange(allowed.location).status_code == 400)
    revoked = world.read("Patient", tokens.json["access_token"]).status_code
    world.step("and its second use revokes what it gave", revoked == 401)
    again = world.allow(world.person("maria"), share=shared)
    return world.exchange(again.location).json


def use(world: World, tokens: dict[str, Any]) -> dict[str, Any]:
    """Steps 19–26: the app reads this member's claims and nobody else's."""
    token, patient = tokens["access_token"], tokens["patient"]
    world.step("the member is one", patient.startswith("medical-"))
    world.step("their demographics", world.read(f"Patient/{patient}", token).status_code == 200)
    world.step("their coverage", world.read("Coverage", token).json["resourceType"] == "Bundle")
    claims = world.read("ExplanationOfBenefit", token)
    world.step("their claims", claims.status_code == 200)
    whose = {
        one["resource"]["patient"]["reference"] for one in claims.json.get("entry", []) if "patient" in one["resource"]
    }
    world.step("and nobody else's", whose <= {f"Patient/{patient}"})
    world.step("another member is not there", world.read("Patient/medical-other", token).status_code == 404)
    who = world.client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    world.step("userinfo names the member", who.json["patient"] == patient)
    fresh = world.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    world.step("refresh gives new tokens", fresh.status_code == 200)
    return fresh.json


def stop(world: World, tokens: dict[str, Any]) -> None:
    """Steps 27–30: access ends."""
    gone = world.client.post("/oauth/revoke", data={"token": tokens["refresh_token"], "client_id": "app"})
    world.step("the app may give its access back", gone.status_code == 200)
    spent = world.token(grant_type="refresh_token", refresh_token=tokens["refresh_token"])
    world.step("and then cannot refresh", spent.status_code == 400)
    world.step("nor read", world.read("Patient", tokens["access_token"]).status_code == 401)
    strict = replace(world.settings, oauth=replace(world.settings.oauth, minimum_ial=3))
    weak = World(strict, world.log_in, create_app(strict).test_client())
    world.step("too low an assurance is refused", shows(weak.person("maria"), "weak"))


@pytest.mark.figure(of="I1")
@pytest.mark.parametrize(
    "log_in",
    [
        *("sandbox", "local"),
        pytest.param("ldap", marks=pytest.mark.peer("slapd")),
        pytest.param("oidc", marks=pytest.mark.peer("node")),
        pytest.param("keycloak-oidc", marks=pytest.mark.peer("java")),
        pytest.param("keycloak-saml", marks=pytest.mark.peer("java", "xmlsec")),
    ],
    indirect=True,
)
def test_the_same_thirty_steps_pass_with_every_log_in(world: World, figure, request: pytest.FixtureRequest) -> None:
    before_anybody_is_in(world)
    stop(world, use(world, consent(world)))
    assert len(world.steps) == 30, world.steps
    figure(f"{len(world.steps)} of 30 steps with {request.node.callspec.params['log_in']}")


def test_a_representative_of_the_sandbox_may_act_for_their_member(copied: Path) -> None:
    parts = open_parts(written(copied, "sandbox", ""))
    (paula,) = [member for member in parts.named if member.username == "paula"]
    references = parts.people.match(paula.evidence)
    assert [reference.partition("/")[0] for reference in references] == ["RelatedPerson", "RelatedPerson"]
    assert [len(parts.people.represented(reference)) for reference in references] == [1, 1]
