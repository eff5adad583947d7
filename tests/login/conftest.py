"""A log-in desk with everything real but the outside: members in a table, an app's request in memory."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from fhir_facade.access.scopes import Scopes
from fhir_facade.contracts.errors import ClaimsUnavailable, LoginDenied
from fhir_facade.contracts.identity import Answer, AskFor, Assurance, Attempt, Field, RedirectTo, VerifiedIdentity
from fhir_facade.login.flow import LoginFlow
from fhir_facade.login.identifiers import IdentifierHash
from fhir_facade.login.keys import LoginKeys
from fhir_facade.login.linking import Linker
from fhir_facade.login.ports import AppCard, AppRequest, Decision, LoginChoice, LoginEvent
from fhir_facade.store.engine import Store
from fhir_facade.store.logins import Logins
from fhir_facade.store.schema import migrate
from fhir_facade.web.agency import Agency
from fhir_facade.web.assets import static_blueprint
from fhir_facade.web.consent import consent_blueprint
from fhir_facade.web.login import LoginDesk, login_blueprint
from fhir_facade.web.pages import Pages

BROWSER = "the-browser-that-started-it"
APP_SCOPES = "openid fhirUser profile offline_access launch/patient patient/*.rs"

NOBODY = ["", "7", "-1", "²", "٣", "1 ", "9" * 5_000]
"""Numbers of nobody, where one chooses between two people."""


class Members:
    """Members by identifier, as the claims sources would answer."""

    def __init__(self) -> None:
        self.by_identifier: dict[tuple[str, str], list[str]] = {}
        self.acting: dict[str, list[str]] = {}
        self.names: dict[str, str] = {}
        self.ages: dict[str, int] = {}
        self.merged: set[str] = set()
        self.down = False
        self.asked: list[Mapping[str, str]] = []

    def match(self, evidence: Mapping[str, str]) -> Sequence[str]:
        if self.down:
            raise ClaimsUnavailable("down")
        self.asked.append(evidence)
        sets = [set(self.by_identifier.get(item, [])) for item in evidence.items()]
        return sorted(set.intersection(*sets)) if sets else []

    def represented(self, representative: str) -> Sequence[str]:
        return self.acting.get(representative, [])

    def name(self, patient: str) -> str | None:
        return self.names.get(patient)

    def stands(self, patient: str) -> bool:
        return patient in self.names and patient not in self.merged

    def age(self, patient: str) -> int | None:
        return self.ages.get(patient)


class Requests:
    """One app's request, waiting for a decision."""

    def __init__(self) -> None:
        self.request = AppRequest(
            authorization_id="request-1",
            app=AppCard(app_id="budget", name="Budget <Buddy>", privacy_url="https://budget.example/privacy"),
            scopes=Scopes.parse(APP_SCOPES),
            once=False,
            ends=datetime(2027, 12, 22, tzinfo=UTC),
            returns_to="https://budget.example/back",
        )
        self.decisions: list[Decision] = []
        self.refusals = 0

    def waiting(self, authorization_id: str, browser: str | None) -> AppRequest | None:
        decided = self.decisions or self.refusals
        return None if decided or browser != BROWSER or authorization_id != "request-1" else self.request

    def allow(self, request: AppRequest, decision: Decision) -> str:
        self.decisions.append(decision)
        return f"{request.returns_to}?code=good&state=s"

    def refuse(self, request: AppRequest) -> str:
        self.refusals += 1
        return f"{request.returns_to}?error=access_denied&state=s"


@dataclass
class PasswordDoor:
    """A log-in by user name and password; the evidence is what the test says."""

    evidence: dict[str, str] = field(default_factory=lambda: {"medicaid-id": "A1"})
    assurance: Assurance = field(default_factory=Assurance)
    nonce: str | None = None

    def begin(self, attempt: Attempt) -> AskFor:
        return AskFor(fields=(Field(name="username", label="field.username"), PASSWORD), hint="hint.sandbox")

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        if answer.parameters.get("password") != "right":
            raise LoginDenied("wrong password")
        return VerifiedIdentity(
            issuer="door",
            subject=answer.parameters.get("username", ""),
            nonce=self.nonce or attempt.nonce,
            authenticated_at=datetime.now(UTC),
            assurance=self.assurance,
            evidence=self.evidence,
            proofing="in person",
        )

    def check(self) -> Sequence[str]:
        return ()

    def close(self) -> None:
        return None


PASSWORD = Field(name="password", label="field.password", secret=True, autocomplete="current-password")


@dataclass
class FarDoor(PasswordDoor):
    """A log-in on another site."""

    def begin(self, attempt: Attempt) -> RedirectTo:  # type: ignore[override]
        return RedirectTo(url=f"https://idp.example/start?state={attempt.state}", memory={"kept": "secret memory"})


@dataclass
class Stage:
    """Everything a test looks at."""

    client: FlaskClient
    members: Members
    requests: Requests
    door: PasswordDoor
    far: FarDoor
    events: list[LoginEvent]
    logins: Logins
    desk: LoginDesk
    database: Path
    app: Flask
    grants: object = None
    gone: list[str] = field(default_factory=list)

    def outcomes(self) -> list[str]:
        return [event.outcome for event in self.events]

    def hidden(self, page: str, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', page)
        assert found, f"no {name} in {page}"
        return found[1]

    def form(self) -> str:
        """The state of a fresh log-in form."""
        page = self.client.get("/login/request-1/with/password")
        assert page.status_code == 200
        return self.hidden(page.text, "state")

    def log_in(self, password: str = "right", username: str = "maria"):  # noqa: S107
        answer = {"state": self.form(), "username": username, "password": password}
        return self.client.post("/login/callback", data=answer)

    def consent_token(self) -> str:
        page = self.client.get("/login/request-1/consent")
        assert page.status_code == 200, page.text
        return self.hidden(page.text, "token")


@pytest.fixture
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Stage:
    database = tmp_path / "store.db"
    migrate(f"sqlite:///{database}")
    logins, members, requests = Logins(Store(f"sqlite:///{database}")), Members(), Requests()
    members.by_identifier[("medicaid-id", "A1")] = ["Patient/m-1"]
    members.names["m-1"] = "Maria Lopez"
    keys, events, door, far = LoginKeys(b"k" * 32), [], PasswordDoor(), FarDoor()
    hashing, gone = IdentifierHash({"1": b"i" * 32}, "1", cost=16), []
    linker = Linker(members, logins, hashing, [("birth-date", "family", "postal-code")], gone.append)
    choices = [LoginChoice("password", "Password", door), LoginChoice("far", "Far away", far)]
    minimum = getattr(request, "param", Assurance())
    flow = LoginFlow(choices, logins, keys, linker, "http://localhost/login/callback", minimum, events.append)
    pages = Pages(Agency("Example Health Plan", "support@example.org"), sandbox=True, secure=False)
    desk = LoginDesk(pages, flow, logins, requests, members, keys, events.append, "facade_request")
    app = Flask("login-stage")
    app.testing = True
    for blueprint in (login_blueprint(desk), consent_blueprint(desk), static_blueprint()):
        app.register_blueprint(blueprint)
    client = app.test_client()
    client.set_cookie("facade_request", BROWSER)
    return Stage(client, members, requests, door, far, events, logins, desk, database, app, gone=gone)


@pytest.fixture
def narrow_app(stage: Stage) -> Stage:
    """The app asks for claims alone."""
    stage.requests.request = replace(stage.requests.request, scopes=Scopes.parse("patient/ExplanationOfBenefit.rs"))
    return stage
