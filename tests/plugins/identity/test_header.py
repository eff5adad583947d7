"""A proxy's signed assertion: the promises, and every assertion that must not be believed."""

from __future__ import annotations

import base64
import hmac
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

from fhir_facade.conformance.identity import IdentityConformance
from fhir_facade.conformance.identity_answers import fresh_attempt, mutations
from fhir_facade.contracts.errors import ConfigError, LoginRejected
from fhir_facade.contracts.identity import Answer, Attempt, Begin
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade_identity_header import HeaderProvider, HeaderSettings, plugin
from tests.plugins.identity.complaining import complaints

KEY = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})
OTHER = ECKey.generate_key("P-256", {"kid": "k1", "use": "sig"})
CONTEXT = IdentityContext(accounts=None, production=True, public_base="https://facade.example")
HEADER = "x-identity-assertion"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "proxy.json"
    write(path, KEY)
    return path


def write(path: Path, *some: ECKey) -> None:
    path.write_text(str(KeySet(list(some)).as_dict(private=False)).replace("'", '"'))


def opened(keys: Path, **changed: object) -> HeaderProvider:
    usual = HeaderSettings(
        issuer="https://proxy.example",
        audience="https://facade.example",
        keys=keys,
        claims={"medicaid_id": "medicaid-id"},
        ial=2,
        aal=2,
    )
    return plugin.open(replace(usual, **changed), CONTEXT)


def claims(**changed: object) -> dict[str, object]:
    now = int(time.time())
    usual = {"iss": "https://proxy.example", "aud": "https://facade.example", "sub": "maria", "medicaid_id": "A1"}
    return {
        name: value for name, value in (usual | {"iat": now, "exp": now + 60} | changed).items() if value is not None
    }


def signed(body: dict[str, object], key: object = KEY, alg: str = "ES256") -> str:
    return jwt.encode({"alg": alg, "kid": "k1"}, body, key, algorithms=[alg])


def passed(attempt: Attempt, assertion: str) -> Answer:
    return Answer(parameters={"state": attempt.state}, headers={HEADER: assertion})


class TestHeader(IdentityConformance):
    @pytest.fixture(autouse=True)
    def keys_of_the_tests(self, keys: Path) -> None:
        self.keys = keys

    def open(self) -> HeaderProvider:
        return opened(self.keys)

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        return passed(attempt, signed(claims()))

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"state": attempt.state})

    def tampered(self, good: Answer, chance: random.Random) -> Iterator[tuple[str, Answer]]:
        yield from mutations(good, chance)
        as_parameters = Answer(parameters=good.headers)
        for what, bad in mutations(as_parameters, chance):
            yield what, Answer(parameters=good.parameters, headers=bad.parameters)


def finish(provider: HeaderProvider, assertion: str):
    attempt = fresh_attempt()
    attempt = replace(attempt, memory=provider.begin(attempt).memory)
    return provider.finish(attempt, passed(attempt, assertion))


def test_signed_claims_become_evidence(keys: Path) -> None:
    identity = finish(opened(keys), signed(claims()))
    assert (identity.issuer, identity.subject) == ("https://proxy.example", "maria")
    assert identity.evidence == {"medicaid-id": "A1"}


@pytest.mark.parametrize(
    "wrong",
    [
        {"iss": "https://evil.example"},
        {"aud": "https://other.example"},
        {"aud": None},
        {"sub": ""},
        {"sub": None},
        {"exp": None},
        {"iat": None},
        {"iat": math.nan},
        {"exp": math.nan},
        {"iat": -1e300},
        {"exp": 1e300},
        {"exp": int(time.time()) - 100},
        {"iat": int(time.time()) + 1000, "exp": int(time.time()) + 1060},
        {"exp": int(time.time()) + 100_000},
        {"iat": int(time.time()) - 100, "exp": int(time.time()) + 10},
    ],
)
def test_a_wrong_assertion_is_refused(keys: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(LoginRejected):
        finish(opened(keys), signed(claims(**wrong)))


def test_another_key_no_key_and_a_public_key_used_as_a_secret_are_refused(keys: Path) -> None:
    provider = opened(keys)
    body = signed(claims()).split(".")[1]
    shared = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"k1"}').decode().rstrip("=") + "." + body
    mac = hmac.digest(KEY.as_pem(private=False), shared.encode(), "sha256")
    by_secret = f"{shared}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"
    unsigned = f"eyJhbGciOiJub25lIn0.{body}."
    for forged in (signed(claims(), OTHER), by_secret, unsigned):
        with pytest.raises(LoginRejected):
            finish(provider, forged)


def test_keys_rotate_by_writing_the_file(keys: Path) -> None:
    provider = opened(keys)
    write(keys, OTHER)
    assert finish(provider, signed(claims(), OTHER)).subject == "maria"
    with pytest.raises(LoginRejected):
        finish(provider, signed(claims(), KEY))


def test_a_pem_file_is_good_too(keys: Path) -> None:
    key = RSAKey.generate_key(2048)
    keys.write_bytes(key.as_pem(private=False))
    assert finish(opened(keys), signed(claims(), key, "RS256")).subject == "maria"


def test_settings_that_cannot_work_are_all_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        opened(tmp_path / "absent", header="Cookie", issuer="", claims={}, life_s=0, ial=9)
    named = [fault.split(":")[0].rpartition(".")[2] for fault in caught.value.faults]
    assert named == ["header", "issuer", "claims", "life_s", "ial", "keys"]


def test_the_plugin_names_the_one_header_it_reads(keys: Path) -> None:
    assert list(opened(keys).headers) == ["X-Identity-Assertion"]


def test_a_plugin_that_reads_without_verifying_breaks_a_promise(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unverified(self: HeaderProvider, assertion: str) -> dict[str, object]:
        try:
            return json.loads(base64.urlsafe_b64decode(assertion.split(".")[1] + "=="))
        except (ValueError, IndexError) as error:
            raise LoginRejected("unreadable") from error

    monkeypatch.setattr(HeaderProvider, "_verified", unverified)
    suite = TestHeader()
    suite.keys = keys
    assert "longer gave VerifiedIdentity" in complaints(suite, "test_tampered_answers_log_nobody_in")
