"""An application with the FHIR endpoints alone, over any source of resources."""

from __future__ import annotations

import threading
import zlib
from contextlib import contextmanager
from datetime import UTC, datetime

from flask import Flask
from waitress import create_server

from fhir_facade.access.grant import Grant
from fhir_facade.access.scopes import Scopes
from fhir_facade.fhir.disclosure import Disclosure
from fhir_facade.oauth.bearer import BearerExpired, BearerInvalid, BearerMissing
from fhir_facade.resources.disclosures import WithDisclosures
from fhir_facade.search.cursor import Cursors
from fhir_facade.web.capability import Publication
from fhir_facade.web.fhir import FhirService, fhir_blueprint
from fhir_facade.web.fhir_errors import answer_errors
from fhir_facade.web.openapi import publish
from tests.peers.running import free_port

BASE = "https://claims.example.gov/fhir"
ALL = "patient/*.rs patient/AuditEvent.rs"
ALICE = "alice"
OAUTH_URIS = {
    "authorize": "https://claims.example.gov/oauth/authorize",
    "token": "https://claims.example.gov/oauth/token",
}


def disclosures(patient):
    """Three lines of an audit trail about any member, newest first."""
    for place in (3, 2, 1):
        yield Disclosure(
            number=zlib.crc32(patient.encode()) * 10 + place,
            at=1_700_000_000_000_000 + place * 1_000_001,
            what=("read", "search", "token")[place - 1],
            outcome=("200", "404", "refreshed")[place - 1],
            app_id="app",
            app_name="Test app",
            by_member=place == 1,
            request_id=f"request-{place}",
            detail="",
        )


def grant_for(patient, scopes=ALL, app="app", withheld=()):
    return Grant(
        grant_id=f"grant-{patient}",
        token_id=f"token-{patient}",
        app_id=app,
        app_name="Test app",
        patient=patient,
        user=f"Patient/{patient}",
        scopes=Scopes.parse(scopes),
        withheld=frozenset(withheld),
        until=datetime(2030, 1, 1, tzinfo=UTC),
    )


class World:
    """A running server, its members, and tokens for them; a token is ``member`` or a name given to ``grants``."""

    def __init__(self, resources, **options):
        self.resources = resources
        self.grants = {}
        self.audited = []
        self.audit = options.pop("audit", self.audited.append)
        self.cursors = options.pop("cursors", Cursors(b"s" * 32))
        self.base = options.pop("base", BASE)
        self.known = options.pop("known", None)
        self.app = self._app(WithDisclosures(resources, disclosures, "Example Plan"), options)
        self.client = self.app.test_client()

    def _app(self, resources, options):
        app = Flask(__name__)
        publication = Publication(
            base=self.base, carin="2.2.0", publisher="Example Plan", version="1.2.3", oauth_uris=OAUTH_URIS, **options
        )
        service = FhirService(
            resources=resources,
            authenticate=self.authenticate,
            publication=publication,
            cursors=self.cursors,
            audit=self.audit,
            allowed_origin=lambda origin: origin == "https://app.example",
            source="memory",
        )
        publish(app, fhir_blueprint(service), title="Claims", version="1", public_base=self.base.removesuffix("/fhir"))
        answer_errors(app, (service.mount,))
        return app

    def authenticate(self, header):
        if header is None:
            raise BearerMissing
        name = header.removeprefix("Bearer ")
        if name == "expired":
            raise BearerExpired
        if name == "garbage" or (self.known is not None and name not in self.known):
            raise BearerInvalid("The access token is unknown.")
        return self.grants.get(name) or grant_for(name)

    def get(self, path, token=ALICE, **headers):
        return self.send("GET", path, token, **headers)

    def send(self, method, path, token=ALICE, data=None, **headers):
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        url = path.removeprefix("https://claims.example.gov") if path.startswith("http") else f"/fhir/{path}"
        return self.client.open(url, method=method, headers=sent, data=data, base_url="http://inside:8000")


@contextmanager
def listening(resources, **options):
    """A world that real HTTP clients reach at its ``base``."""
    port = free_port()
    world = World(resources, base=f"http://127.0.0.1:{port}/fhir", **options)
    server = create_server(world.app, host="127.0.0.1", port=port, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield world
    finally:
        server.close()
        server.task_dispatcher.shutdown()
        thread.join(1)
