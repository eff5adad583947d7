"""``fhir-facade check`` says what is wrong before anybody logs in: clock, certificate, redirect URI, client."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from fhir_facade.app.accounts import sealing_of
from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.contracts.reach import callback_fault, clock_fault, tls_fault, validity_fault
from fhir_facade.contracts.settings import Secret
from fhir_facade.store import Store, migrate
from fhir_facade.store.local_accounts import LocalAccounts
from fhir_facade_identity_ldap import LdapSettings
from fhir_facade_identity_ldap import plugin as ldap
from fhir_facade_identity_local import LocalSettings
from fhir_facade_identity_local import plugin as local
from fhir_facade_identity_oidc import OidcSettings
from fhir_facade_identity_oidc import plugin as oidc
from fhir_facade_identity_saml import SamlSettings
from fhir_facade_identity_saml import plugin as saml
from tests.peers.certificates import write_keys
from tests.peers.directory import BASE, slapd
from tests.peers.openid import openid_provider
from tests.peers.saml_idp import SamlIdp

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CALLBACK = "https://facade.example/login/callback"
SECRET = "the-client-secret-of-the-test-client"


def context(public_base: str = "https://facade.example") -> IdentityContext:
    return IdentityContext(accounts=None, production=False, public_base=public_base)


class Late(BaseHTTPRequestHandler):
    """Answers every question with the same status, and tells the time wrong by so many seconds."""

    status, apart = 200, 0

    def do_GET(self) -> None:
        self.send_response_only(self.status)
        self.send_header("Date", format_datetime(datetime.now(UTC) + timedelta(seconds=self.apart), usegmt=True))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *message: object) -> None:
        del message


@contextmanager
def site(keys: tuple[Path, Path] | None = None, **how: int) -> Iterator[str]:
    """The address of a site on this machine, with TLS where it is given keys."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (Late,), how))
    if keys:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(keys[1], keys[0])
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"{'https' if keys else 'http'}://localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("apart", "words"), [(0, ""), (59, ""), (-59, ""), (600, "600 seconds ahead"), (-90, "90 seconds behind")]
)
def test_clocks_that_disagree_are_named(apart: int, words: str) -> None:
    fault = clock_fault("Sun, 22 Nov 2026 12:00:00 GMT", NOW.timestamp() + apart)
    assert (words in fault) if words else fault is None


@pytest.mark.parametrize("date", [None, "", "yesterday"])
def test_a_server_that_tells_no_time_is_not_blamed(date: str | None) -> None:
    assert clock_fault(date) is None


@pytest.mark.parametrize(
    ("begins", "ends", "words"),
    [
        (-30 * DAY, 60 * DAY, ""),
        (-3 * DAY, 3 * DAY, ""),
        (-360 * DAY, 5 * DAY, "ends on 2026-11-27, in 5 days: not wrong yet; renew it"),
        (-30 * DAY, -DAY, "ended on 2026-11-21; renew it"),
        (DAY, 30 * DAY, "not valid before 2026-11-23"),
    ],
)
def test_a_certificate_is_named_when_it_ended_or_is_about_to(begins: timedelta, ends: timedelta, words: str) -> None:
    fault = validity_fault(NOW + begins, NOW + ends, NOW)
    assert (words in fault) if words else fault is None


def test_a_redirect_uri_without_tls_is_named_except_on_this_machine() -> None:
    assert callback_fault("https://facade.example") is None
    assert callback_fault("http://localhost:8000") is None
    assert "https:// addresses alone" in str(callback_fault("http://facade.example"))


@pytest.mark.parametrize(("ends", "words"), [(60 * DAY, None), (5 * DAY, "ends on"), (-DAY, "expired")])
def test_the_certificate_of_a_server_is_looked_at(tmp_path: Path, ends: timedelta, words: str | None) -> None:
    keys = write_keys(tmp_path, "localhost", begins=-300 * DAY, ends=ends)
    with site(keys) as url:
        fault = tls_fault(url, 5, keys[1])
        assert (words in fault) if words else fault is None
        assert "is not trusted" in str(tls_fault(url, 5))


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    clients = [{"client_id": "facade", "client_secret": SECRET, "redirect_uris": [CALLBACK]}]
    with openid_provider(clients, tmp_path_factory.mktemp("op") / "log") as url:
        yield url


