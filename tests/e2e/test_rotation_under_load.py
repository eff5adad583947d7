"""Keys are replaced while people log in: no log-in fails, and afterwards everything stands under the new key."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from sqlalchemy import select

from fhir_facade.app import migrate_databases
from fhir_facade.app.accounts import invite, names, sealing_of
from fhir_facade.app.databases import store_url
from fhir_facade.app.parts import named_members
from fhir_facade.app.syncing import sync_source
from fhir_facade.oauth.keys import PUBLISH_S, read_records, rotate
from fhir_facade.oauth.registry import register_app
from fhir_facade.settings import load
from fhir_facade.state import identifier_keys, signing_folder
from fhir_facade.store import Store
from fhir_facade.store.local_accounts import LocalAccounts
from fhir_facade.store.logins import member_links
from tests.peers.running import free_port

from .conftest import COMMAND, wait_for

BACK = "https://app.example/back"
PASSWORD = "a long enough password"
PEOPLE = 2
BROWSERS = 2
OLD, NEW = "o" * 64, "n" * 64
CONFIG = """
[server]
environment = "sandbox"
public_base = "http://localhost:{port}"
state = "{folder}/state"
[keys]
identifiers = {{ file = "{folder}/{key}" }}
{before}
[limits]
per_address = "100000 per minute"
[[claims]]
name = "medical"
adapter = "synthetic"
[claims.synthetic]
members = 25
[identity]
provider = "local"
[identity.local]
second_factor = "none"
"""


class Patient(httpx.HTTPTransport):
    """Comes back, as it is told to, where a crowded worker did not begin a request."""

    def __init__(self) -> None:
        super().__init__()
        self.told = 0

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        for _ in range(60):
            answer = super().handle_request(request)
            if answer.status_code != 503 or "retry-after" not in answer.headers:
                return answer
            answer.close()
            self.told += 1
            time.sleep(int(answer.headers["retry-after"]))
        raise AssertionError("the server is never free")


@dataclass
class Running:
    """A running facade under load."""

    config: Path
    base: str
    process: subprocess.Popen[bytes]
    app_id: str
    done: threading.Event = field(default_factory=threading.Event)
    counts: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    kids: set[str] = field(default_factory=set)
    told: int = 0

    @property
    def folder(self) -> Path:
        return self.config.parent

    def write(self, key: str, before: str = "") -> None:
        port = urlsplit(self.base).port
        self.config.write_text(CONFIG.format(port=port, folder=self.folder, key=key, before=before))

    def command(self, *arguments: str) -> str:
        """What a command of the operator prints."""
        done = subprocess.run(
            [*COMMAND, *arguments, "--config", str(self.config)], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def browse(self, number: int) -> None:
        """One person after another logs in, until it is over."""
        while not self.done.is_set():
            name = f"person-{(sum(self.counts) + number) % PEOPLE}"
            try:
                self.log_in(name)
                self.counts[number] += 1
            except (AssertionError, httpx.HTTPError, KeyError) as error:
                self.failures.append(f"{name}: {error!r}"[:500])

    def log_in(self, name: str, invitation: str = "") -> None:
        """From the app's request to an id_token that verifies with the keys published before it was made."""
        with httpx.Client(
            base_url=self.base, timeout=60, follow_redirects=True, transport=(door := Patient())
        ) as browser:
            verifier = secrets.token_urlsafe(32)
            form = browser.get("/oauth/authorize", params=self._request(verifier))
            typed = {"username": name, "password": PASSWORD, "invitation": invitation, "state": hidden(form, "state")}
            consent = browser.post("/login/callback", data=typed)
            answer = {"token": hidden(consent, "token"), "answer": "allow", "share": ["personal", "claims"]}
            back = browser.post(consent.url.path, data=answer, follow_redirects=False).headers["location"]
            published = KeySet.import_key_set(browser.get("/.well-known/jwks.json").json())
            tokens = browser.post("/oauth/token", data=self._exchange(back, verifier)).json()
            token = jwt.decode(tokens["id_token"], published, algorithms=["RS256"])
            self.kids.add(token.header["kid"])
            claims = browser.get(
                "/fhir/ExplanationOfBenefit", headers={"Authorization": f"Bearer {tokens['access_token']}"}
            )
            assert claims.status_code == 200, claims.text
        self.told += door.told

    def _request(self, verifier: str) -> dict[str, str]:
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        return {
            "response_type": "code",
            "client_id": self.app_id,
            "redirect_uri": BACK,
            "scope": "openid fhirUser launch/patient patient/*.rs",
            "state": "the-state-of-the-app",
            "aud": f"{self.base}/fhir",
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }

    def _exchange(self, back: str, verifier: str) -> dict[str, str]:
        return {
            "grant_type": "authorization_code",
            "code": dict(parse_qsl(urlsplit(back).query))["code"],
            "redirect_uri": BACK,
            "code_verifier": verifier,
            "client_id": self.app_id,
        }

    def more(self, wanted: int) -> None:
        """Wait until so many more people have logged in."""
        enough = sum(self.counts) + wanted
        seen, since = sum(self.counts), time.monotonic()
        while sum(self.counts) < enough and not self.failures:
            if sum(self.counts) > seen:
                seen, since = sum(self.counts), time.monotonic()
            assert time.monotonic() - since < 120, "log-ins do not go on"
            time.sleep(0.05)


def hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, f"{page.status_code} {page.url}: no {name} in {re.sub('<[^>]*>', ' ', page.text)[-300:]}"
    return found[1]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Running]:
    """A facade with local accounts under the old key, and browsers that log in all the time."""
    (tmp_path / "old").write_text(OLD)
    (tmp_path / "new").write_text(NEW)
    config, base = tmp_path / "facade.toml", f"http://localhost:{free_port()}"
    config.write_text(CONFIG.format(port=urlsplit(base).port, folder=tmp_path, key="old", before=""))
    settings = load(config)
    migrate_databases(settings)
    sync_source(settings, "medical")
    store = Store(store_url(settings))
    app = register_app(store, name="The app", environment="sandbox", redirect_uris=[BACK])
    store.close()
    rotate(signing_folder(settings), int(time.time()))
    arguments = ["serve", "--config", str(config), "--port", str(urlsplit(base).port), "--workers", "2"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*COMMAND, *arguments], stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_for(tmp_path / "log", process, "Serving ")
        yield Running(config, base, process, app.app.app_id, counts=[0] * BROWSERS)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def people_of(running: Running) -> None:
    settings = load(running.config)
    members = [member for member in named_members(settings) if "medicaid-id" in member.evidence][:PEOPLE]
    for number, member in enumerate(members):
        running.log_in(f"person-{number}", invite(settings, member.evidence, "in person", 2, 1))


def under_load(running: Running, rotation: Callable[[], None], around: int) -> int:
    """How many people logged in from the begin of the rotation until some while after its end."""
    threads = [threading.Thread(target=running.browse, args=(number,)) for number in range(BROWSERS)]
    for thread in threads:
        thread.start()
    try:
        running.more(around)
        before = sum(running.counts)
        rotation()
        running.more(around)
    finally:
        running.done.set()
        for thread in threads:
            thread.join()
    return sum(running.counts) - before


@pytest.mark.figure(of="I4")
def test_no_log_in_fails_while_keys_are_replaced(served: Running, full_counts: bool, figure) -> None:
    people_of(served)

    def replace_keys() -> None:
        served.write("new", f'identifiers_before = [{{ file = "{served.folder}/old" }}]')
        served.process.send_signal(signal.SIGHUP)
        wait_until_replaced(served)
        served.command("keys", "rotate", "--identifiers")
        served.command("sync", "medical")
        rotate(signing_folder(load(served.config)), int(time.time()) - PUBLISH_S + 4)  # as if an hour had almost passed
        time.sleep(5)

    logged_in = under_load(served, replace_keys, around=100 if full_counts else 4)
    assert served.failures == []
    crowded = f"{served.told} requests were told to come back by a crowded worker"
    figure(f"{logged_in} log-ins during rotation of identifier and signing keys, 0 failures ({crowded})")
    everything_is_under_the_new_key(served)
    nobody_is_named(served)


def nobody_is_named(running: Running) -> None:
    """No identifier, user name or password lies in store, audit trail or log; the copy alone holds the records."""
    members = named_members(load(running.config))
    secret = {value for member in members for value in member.evidence.values()} | {PASSWORD, "person-0", OLD, NEW}
    files = [running.folder / "log", *(running.folder / "state").rglob("*")]
    assert any(file.name.startswith("store") for file in files)
    for file in files:
        if file.is_file() and not file.name.startswith("replica"):
            content = file.read_bytes()
            assert not [text for text in secret if text.encode() in content], f"{file.name} names somebody"


def wait_until_replaced(running: Running) -> None:
    """Workers are replaced one after another: wait until none of the first is left."""
    children = Path(f"/proc/{running.process.pid}/task/{running.process.pid}/children")
    first, waited_since = set(children.read_text().split()), time.monotonic()
    while first & set(children.read_text().split()):
        assert time.monotonic() - waited_since < 120, "workers are not replaced"
        time.sleep(0.1)


def everything_is_under_the_new_key(running: Running) -> None:
    settings = load(running.config)
    records = read_records(signing_folder(settings))
    assert running.kids == {record.kid for record in records}, "both keys signed, one after the other"
    store = Store(store_url(settings))
    new_alone = LocalAccounts(store, sealing_of([NEW.encode()]))
    assert set(new_alone.names()) == {row["username"] for row in names(settings)}
    assert all(new_alone.details(f"person-{number}") for number in range(PEOPLE))
    version = next(iter(identifier_keys(settings)))
    with store.read() as connection:
        links = connection.execute(select(member_links.c.account)).scalars().all()
    store.close()
    assert {link.partition("$")[0] for link in links} == {version}
