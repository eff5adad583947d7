"""The whole facade in one process, as ``serve`` runs it, with a few invented members; and people with browsers."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.pool import Pool

from fhir_facade.app import create_app, migrate_databases, open_parts
from fhir_facade.app.syncing import sync_source
from fhir_facade.contracts.claims import NamedMember
from fhir_facade.contracts.sections import Settings
from fhir_facade.oauth.registry import Registered, register_app
from fhir_facade.settings import load
from fhir_facade.store import Store
from tests.peers.log_ins import by_form, follow, hidden

BASE = "http://localhost:8000"
BACK = "https://app.example/back"
SCOPE = "openid fhirUser profile offline_access launch/patient patient/*.rs patient/AuditEvent.rs"
VERIFIER = "v" * 43
CHALLENGE = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"
"""S256 of the verifier."""
CONFIG = """
[server]
environment = "sandbox"
public_base = "http://localhost:8000"
state = "state"
[agency]
name = "Example Medicaid"
[limits]
per_address = "1000000 per minute"
[[claims]]
name = "medical"
adapter = "synthetic"
mode = "replica"
[claims.synthetic]
members = {members}
[identity]
provider = "sandbox"
{tables}
"""


@dataclass
class Whole:
    """A whole facade, and what people and apps do with it."""

    settings: Settings
    flask: Flask
    store: Store

    @cached_property
    def people(self) -> list[NamedMember]:
        """The invented members who can log in."""
        return list(open_parts(self.settings).named)

    def register(self, name: str, **values: Any) -> Registered:
        """A registered app."""
        common = {"name": name, "environment": "sandbox", "redirect_uris": [BACK], "scopes": SCOPE}
        return register_app(self.store, **(common | values))

    def browser(self) -> FlaskClient:
        """A fresh browser."""
        return self.flask.test_client()

    def ask(self, browser: FlaskClient, app: Registered, **changes: str) -> str:
        """An app asks for access; where the browser is sent on this server."""
        query = {
            "response_type": "code",
            "client_id": app.app.app_id,
            "redirect_uri": BACK,
            "scope": SCOPE,
            "state": "state-of-the-app",
            "aud": f"{BASE}/fhir",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        } | changes
        return urlsplit(browser.get(f"/oauth/authorize?{urlencode(query)}").location).path

    def consent_page(
        self, browser: FlaskClient, app: Registered, person: NamedMember | None = None, **changes: str
    ) -> Any:
        """Somebody logs in for a new request of an app; the page that asks for a decision."""
        member = person or self.people[0]
        answer = by_form(browser, self.ask(browser, app, **changes), member.username, member.password)
        page = follow(browser, answer.location)
        assert page.status_code == 200, page.text
        return page

    def decide(self, browser: FlaskClient, page: Any, *share: str, answer: str = "allow") -> Any:
        """The member's decision; where it leads."""
        form = {"token": hidden(page.text, "token"), "answer": answer, "share": list(share)}
        return browser.post(page.request.path, data=form)

    def token(self, app: Registered, **form: str) -> Any:
        """A request of a public or confidential app to the token endpoint."""
        secret = {"client_secret": app.secret} if app.secret else {}
        return self.browser().post("/oauth/token", data={"client_id": app.app.app_id, **secret, **form})

    def tokens(self, app: Registered, *share: str, person: NamedMember | None = None, **changes: str) -> dict[str, Any]:
        """The tokens that an app ends up with when a member shares these categories."""
        browser = self.browser()
        page = self.consent_page(browser, app, person, **changes)
        location = self.decide(browser, page, *share).location
        code = dict(parse_qsl(urlsplit(location).query))["code"]
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BACK, "code_verifier": VERIFIER}
        answer = self.token(app, **form)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def get(self, path: str, token: str) -> Any:
        """A FHIR request."""
        return self.browser().get(f"/fhir/{path}", headers={"Authorization": f"Bearer {token}"})


@contextmanager
def connections_closed() -> Iterator[None]:
    """Close what was opened inside: a facade in a process of its own keeps its connections until that process ends."""
    opened: list[Any] = []

    def note(connection: Any, record: Any) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", note)
    yield
    event.remove(Pool, "connect", note)
    for connection in opened:
        if not isinstance(connection, sqlite3.Connection):
            connection.close()


def whole_facade(folder: Path, url: str, tables: str = "", members: int = 21) -> Whole:
    """A facade whose own tables, copy and audit trail stand at ``url``; SQLite files of the folder where it is one."""
    (folder / "database.url").write_text(url)
    named = 'url = { file = "database.url" }'
    server = "" if url.startswith("sqlite") else f"[store]\n{named}\n[replica]\n{named}\n"
    path = folder / "facade.toml"
    path.write_text(CONFIG.format(members=members, tables=server + tables))
    settings = load(path)
    migrate_databases(settings)
    sync_source(settings, "medical")
    return Whole(settings, create_app(settings), open_parts(settings).store)