@pytest.mark.peer("node")
@pytest.mark.parametrize(
    ("changed", "public_base", "words"),
    [
        ({}, "https://facade.example", None),
        ({}, "https://moved.example", "register https://moved.example/login/callback as redirect URI, exactly"),
        ({"client_id": "facad"}, "https://facade.example", "compare client_id"),
        ({"client_secret": Secret("x", "wrong")}, "https://facade.example", "does not accept our client secret"),
        ({"scopes": ("openid", "nonsense")}, "https://facade.example", None),
    ],
)
def test_an_openid_provider_is_asked_whether_it_knows_us(issuer: str, changed, public_base: str, words) -> None:
    usual = {"client_id": "facade", "client_secret": Secret("x", SECRET), "claims": {"sub": "member-number"}}
    faults = oidc.open(OidcSettings(issuer=issuer, **(usual | changed)), context(public_base)).check()
    assert (len(faults), words in faults[0]) == (1, True) if words else faults == []


@pytest.mark.peer("node")
def test_an_unregistered_address_without_tls_is_told_in_one_message(issuer: str) -> None:
    settings = OidcSettings(
        issuer=issuer, client_id="facade", client_secret=Secret("x", SECRET), claims={"sub": "member-number"}
    )
    faults = "\n".join(oidc.open(settings, context("http://facade.example")).check())
    assert "https:// addresses alone" in faults
    assert "register http://facade.example/login/callback" in faults


def saml_faults(folder: Path, public_base: str = "https://facade.example", sso: str = "", **held: timedelta) -> str:
    idp = SamlIdp(folder, sso=sso or "https://idp.invalid/sso", **held)
    settings = SamlSettings(entity_id="us", metadata=idp.metadata, attributes={"medicaid_id": "medicaid-id"})
    return "\n".join(saml.open(settings, context(public_base)).check())


@pytest.mark.peer("xmlsec")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning")
@pytest.mark.parametrize(("ends", "words"), [(DAY, ""), (-DAY, "signatures: the certificate ended on")])
def test_the_certificate_that_signs_responses_is_looked_at(tmp_path: Path, ends: timedelta, words: str) -> None:
    faults = saml_faults(tmp_path, begins=-1.5 * DAY, ends=ends)
    assert words in faults if words else faults == ""


@pytest.mark.peer("xmlsec")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning")
def test_an_identity_provider_that_refuses_us_or_tells_another_time_is_named(tmp_path: Path) -> None:
    with site(status=400, apart=600) as url:
        faults = saml_faults(tmp_path, sso=f"{url}/sso")
    assert "refuses our request (400)" in faults
    assert "https://facade.example/login/saml/metadata" in faults
    assert "behind the one over there" in faults
    assert "https:// addresses alone" in saml_faults(tmp_path, public_base="http://facade.example")


@pytest.mark.peer("xmlsec")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed file:ResourceWarning")
def test_our_own_certificate_is_looked_at(tmp_path: Path) -> None:
    idp, (key, certificate) = SamlIdp(tmp_path), write_keys(tmp_path, "us", begins=-9 * DAY, ends=-DAY)
    settings = SamlSettings(
        entity_id="us", metadata=idp.metadata, attributes={"a": "mbi"}, key=key, certificate=certificate
    )
    (fault,) = saml.open(settings, context()).check()
    assert fault.startswith("identity.saml.certificate: the certificate ended on")
    certificate.write_text("no certificate")
    with pytest.raises(ConfigError, match=r"identity.saml: .*certificate cannot be read"):
        saml.open(settings, context())


def directory(url: str, **changed: object) -> LdapSettings:
    usual = {
        "base": BASE,
        "bind_dn": "cn=admin,dc=example,dc=gov",
        "bind_password": Secret("x", "admin-password"),
        "attributes": {"employeeNumber": "medicaid-id"},
    }
    return LdapSettings(url=url, **(usual | changed))


@pytest.mark.peer("slapd")
@pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore:unclosed:ResourceWarning")
def test_the_certificate_and_the_base_of_a_directory_are_looked_at(tmp_path: Path) -> None:
    keys = write_keys(tmp_path, "localhost", begins=-300 * DAY, ends=5 * DAY)
    with slapd(tmp_path, keys) as url:
        (fault,) = ldap.open(directory(url, ca_file=keys[1]), context()).check()
        assert "ends on" in fault
        (fault,) = ldap.open(directory(url), context()).check()
        assert "is not trusted" in fault
        faults = ldap.open(directory(url, ca_file=keys[1], base="ou=gone,dc=example,dc=gov"), context()).check()
        assert "there is no ou=gone" in faults[-1]


def test_passkeys_need_https(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/store.db"
    migrate(url)
    accounts = LocalAccounts(Store(url), sealing_of([b"k" * 32]))
    plain = IdentityContext(accounts=accounts, production=False, public_base="http://facade.example")
    (fault,) = local.open(LocalSettings(second_factor="passkey"), plain).check()
    assert "passkeys for https:// alone" in fault
    assert local.open(LocalSettings(), plain).check() == ()
