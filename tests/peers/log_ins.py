"""The log-in systems of the swap test: the lines each needs in the config, and what a person does there."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient

from tests.peers import directory, keycloak, openid

BASE = "http://localhost:8000"
PASSWORD = "right-password"
PEOPLE = ("maria", "nobody", "twins")


@dataclass(frozen=True)
class LogIn:
    """How a person logs in with one system: the value of the one line, its table, and what a browser does."""

    provider: str
    table: str
    go: Callable[[FlaskClient, str, str, str], Any]
    cancel: Callable[[FlaskClient, str], Any]


def follow(client: FlaskClient, url: str) -> Any:
    """The page at the end of our own redirects; a redirect elsewhere is the answer itself."""
    answer = client.get(url)
    while answer.status_code in {302, 303} and not answer.location.startswith("http"):
        answer = client.get(answer.location)
    return answer


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return found[1]


def by_form(client: FlaskClient, start: str, person: str, password: str) -> Any:
    page = follow(client, start)
    form = {"state": hidden(page.text, "state"), "username": person, "password": password}
    return client.post("/login/callback", data=form)


def cancel_form(client: FlaskClient, start: str) -> Any:
    page = follow(client, start)
    return client.post(f"{start}/cancel", data={"token": hidden(page.text, "token")})


def by_openid(client: FlaskClient, start: str, person: str, password: str) -> Any:
    url = follow(client, start).location
    back = openid.walk(url, f"{BASE}/login/callback", person, cancel=password != PASSWORD)
    return client.get("/login/callback", query_string=back)


def cancel_openid(client: FlaskClient, start: str) -> Any:
    page = by_openid(client, start, "maria", "the person cancels")
    return client.post(f"{start}/cancel", data={"token": hidden(page.text, "token")})


def by_keycloak(client: FlaskClient, start: str, person: str, password: str) -> Any:
    back = keycloak.walk(follow(client, start).location, person, password)
    if not back:
        return client.get(start)
    if "SAMLResponse" not in back:
        return client.get("/login/callback", query_string=back)
    parked = client.application.test_client().post("/login/callback", data=back)
    return client.get(parked.location)


def cancel_at_start(client: FlaskClient, start: str) -> Any:
    """Keycloak has no cancel button: the person goes back and cancels on our page."""
    visit = start.rpartition("/")[2]
    page = client.get(f"/login/{visit}/with/nobody-offers-this")
    return client.post(f"{start}/cancel", data={"token": hidden(page.text, "token")})


def start_openid(stack: ExitStack, folder: Path) -> LogIn:
    client = {"client_id": "facade", "client_secret": openid.VERSION * 5, "redirect_uris": [f"{BASE}/login/callback"]}
    issuer = stack.enter_context(openid.openid_provider([client], folder / "log"))
    table = oidc_table(issuer, client["client_secret"], 'scopes = ["openid", "member"]', folder)
    return LogIn("oidc", table, by_openid, cancel_openid)


def oidc_table(issuer: str, secret: str, more: str, folder: Path) -> str:
    (folder / "secret").write_text(secret)
    return f"""
[identity.oidc]
issuer = "{issuer}"
client_id = "facade"
client_secret = {{ file = "{folder}/secret" }}
claims = {{ medicaid_id = "medicaid-id" }}
{more}
userinfo = {"true" if "member" in more else "false"}
"""


def start_ldap(stack: ExitStack, folder: Path) -> LogIn:
    url = stack.enter_context(directory.slapd(folder))
    (folder / "admin").write_text("admin-password")
    table = f"""
[identity.ldap]
url = "{url}"
base = "{directory.BASE}"
bind_dn = "cn=admin,dc=example,dc=gov"
bind_password = {{ file = "{folder}/admin" }}
attributes = {{ employeeNumber = "medicaid-id" }}
"""
    return LogIn("ldap", table, by_form, cancel_form)


def keycloak_openid(server: keycloak.Keycloak, folder: Path) -> LogIn:
    return LogIn("oidc", oidc_table(server.issuer, keycloak.SECRET, "", folder), by_keycloak, cancel_at_start)


def keycloak_saml(server: keycloak.Keycloak, folder: Path) -> LogIn:
    (folder / "idp.xml").write_text(server.saml_metadata())
    table = f"""
[identity.saml]
entity_id = "{keycloak.SP}"
metadata = "{folder}/idp.xml"
attributes = {{ medicaid_id = "medicaid-id" }}
"""
    return LogIn("saml", table, by_keycloak, cancel_at_start)


def start_local(stack: ExitStack, folder: Path) -> LogIn:
    return LogIn("local", '[identity.local]\nsecond_factor = "none"\n', by_form, cancel_form)


def start_sandbox(stack: ExitStack, folder: Path) -> LogIn:
    return LogIn("sandbox", "", by_form, cancel_form)


START = {
    "sandbox": start_sandbox,
    "local": start_local,
    "ldap": start_ldap,
    "oidc": start_openid,
}

AT_KEYCLOAK = {"keycloak-oidc": keycloak_openid, "keycloak-saml": keycloak_saml}
"""Both log-ins at one and the same server, which takes half a minute to start."""
