"""LDAP against Debian's slapd: the promises, injection, and what a directory must never be asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from fhir_facade.conformance.identity import IdentityConformance
from fhir_facade.conformance.identity_answers import fresh_attempt
from fhir_facade.contracts.errors import ConfigError, IdentityUnavailable, LoginDenied
from fhir_facade.contracts.identity import Answer, Attempt, Begin
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.contracts.settings import Secret
from fhir_facade_identity_ldap import LdapProvider, LdapSettings, plugin
from fhir_facade_identity_ldap.directory import Directory
from tests.peers.certificates import write_keys
from tests.peers.directory import BASE, PASSWORD, slapd
from tests.plugins.identity.complaining import complaints

CONTEXT = IdentityContext(accounts=None, production=True, public_base="https://facade.example")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with slapd(tmp_path_factory.mktemp("slapd")) as address:
        yield address


def settings(url: str, **changed: object) -> LdapSettings:
    usual = LdapSettings(
        url=url,
        base=BASE,
        bind_dn="cn=admin,dc=example,dc=gov",
        bind_password=Secret("env:X", "admin-password"),
        attributes={"employeeNumber": "medicaid-id"},
        ial=2,
    )
    return replace(usual, **changed)


def opened(url: str, **changed: object) -> LdapProvider:
    return plugin.open(settings(url, **changed), CONTEXT)


def typed(username: str, password: str = PASSWORD) -> Answer:
    return Answer(parameters={"username": username, "password": password}, method="POST")


@pytest.mark.peer("slapd")
class TestLdap(IdentityConformance):
    @pytest.fixture(autouse=True)
    def directory_of_the_tests(self, url: str) -> None:
        self.url = url

    def open(self) -> LdapProvider:
        return opened(self.url)

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        return typed("maria")

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        return typed("maria", "wrong-password")


@pytest.mark.peer("slapd")
def test_attributes_become_evidence(url: str) -> None:
    identity = opened(url).finish(fresh_attempt(), typed("maria"))
    assert identity.evidence == {"medicaid-id": "A1"}
    assert (identity.assurance.ial, identity.assurance.aal) == (2, 1)
    assert len(identity.subject) == 36, "entryUUID names the person for ever"


@pytest.mark.peer("slapd")
@pytest.mark.parametrize(
    "username", ["*", "mari*", "maria)(uid=*", "*)(|(uid=*", "maria\\2a", "uid=maria", "maria,ou=people"]
)
def test_a_user_name_is_never_a_filter(url: str, username: str) -> None:
    with pytest.raises(LoginDenied):
        opened(url).finish(fresh_attempt(), typed(username))


@pytest.mark.peer("slapd")
def test_an_empty_password_is_never_sent(url: str) -> None:
    """Directories answer an empty password with success: it is an anonymous bind (RFC 4513 section 5.1.2)."""
    for password in ("", "\x00"):
        with pytest.raises(LoginDenied):
            opened(url).finish(fresh_attempt(), typed("maria", password))


@pytest.mark.peer("slapd")
def test_two_people_of_one_name_are_nobody(url: str) -> None:
    with pytest.raises(LoginDenied):
        opened(url, filter="(|(uid={username})(uid=twins))").finish(fresh_attempt(), typed("maria"))


@pytest.mark.peer("slapd")
def test_check_says_that_the_search_account_is_refused(url: str) -> None:
    (fault,) = opened(url, bind_password=Secret("env:X", "wrong")).check()
    assert "refused bind_dn" in fault


@pytest.mark.peer("slapd")
@pytest.mark.filterwarnings("ignore:ssl.match_hostname:DeprecationWarning")  # the library calls it up to Python 3.11
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # and forgets sockets it refused
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_the_directory_must_show_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    key, certificate = write_keys(tmp_path, "localhost")
    with slapd(tmp_path, (key, certificate)) as secure:
        trusted = opened(secure, ca_file=certificate)
        assert trusted.check() == ()
        assert trusted.finish(fresh_attempt(), typed("maria")).evidence == {"medicaid-id": "A1"}
        with pytest.raises(IdentityUnavailable, match="certificate"):
            opened(secure).finish(fresh_attempt(), typed("maria"))
        with pytest.raises(IdentityUnavailable, match="certificate"):
            opened(secure.replace("localhost", "127.0.0.1"), ca_file=certificate).finish(
                fresh_attempt(), typed("maria")
            )


def test_a_directory_that_is_down_is_unavailable() -> None:
    provider = opened("ldap://127.0.0.1:9")
    with pytest.raises(IdentityUnavailable):
        provider.finish(fresh_attempt(), typed("maria"))
    assert provider.check()


def test_settings_that_cannot_work_are_all_named() -> None:
    bad = settings("ldap://directory.example.gov", filter="(uid=x)", bind_password=None, attributes={}, ial=7)
    with pytest.raises(ConfigError) as caught:
        plugin.open(bad, CONTEXT)
    named = [fault.split(":")[0].rpartition(".")[2] for fault in caught.value.faults]
    assert named == ["url", "filter", "bind_password", "attributes", "ial"]


def test_tls_or_start_tls_is_enough() -> None:
    assert settings("ldaps://directory.example.gov").faults() == []
    assert settings("ldap://directory.example.gov", start_tls=True).faults() == []


@pytest.mark.peer("slapd")
def test_a_plugin_that_takes_any_password_breaks_a_promise(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Directory, "accepts", lambda self, dn, password: True)
    suite = TestLdap()
    suite.url = url
    assert "a refusal must raise LoginDenied, not give VerifiedIdentity" in complaints(
        suite, "test_a_refusal_is_login_denied"
    )
