"""Staff log in at a real OpenID Provider of their own: two factors, a role by group or by command, and no other way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from fhir_facade.app import create_app, migrate_databases
from fhir_facade.app.checking import faults_of
from fhir_facade.app.databases import audit_url, store_url
from fhir_facade.app.registry import open_registry
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import Settings
from fhir_facade.settings import load
from fhir_facade.state import identifier_key
from fhir_facade.store import Store
from fhir_facade.store.audit_search import AuditSearch, Wanted
from fhir_facade.store.tallies import LOG_IN, counts
from tests.peers.openid import openid_provider, walk
from tests.small import SMALL

CALLBACK = "http://localhost:8000/staff/login/callback"
SECRET = "the-client-secret-of-the-staff-client"
CLIENTS = [{"client_id": "staff", "client_secret": SECRET, "redirect_uris": [CALLBACK]}]
TWO = {"acr": "urn:test:ial2"}
PEOPLE = {
    "olga": TWO | {"email": "olga@agency.example", "name": "Olga Ortiz", "groups": ["all", "api-operators"]},
    "amir": {"amr": ["pwd", "mfa"], "email": "amir@agency.example", "name": "Amir Aziz", "groups": ["api-auditors"]},
    "weak": {"acr": "urn:test:ial1", "email": "weak@agency.example", "name": "Weak", "groups": ["api-operators"]},
    "guest": TWO | {"email": "guest@agency.example", "name": "Guest", "groups": ["all"]},
    "twin": TWO | {"email": "olga@agency.example", "name": "Olga Other", "groups": ["api-operators"]},
    "nameless": TWO | {"groups": ["api-operators"]},
}
GROUPS = '[staff.groups]\n"api-operators" = "operator"\n"api-auditors" = "auditor"\n'
STAFF = """
[staff]
identity = "oidc"
[staff.oidc]
issuer = "{issuer}"
client_id = "staff"
client_secret = {{ file = "secret" }}
scopes = ["openid", "staff"]
claims = {{ email = "email", name = "name" }}
groups = "groups"
userinfo = true
second_factor_amr = ["mfa"]
[staff.oidc.assurance]
"urn:test:ial2" = "ial2 aal2"
"urn:test:ial1" = "ial1 aal1"
"""

pytestmark = pytest.mark.peer("node")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with openid_provider(CLIENTS, tmp_path_factory.mktemp("op") / "log", PEOPLE) as url:
        yield url


def config(folder: Path, issuer: str, more: str = GROUPS) -> Settings:
    (folder / "secret").write_text(SECRET, encoding="utf-8")
    (folder / "facade.toml").write_text(SMALL + STAFF.format(issuer=issuer) + more, encoding="utf-8")
    return load(folder / "facade.toml", {"FHIR_FACADE_STATE": str(folder / "state")})


@pytest.fixture
def settings(tmp_path: Path, issuer: str) -> Settings:
    made = config(tmp_path, issuer)
    migrate_databases(made)
    return made


def begun(client: FlaskClient) -> str:
    """The address of the log-in system that the button leads to."""
    page = client.get("/staff/log-in").text
    fields = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[-1] for name in ("csrf", "once")}
    answer = client.post("/staff/log-in", data=fields)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def log_in(client: FlaskClient, person: str, **how: bool):
    back = walk(begun(client), CALLBACK, person, **how)
    return client.get("/staff/login/callback", query_string=back)


def said(settings: Settings) -> list[str]:
    """Lines of the trail about accounts."""
    search = AuditSearch(audit_url(settings), identifier_key(settings))
    found = search.find(Wanted(since=0, until=2**60, what="account"), 100)
    search.close()
    return [f"{line.outcome} {line.detail}" for line in reversed(found.lines)]


def test_a_group_gives_the_role_and_the_log_in_is_written_down(settings: Settings) -> None:
    client = create_app(settings).test_client()
    assert log_in(client, "olga").location == "/staff"
    home = client.get("/staff").text
    assert "Olga Ortiz, your role is Operator" in home
    assert client.get("/staff/sources").status_code == 200
    assert client.get("/staff/audit").status_code == 403
    lines = said(settings)
    assert "role operator staff, by their log-in system" in lines
    assert any(line.startswith("ok staff log-in oidc aal=2 acr=urn:test:ial2") for line in lines)
    store = Store(store_url(settings))
    assert counts(store, LOG_IN, since=0) == [], "staff are no members"
    store.close()


def test_a_second_factor_may_be_named_by_amr(settings: Settings) -> None:
    client = create_app(settings).test_client()
    log_in(client, "amir")
    assert "your role is Auditor" in client.get("/staff").text


@pytest.mark.parametrize(
    ("person", "status", "text"),
    [
        ("weak", 403, "A second factor is needed"),
        ("guest", 404, "You have no role here"),
        ("nameless", 404, "You have no role here"),
    ],
)
def test_who_may_not_come_in_is_told_why(settings: Settings, person: str, status: int, text: str) -> None:
    client = create_app(settings).test_client()
    answer = log_in(client, person)
    assert (answer.status_code, text in answer.text) == (status, True)
    assert 'href="/staff/log-in"' in answer.text
    assert client.get("/staff").location == "/staff/log-in"


def test_a_cancelled_log_in_ends_on_a_page_that_helps(settings: Settings) -> None:
    client = create_app(settings).test_client()
    answer = log_in(client, "olga", cancel=True)
    assert answer.status_code == 403
    assert "You can log in once more" in answer.text
    spanish = client.get("/staff/log-in?lang=es").text
    assert "Continuar al inicio de sesión de la agencia" in spanish


def test_an_address_is_one_persons_for_ever(settings: Settings) -> None:
    app = create_app(settings)
    log_in(app.test_client(), "olga")
    answer = log_in(app.test_client(), "twin")
    assert answer.status_code == 403
    assert "belongs to another account" in answer.text


def test_an_answer_is_taken_once_and_by_the_browser_that_asked(settings: Settings) -> None:
    app = create_app(settings)
    client, thief = app.test_client(), app.test_client()
    back = walk(begun(client), CALLBACK, "olga")
    assert thief.get("/staff/login/callback", query_string=back).status_code == 400
    assert client.get("/staff/login/callback", query_string=back).location == "/staff"
    assert client.get("/staff/login/callback", query_string=back).status_code == 400
    for odd in ({}, {"state": "x"}, {"state": "\x00"}, {"state": ["a", "b"]}):
        assert client.get("/staff/login/callback", query_string=odd).status_code == 400


def test_roles_follow_the_groups_at_every_log_in(settings: Settings, tmp_path: Path, issuer: str) -> None:
    app = create_app(settings)
    client = app.test_client()
    log_in(client, "olga")
    moved = config(tmp_path, issuer, '[staff.groups]\n"all" = "reviewer"\n')
    again = create_app(moved).test_client()
    log_in(again, "olga")
    assert "your role is Reviewer" in again.get("/staff").text
    assert client.get("/staff/sources").status_code == 403, "in sessions that are open, too"
    none = config(tmp_path, issuer, '[staff.groups]\n"nobody" = "reviewer"\n')
    assert log_in(create_app(none).test_client(), "olga").status_code == 404
    assert client.get("/staff").status_code == 303, "who lost the role lost the sessions"


def test_without_groups_roles_are_given_by_command(settings: Settings, tmp_path: Path, issuer: str) -> None:
    plain = config(tmp_path, issuer, "")
    app = create_app(plain)
    assert log_in(app.test_client(), "guest").status_code == 404
    open_registry(plain).accounts.invite("guest@agency.example", "Gus Guest", "reviewer")
    client = app.test_client()
    assert log_in(client, "guest").location == "/staff"
    assert "Gus Guest, your role is Reviewer" in client.get("/staff").text


def test_no_password_opens_the_pages_of_the_staff(settings: Settings) -> None:
    registry = open_registry(settings)
    link = registry.accounts.invite("rita@agency.example", "Rita", "reviewer")
    registry.accounts.reset(link.rpartition("/")[2], "rain over the quiet harbour")
    client = create_app(settings).test_client()
    page = client.get("/developers/log-in").text
    fields = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[-1] for name in ("csrf", "once")}
    typed = fields | {"email": "rita@agency.example", "password": "rain over the quiet harbour"}
    assert client.post("/developers/log-in", data=typed).location == "/staff/log-in"
    assert client.get("/staff").location == "/staff/log-in"


def test_a_log_out_ends_the_session_and_is_written_down(settings: Settings) -> None:
    client = create_app(settings).test_client()
    log_in(client, "olga")
    page = client.get("/staff").text
    fields = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[-1] for name in ("csrf", "once")}
    assert client.post("/developers/log-out", data=fields).location == "/staff/log-in"
    assert client.get("/staff").location == "/staff/log-in"
    assert "ok log-out" in said(settings)


def test_an_address_that_asks_without_end_has_to_wait(settings: Settings) -> None:
    slow = replace(settings, limits=replace(settings.limits, per_address="5 per minute"))
    client = create_app(slow).test_client()
    answers = [client.get("/staff/login/callback?state=x") for _ in range(7)]
    assert [one.status_code for one in answers] == [400] * 5 + [429] * 2
    assert int(answers[-1].headers["Retry-After"]) > 0


def test_a_provider_that_is_away_is_a_page(tmp_path: Path) -> None:
    away = config(tmp_path, "http://127.0.0.1:9")
    migrate_databases(away)
    client = create_app(away).test_client()
    page = client.get("/staff/log-in").text
    fields = {name: re.findall(rf'name="{name}" value="([^"]*)"', page)[-1] for name in ("csrf", "once")}
    answer = client.post("/staff/log-in", data=fields)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
    assert any(fault.startswith("staff") for fault in faults_of(away))


@pytest.mark.parametrize(
    ("changed", "said_so"),
    [
        ('identity = "ldap"', "a password is no second factor"),
        ('identity = "nonsense"', "nonsense"),
        ('identity = "oidc"\nunknown = 1', "staff.unknown"),
        ('identity = "oidc"\ngroups = { all = "boss" }', "reviewer, operator or auditor"),
    ],
)
def test_a_faulty_table_is_explained(tmp_path: Path, issuer: str, changed: str, said_so: str) -> None:
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8")
    text = (SMALL + STAFF.format(issuer=issuer)).replace('identity = "oidc"', changed)
    (tmp_path / "facade.toml").write_text(text, encoding="utf-8")
    assert said_so in str(faults_in(tmp_path))


def faults_in(folder: Path) -> list[str]:
    """What is wrong with a config: what cannot be read, or else what a check finds."""
    try:
        settings = load(folder / "facade.toml", {"FHIR_FACADE_STATE": str(folder / "state")})
    except ConfigError as error:
        return list(error.faults)
    migrate_databases(settings)
    return faults_of(settings)
