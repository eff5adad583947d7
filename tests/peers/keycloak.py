"""Keycloak 26 with one realm: the same people by OpenID Connect and by SAML. It takes about half a minute to start."""

from __future__ import annotations

import html
import json
import os
import re
import subprocess
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

from tests.peers.fetched import fetched
from tests.peers.running import free_port, running

VERSION = "26.4.0"
PASSWORD = "right-password"
PEOPLE = {"maria": "A1", "nobody": "unknown", "twins": "TWO"}
SECRET = "the-secret-of-the-facade-at-keycloak"
SP = "https://facade.example/saml"


def installed() -> Path:
    """The unpacked distribution; fetched by Maven at the first call."""
    return fetched(f"keycloak-{VERSION}", _unpack) / f"keycloak-{VERSION}"


def _unpack(folder: Path) -> None:
    artifact = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
    command = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}", f"-DoutputDirectory={folder}"]
    subprocess.run(command, check=True, capture_output=True, timeout=900)
    with zipfile.ZipFile(folder / f"keycloak-quarkus-dist-{VERSION}.zip") as archive:
        archive.extractall(folder)
    (folder / f"keycloak-{VERSION}" / "bin" / "kc.sh").chmod(0o755)


def _user(name: str, number: str) -> dict[str, object]:
    return {
        "username": name,
        "enabled": True,
        "emailVerified": True,
        "email": f"{name}@example.org",
        "firstName": name.title(),
        "lastName": "Example",
        "attributes": {"medicaid_id": [number]},
        "credentials": [{"type": "password", "value": PASSWORD, "temporary": False}],
    }


def _mapper(protocol: str) -> dict[str, object]:
    config = {"user.attribute": "medicaid_id", "claim.name": "medicaid_id", "jsonType.label": "String"}
    saml = {"user.attribute": "medicaid_id", "attribute.name": "medicaid_id", "attribute.nameformat": "Basic"}
    kind = "oidc-usermodel-attribute-mapper" if protocol == "openid-connect" else "saml-user-attribute-mapper"
    chosen = {**config, "id.token.claim": "true"} if protocol == "openid-connect" else saml
    return {"name": "medicaid_id", "protocol": protocol, "protocolMapper": kind, "config": chosen}


def realm() -> dict[str, object]:
    """The realm ``payer``."""
    oidc = {
        "clientId": "facade",
        "secret": SECRET,
        "redirectUris": ["*"],
        "protocol": "openid-connect",
        "protocolMappers": [_mapper("openid-connect")],
    }
    saml = {
        "clientId": SP,
        "redirectUris": ["*"],
        "protocol": "saml",
        "attributes": {
            "saml.assertion.signature": "true",
            "saml.server.signature": "true",
            "saml.authnstatement": "true",
            "saml.signature.algorithm": "RSA_SHA256",
            "saml.client.signature": "false",
            "saml.force.post.binding": "true",
            "saml_name_id_format": "persistent",
            "saml_force_name_id_format": "true",
        },
        "protocolMappers": [_mapper("saml")],
    }
    people = [_user(name, number) for name, number in PEOPLE.items()]
    return {"realm": "payer", "enabled": True, "sslRequired": "none", "clients": [oidc, saml], "users": people}


@dataclass(frozen=True)
class Keycloak:
    """A running Keycloak."""

    url: str

    @property
    def issuer(self) -> str:
        """The OpenID issuer."""
        return f"{self.url}/realms/payer"

    def saml_metadata(self) -> str:
        """The identity provider's SAML metadata."""
        return requests.get(f"{self.issuer}/protocol/saml/descriptor", timeout=10).text


@contextmanager
def keycloak(log: Path) -> Iterator[Keycloak]:
    """Keycloak on a free port of this machine; or one that runs already, where FHIR_FACADE_KEYCLOAK names it."""
    if "FHIR_FACADE_KEYCLOAK" in os.environ:
        yield Keycloak(os.environ["FHIR_FACADE_KEYCLOAK"])
        return
    home, port = installed(), free_port()
    (home / "data" / "import").mkdir(parents=True, exist_ok=True)
    (home / "data" / "import" / "payer-realm.json").write_text(json.dumps(realm()))
    command = [
        str(home / "bin" / "kc.sh"),
        "start-dev",
        f"--http-port={port}",
        "--http-host=127.0.0.1",
        "--import-realm",
        "--db=dev-mem",
        "--cache=local",
    ]
    with running(command, port, log, {"JAVA_OPTS_APPEND": "-Xmx512m", "JAVA_OPTS_KC_HEAP": "-Xms128m -Xmx512m"}):
        yield Keycloak(f"http://127.0.0.1:{port}")


def walk(start: str, person: str = "maria", password: str = PASSWORD) -> dict[str, str]:
    """Log in as a browser would; what Keycloak sends back (query or form), nothing while it keeps the person."""
    browser = requests.Session()
    browser.trust_env = False
    page = _open(browser, "GET", start)
    sign_in = re.search(r'action="([^"]*/login-actions/authenticate[^"]*)"', page.text)
    assert sign_in, page.text[-3000:]
    form = {"username": person, "password": password}
    answer = _open(browser, "POST", html.unescape(sign_in[1]), form)
    while answer.is_redirect:
        target = urljoin(answer.url, answer.headers["Location"])
        if not target.startswith(start.split("/realms/")[0]):
            return dict(parse_qsl(urlsplit(target).query))
        answer = _open(browser, "GET", target)
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', answer.text, re.IGNORECASE))
    back = {name: html.unescape(value) for name, value in fields.items()}
    return back if "SAMLResponse" in back else {}


def _open(browser: requests.Session, method: str, url: str, form: Mapping[str, str] | None = None) -> requests.Response:
    """One request; cookies marked secure go to this machine without https too, as in browsers."""
    answer = browser.request(method, url, data=form, allow_redirects=False, timeout=60)
    for cookie in browser.cookies:
        cookie.secure = False
    return answer
