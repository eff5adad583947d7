"""The pages for developers and staff on a database of their own, and people with browsers who use them."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from fhir_facade.contracts import totp
from fhir_facade.contracts.sections import RegistrySettings
from fhir_facade.login.keys import LoginKeys
from fhir_facade.registry.mail import FolderCarrier
from fhir_facade.registry.parts import Registry, registry_of
from fhir_facade.registry.passwords import Passwords
from fhir_facade.store import Store, migrate
from fhir_facade.store.audit import AuditEvent
from fhir_facade.web.agency import Agency
from fhir_facade.web.developer_accounts import accounts_blueprint
from fhir_facade.web.developer_apps import apps_blueprint
from fhir_facade.web.developers import DeveloperDesk
from fhir_facade.web.directory import directory_blueprint
from fhir_facade.web.letters import composer
from fhir_facade.web.pages import Pages
from fhir_facade.web.reviews import reviews_blueprint
from fhir_facade.web.staff import StaffDesk, staff_blueprint

BASE = "http://localhost"
PASSWORD = "rain over the quiet harbour"
APP = {
    "name": "Budget Buddy",
    "redirects": "https://app.example/callback\nhttp://localhost:3000/callback",
    "kind": "confidential",
    "grant_length": "13-months",
    "scope": ["openid", "patient/*.rs"],
    "website": "https://app.example/",
    "privacy_url": "https://app.example/privacy",
}
YES = {f"attest-{name}": "yes" for name in ("policy", "uses", "sale", "consent", "device", "stop", "secure")}


@dataclass
class Clock:
    now: int = 1_790_000_000

    def __call__(self) -> int:
        return self.now


@dataclass
class Browser:
    """A person at a browser."""

    client: FlaskClient
    outbox: Path
    clock: Clock
    language: str = "en"
    key: str = ""
    page: Any = None
    letters_read: int = 0
    steps_spent: set[int] = field(default_factory=set)

    def get(self, path: str) -> TestResponse:
        self.page = self.client.get(path, headers={"Accept-Language": self.language})
        return self.page

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page.text)
        assert found, f"no {name} in {self.page.text[:1500]}"
        return found[1]

    def send(self, path: str, **values: Any) -> TestResponse:
        """Send a form of the page that is open, and follow to the next page."""
        data = {"csrf": self.hidden("csrf"), "once": self.hidden("once"), **values}
        answer = self.client.post(path, data=data, headers={"Accept-Language": self.language})
        self.page = answer
        while self.page.status_code == 303:
            self.get(self.page.location)
        return self.page

    def letters(self) -> list[str]:
        found = [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            for path in sorted(self.outbox.glob("*.eml"))
        ]
        return [f"{one['To']}\n{one['Subject']}\n{one.get_content()}" for one in found]

    def newest_link(self) -> str:
        links = re.findall(r"http://localhost(/developers/\S+)", self.letters()[-1])
        return links[0]

    def sign_up(self, address: str, name: str = "Ada Reyes") -> None:
        self.get("/developers/sign-up")
        typed = {"email": address, "name": name, "organization": "Buddy Inc.", "password": PASSWORD}
        assert self.send("/developers/sign-up", **typed).status_code == 200
        link = self.newest_link()
        self.get(link)
        self.send(link)
        assert self.page.status_code == 200, self.page.text

    def log_in(self, address: str, password: str = PASSWORD) -> TestResponse:
        self.get("/developers/log-in")
        return self.send("/developers/log-in", email=address, password=password)

    def code(self) -> str:
        """A code that was not used yet; time passes where needed."""
        step = self.clock.now // totp.STEP_S
        if step in self.steps_spent:
            self.clock.now += totp.STEP_S
            step += 1
        self.steps_spent.add(step)
        return totp.code_at(self.key, step)

    def add_second_factor(self) -> TestResponse:
        self.get("/developers/second-factor")
        found = re.search(r'id="key">([^<]+)<', self.page.text)
        assert found
        self.key = found[1].replace(" ", "")
        sealed = self.hidden("key")
        return self.send("/developers/second-factor", key=sealed, code=self.code())

    def developer(self, address: str = "ada@buddy.example") -> Browser:
        self.sign_up(address)
        self.log_in(address)
        return self

    def register(self, **changed: Any) -> str:
        """A registered app's client id."""
        self.get("/developers/apps/new")
        self.send("/developers/apps/new", **APP | YES | changed)
        assert self.page.status_code == 200, self.page.text
        return self.shown("sandbox-client-id")

    def shown(self, identifier: str) -> str:
        found = re.search(rf'id="{identifier}">([^<]*)<', self.page.text)
        assert found, f"no {identifier} in {self.page.text}"
        return found[1]

    def request(self, app_id: str) -> TestResponse:
        self.get(f"/developers/apps/{app_id}/production")
        return self.send(f"/developers/apps/{app_id}/production", **YES, redirects="https://app.example/callback")


@dataclass
class Stage:
    """Everything a test looks at."""

    app: Flask
    registry: Registry
    store: Store
    clock: Clock
    outbox: Path
    events: list[AuditEvent]
    desk: DeveloperDesk

    def browser(self, language: str = "en") -> Browser:
        return Browser(self.app.test_client(), self.outbox, self.clock, language)

    def staff(self, role: str = "reviewer", address: str = "rita@agency.example") -> Browser:
        """A staff member who is logged in with a second factor."""
        link = self.registry.accounts.invite(address, "Rita Okafor", role).removeprefix(BASE)  # type: ignore[arg-type]
        browser = self.browser()
        browser.get(link)
        browser.send(link, password=PASSWORD)
        browser.log_in(address)
        browser.add_second_factor()
        return browser

    def outcomes(self, what: str) -> list[str]:
        return [event.outcome for event in self.events if event.what == what]


def build(
    folder: Path,
    *,
    environment: str = "sandbox",
    sign_up: bool = True,
    url: str = "",
    record: Callable[[AuditEvent], None] = lambda event: None,
) -> Stage:
    """A fresh stage in a folder, on its own SQLite file or on another empty database."""
    url, clock = url or f"sqlite:///{folder / 'store.db'}", Clock()
    events: list[AuditEvent] = []

    def recorded(event: AuditEvent) -> None:
        record(event)
        events.append(event)

    migrate(url)
    store, keys, outbox = Store(url), LoginKeys(b"k" * 32), folder / "outbox"
    registry = registry_of(
        store=store,
        keys=keys,
        record=recorded,
        clock=clock,
        base=BASE,
        compose=composer("Example Health Plan", "support@example.org", BASE),
        carrier=FolderCarrier(outbox, "no-reply@example.org"),
        reasons=RegistrySettings().denial_reasons,
        passwords=Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)),
    )
    pages = Pages(Agency("Example Health Plan", "support@example.org"), sandbox=True, secure=False)
    desk = DeveloperDesk(pages=pages, registry=registry, keys=keys, sign_up=sign_up, environment=environment)
    app = Flask("portal-stage")
    app.testing = True
    staff = StaffDesk(desk=desk)
    blueprints = (accounts_blueprint(desk), apps_blueprint(desk), reviews_blueprint(staff), staff_blueprint(staff))
    for blueprint in blueprints:
        app.register_blueprint(blueprint)
    app.register_blueprint(directory_blueprint(pages, store))
    return Stage(app, registry, store, clock, outbox, events, desk)
