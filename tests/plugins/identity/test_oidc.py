"""OpenID Connect against npm's oidc-provider: the promises, both ways to authenticate, and every wrong answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from fhir_facade.conformance.identity import IdentityConformance
from fhir_facade.conformance.identity_answers import fresh_attempt
from fhir_facade.contracts.errors import ConfigError, IdentityUnavailable, LoginRejected
from fhir_facade.contracts.identity import Answer, Attempt, Begin, RedirectTo
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.contracts.settings import Secret
from fhir_facade_identity_oidc import OidcProvider, OidcSettings, plugin
from tests.peers.openid import openid_provider, walk
from tests.plugins.identity.complaining import complaints

CALLBACK = "https://facade.example/login/callback"
SECRET = "the-client-secret-of-the-test-client"
KEY = ECKey.generate_key("P-256", {"use": "sig", "kid": "k1"})
CLIENTS = [
    {"client_id": "facade", "client_secret": SECRET, "redirect_uris": [CALLBACK]},
    {
        "client_id": "signer",
        "token_endpoint_auth_method": "private_key_jwt",
        "token_endpoint_auth_signing_alg": "ES256",
        "jwks": {"keys": [KEY.as_dict(private=False)]},
        "redirect_uris": [CALLBACK],
    },
]
CONTEXT = IdentityContext(accounts=None, production=False, public_base="https://facade.example")

pytestmark = pytest.mark.peer("node")


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with openid_provider(CLIENTS, tmp_path_factory.mktemp("op") / "log") as url:
        yield url


def settings(issuer: str, **changed: object) -> OidcSettings:
    usual = OidcSettings(
        issuer=issuer,
        client_id="facade",
        client_secret=Secret("env:SECRET", SECRET),
        scopes=("openid", "member"),
        claims={"medicaid_id": "medicaid-id", "birthdate": "birth-date"},
        assurance={"urn:test:ial2": "ial2 aal2", "urn:test:ial1": "ial1 aal1"},
    )
    return replace(usual, userinfo=True, **changed)


def opened(issuer: str, **changed: object) -> OidcProvider:
    return plugin.open(settings(issuer, **changed), CONTEXT)


def come_back(begin: Begin, person: str = "maria", **how: bool) -> Answer:
    assert isinstance(begin, RedirectTo)
    return Answer(parameters=walk(begin.url, CALLBACK, person, **how))


class TestOidc(IdentityConformance):
    @pytest.fixture(autouse=True)
    def provider_of_the_tests(self, issuer: str) -> None:
        self.issuer = issuer

    def open(self) -> OidcProvider:
        return opened(self.issuer)

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        return come_back(begin)

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        return come_back(begin, cancel=True)


def test_claims_become_evidence_and_acr_becomes_assurance(issuer: str) -> None:
    provider, attempt = opened(issuer), fresh_attempt()
    identity = provider.finish(attempt, come_back(provider.begin(attempt)))
    assert (identity.issuer, identity.subject) == (issuer, "maria")
    assert identity.evidence == {"medicaid-id": "A1", "birth-date": "1960-01-02"}
    assert (identity.assurance.ial, identity.assurance.aal) == (2, 2)


def test_a_private_key_proves_the_facade_instead_of_a_secret(issuer: str) -> None:
    key = Secret("env:KEY", KEY.as_pem(private=True).decode())
    provider = opened(issuer, client_id="signer", client_secret=None, private_key=key, private_key_id="k1")
    attempt = fresh_attempt()
    assert provider.finish(attempt, come_back(provider.begin(attempt))).subject == "maria"


def test_a_wrong_client_secret_logs_nobody_in(issuer: str) -> None:
    provider, attempt = opened(issuer, client_secret=Secret("env:X", "wrong")), fresh_attempt()
    with pytest.raises(LoginRejected, match="did not accept the code"):
        provider.finish(attempt, come_back(provider.begin(attempt)))


def test_a_weaker_log_in_than_asked_for_is_refused(issuer: str) -> None:
    provider, attempt = opened(issuer, acr_values="urn:test:ial2"), fresh_attempt()
    with pytest.raises(LoginRejected, match="assurance"):
        provider.finish(attempt, come_back(provider.begin(attempt), "weak"))


@pytest.mark.parametrize("wrong", ["https://evil.example", "", None])
def test_a_wrong_or_missing_issuer_is_refused_before_the_exchange(issuer: str, wrong: str | None) -> None:
    provider, attempt = opened(issuer), fresh_attempt()
    good = come_back(provider.begin(attempt)).parameters
    bad = {name: value for name, value in good.items() if name != "iss"} | ({"iss": wrong} if wrong is not None else {})
    with pytest.raises(LoginRejected, match="issuer"):
        provider.finish(attempt, Answer(parameters=bad))
    assert provider.finish(attempt, Answer(parameters=good)).subject == "maria", "the code was spent on a forged answer"


def test_a_code_is_good_once(issuer: str) -> None:
    provider, attempt = opened(issuer), fresh_attempt()
    answer = come_back(provider.begin(attempt))
    provider.finish(attempt, answer)
    with pytest.raises(LoginRejected):
        provider.finish(attempt, answer)


def test_a_claim_of_a_megabyte_is_refused(issuer: str) -> None:
    provider, attempt = opened(issuer), fresh_attempt()
    with pytest.raises(LoginRejected, match="megabyte"):
        provider.finish(attempt, come_back(provider.begin(attempt), "huge"))


def test_logging_out_leads_to_the_providers_end_of_session(issuer: str) -> None:
    url = opened(issuer).logout_url("https://facade.example/")
    assert url == f"{issuer}/session/end?client_id=facade&post_logout_redirect_uri=https%3A%2F%2Ffacade.example%2F"


def test_check_names_an_issuer_that_is_not_the_documents(issuer: str) -> None:
    other = opened(issuer.replace("127.0.0.1", "localhost"))
    (fault,) = other.check()
    assert "another issuer" in fault


def test_a_provider_that_is_down_is_unavailable() -> None:
    provider = opened("http://127.0.0.1:9")
    with pytest.raises(IdentityUnavailable):
        provider.begin(fresh_attempt())
    assert "does not answer" in provider.check()[0]


def test_settings_that_cannot_work_are_all_named(tmp_path: Path) -> None:
    bad = OidcSettings(
        issuer="http://login.example",
        client_id="x",
        client_secret=Secret("a", "b"),
        private_key=Secret("a", "b"),
        assurance={"x": "very high"},
    )
    with pytest.raises(ConfigError) as caught:
        plugin.open(bad, CONTEXT)
    assert [fault.split(":")[0] for fault in caught.value.faults] == [
        "identity.oidc.issuer",
        "identity.oidc",
        "identity.oidc.claims",
        "identity.oidc.assurance.x",
    ]


def test_a_plugin_that_takes_any_state_breaks_a_promise(issuer: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def any_state(self: OidcProvider, attempt: Attempt, parameters: Mapping[str, str]) -> None:
        if "code" not in parameters:
            raise LoginRejected("no code")

    monkeypatch.setattr(OidcProvider, "_check_answer", any_state)
    suite = TestOidc()
    suite.issuer = issuer
    assert "state without gave VerifiedIdentity" in complaints(suite, "test_tampered_answers_log_nobody_in")
