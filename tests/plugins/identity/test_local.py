"""Local accounts: invitation, password, one-time code, passkey, lockout; and the promises of every log-in."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest
from argon2 import PasswordHasher
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

from fhir_facade.app.accounts import sealing_of
from fhir_facade.conformance.identity import IdentityConformance
from fhir_facade.conformance.identity_answers import fresh_attempt
from fhir_facade.contracts import totp
from fhir_facade.contracts.accounts import Invitation
from fhir_facade.contracts.errors import ConfigError, LoginDenied
from fhir_facade.contracts.identity import Answer, AskFor, AskPasskey, Attempt, Begin, VerifiedIdentity
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.store import Store, migrate
from fhir_facade.store.local_accounts import LocalAccounts
from fhir_facade_identity_local import LocalProvider, LocalSettings, plugin
from fhir_facade_identity_local.passwords import Passwords

BASE = "https://facade.example"
PASSWORD = "correct horse battery"
MARIA = Invitation(evidence={"medicaid-id": "A1"}, proofing="in person by J. Doe, desk 4", ial=2)


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def accounts(tmp_path: Path) -> Iterator[LocalAccounts]:
    url = f"sqlite:///{tmp_path / 'store.db'}"
    migrate(url)
    store = Store(url)
    yield LocalAccounts(store, sealing_of([b"k" * 32]))
    store.close()


def opened(accounts: LocalAccounts, **changed: object) -> LocalProvider:
    context = IdentityContext(accounts=accounts, production=True, public_base=BASE)
    provider = plugin.open(replace(LocalSettings(), **changed), context)
    provider._passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1))
    return provider


def step(provider: LocalProvider, asked: Begin, **typed: str):
    return provider.finish(replace(fresh_attempt(), memory=asked.memory), Answer(parameters=typed, method="POST"))


def invite(accounts: LocalAccounts, invitation: Invitation = MARIA) -> str:
    return accounts.invite(invitation, int(time.time()) + 3600)


def start(provider: LocalProvider) -> AskFor:
    return provider.begin(fresh_attempt())


def enrolled(
    accounts: LocalAccounts,
    provider: LocalProvider,
    username: str = "maria",
    code: str = "",
    password: str = PASSWORD,
) -> str:
    """Accept an invitation with an authenticator app; its secret."""
    typed = {"username": username, "password": password, "invitation": code or invite(accounts)}
    asked = step(provider, start(provider), **typed)
    secret = asked.memory["secret"]
    done = step(provider, asked, code=totp.code_at(secret, int(provider._clock()) // 30))
    assert isinstance(done, VerifiedIdentity)
    return secret


class TestLocal(IdentityConformance):
    """One factor here, so that one answer logs in; the second factor has its own tests."""

    @pytest.fixture(autouse=True)
    def accounts_of_the_tests(self, accounts: LocalAccounts) -> None:
        self.accounts = accounts
        provider = self.open()
        step(provider, start(provider), username="maria", password=PASSWORD, invitation=invite(accounts))

    def open(self) -> LocalProvider:
        return opened(self.accounts, second_factor="none", failures=100)

    def answer(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"username": "maria", "password": PASSWORD}, method="POST")

    def refused(self, attempt: Attempt, begin: Begin) -> Answer:
        return Answer(parameters={"username": "maria", "password": "wrong password"}, method="POST")


def test_an_invited_person_makes_an_account_with_a_second_factor(accounts: LocalAccounts) -> None:
    clock, provider = Clock(), opened(accounts)
    provider._clock = clock
    secret = enrolled(accounts, provider)
    clock.now += 60
    asked = step(provider, start(provider), username="MARIA", password=PASSWORD)
    assert isinstance(asked, AskFor)
    identity = step(provider, asked, code=totp.code_at(secret, int(clock.now) // 30))
    assert identity.evidence == {"medicaid-id": "A1"}
    assert (identity.assurance.ial, identity.assurance.aal) == (2, 2)
    assert identity.proofing == "in person by J. Doe, desk 4"


def test_a_one_time_code_is_good_once(accounts: LocalAccounts) -> None:
    clock, provider = Clock(), opened(accounts)
    provider._clock = clock
    secret = enrolled(accounts, provider)
    for expected in (VerifiedIdentity, LoginDenied):
        clock.now += 30 if expected is VerifiedIdentity else 0
        asked = step(provider, start(provider), username="maria", password=PASSWORD)
        code = totp.code_at(secret, int(clock.now) // 30)
        if expected is LoginDenied:
            with pytest.raises(LoginDenied):
                step(provider, asked, code=code)
        else:
            assert isinstance(step(provider, asked, code=code), VerifiedIdentity)


def test_wrong_passwords_lock_the_account_for_a_while(accounts: LocalAccounts) -> None:
    clock, provider = Clock(), opened(accounts, failures=3, lock_s=60)
    provider._clock = clock
    enrolled(accounts, provider)
    for _ in range(3):
        with pytest.raises(LoginDenied):
            step(provider, start(provider), username="maria", password="wrong password")
    with pytest.raises(LoginDenied):
        step(provider, start(provider), username="maria", password=PASSWORD)
    clock.now += 61
    assert isinstance(step(provider, start(provider), username="maria", password=PASSWORD), AskFor)


def test_wrong_codes_lock_the_account_too(accounts: LocalAccounts) -> None:
    provider = opened(accounts, failures=2)
    enrolled(accounts, provider)
    for _ in range(2):
        asked = step(provider, start(provider), username="maria", password=PASSWORD)
        with pytest.raises(LoginDenied):
            step(provider, asked, code="000000x")
    with pytest.raises(LoginDenied):
        step(provider, start(provider), username="maria", password=PASSWORD)


def test_the_second_step_cannot_be_reached_without_the_first(accounts: LocalAccounts) -> None:
    provider = opened(accounts)
    secret = enrolled(accounts, provider)
    with pytest.raises(LoginDenied):
        step(provider, start(provider), code=totp.code_at(secret, int(time.time()) // 30), username="maria")


@pytest.mark.parametrize("invitation", ["nonsense", "é", "0" * 5000])
def test_an_invented_invitation_makes_nothing(accounts: LocalAccounts, invitation: str) -> None:
    provider = opened(accounts)
    with pytest.raises(LoginDenied):
        step(provider, start(provider), username="maria", password=PASSWORD, invitation=invitation)
    assert accounts.names() == []


def test_an_invitation_is_good_once_and_for_a_time(accounts: LocalAccounts) -> None:
    provider, code = opened(accounts), invite(accounts)
    enrolled(accounts, provider, code=code)
    late = accounts.invite(MARIA, int(time.time()) - 1)
    for spent in (code, late):
        with pytest.raises(LoginDenied):
            step(provider, start(provider), username="other", password=PASSWORD, invitation=spent)


@pytest.mark.parametrize(("username", "password"), [("ma", PASSWORD), ("maria", "short"), ("maria", "xxMARIAxxyyzz")])
def test_a_weak_choice_is_explained_and_the_invitation_kept(accounts, username: str, password: str) -> None:
    provider, code = opened(accounts), invite(accounts)
    asked = step(provider, start(provider), username=username, password=password, invitation=code)
    assert "must" in asked.hint
    assert step(provider, asked, username="maria", password=PASSWORD, invitation=code).memory["step"] == "enrol-code"


def test_a_taken_user_name_keeps_the_invitation(accounts: LocalAccounts) -> None:
    provider = opened(accounts)
    enrolled(accounts, provider)
    code = invite(accounts)
    assert "taken" in step(provider, start(provider), username="Maria", password=PASSWORD, invitation=code).hint
    assert accounts.invitation(code, int(time.time())) is not None


def test_recovery_replaces_every_credential_and_keeps_the_person(accounts: LocalAccounts) -> None:
    provider = opened(accounts)
    enrolled(accounts, provider)
    before = accounts.details("maria")
    code = invite(accounts, replace(MARIA, subject=before.account.subject))
    secret = enrolled(accounts, provider, code=code, password="another long password")
    after = accounts.details("maria")
    assert after.account.subject == before.account.subject
    assert after.totp == secret != before.totp
    with pytest.raises(LoginDenied):
        step(provider, start(provider), username="maria", password=PASSWORD)


def test_a_dump_of_the_store_names_nobody(accounts: LocalAccounts, tmp_path: Path) -> None:
    secret = enrolled(accounts, opened(accounts), "maria.lopez")
    dump = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for told in ("maria.lopez", 'A1"', "J. Doe", PASSWORD, secret):
        assert told.encode() not in dump


def test_settings_that_cannot_work_are_all_named() -> None:
    context = IdentityContext(accounts=None, production=True, public_base=BASE)
    with pytest.raises(ConfigError) as caught:
        plugin.open(LocalSettings(shortest_password=4, failures=0, lock_s=0), context)
    assert len(caught.value.faults) == 4


class Authenticator:
    """A passkey in software: what a phone or a security key does."""

    def __init__(self, origin: str = BASE) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = b"credential-of-the-test"
        self._origin = origin
        self.uses = 0

    def _data(self, flags: int) -> bytes:
        self.uses += 1
        return hashlib.sha256(b"facade.example").digest() + bytes([flags]) + self.uses.to_bytes(4, "big")

    def _client(self, kind: str, challenge: str) -> bytes:
        return json.dumps({"type": kind, "challenge": challenge, "origin": self._origin, "crossOrigin": False}).encode()

    def _credential(self, **response: bytes) -> str:
        named = {name: bytes_to_base64url(value) for name, value in response.items()}
        name = bytes_to_base64url(self._id)
        return json.dumps({"id": name, "rawId": name, "type": "public-key", "response": named})

    def create(self, options: str) -> str:
        numbers = self._key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        public = cbor2.dumps({1: 2, 3: -7, -1: 1} | point)
        data = self._data(0x45) + bytes(16) + len(self._id).to_bytes(2, "big") + self._id + public
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        client = self._client("webauthn.create", json.loads(options)["challenge"])
        return self._credential(clientDataJSON=client, attestationObject=attestation)

    def get(self, options: str, flags: int = 0x05) -> str:
        asked = json.loads(options)
        assert base64url_to_bytes(asked["allowCredentials"][0]["id"]) == self._id
        client, data = self._client("webauthn.get", asked["challenge"]), self._data(flags)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self._credential(clientDataJSON=client, authenticatorData=data, signature=signature)


@pytest.fixture
def with_passkey(accounts: LocalAccounts) -> tuple[LocalProvider, Authenticator]:
    provider, phone = opened(accounts, second_factor="passkey"), Authenticator()
    asked = step(provider, start(provider), username="maria", password=PASSWORD, invitation=invite(accounts))
    assert isinstance(asked, AskPasskey)
    assert isinstance(step(provider, asked, credential=phone.create(asked.options)), VerifiedIdentity)
    return provider, phone


def test_a_passkey_is_the_second_factor(with_passkey) -> None:
    provider, phone = with_passkey
    for _ in range(2):
        asked = step(provider, start(provider), username="maria", password=PASSWORD)
        identity = step(provider, asked, credential=phone.get(asked.options))
        assert identity.assurance.aal == 2


def test_a_passkey_answer_to_another_challenge_is_refused(with_passkey) -> None:
    provider, phone = with_passkey
    first = step(provider, start(provider), username="maria", password=PASSWORD)
    second = step(provider, start(provider), username="maria", password=PASSWORD)
    with pytest.raises(LoginDenied):
        step(provider, second, credential=phone.get(first.options))


def test_a_copied_passkey_another_site_and_an_absent_person_are_refused(with_passkey) -> None:
    provider, phone = with_passkey
    asked = step(provider, start(provider), username="maria", password=PASSWORD)
    absent = phone.get(asked.options, flags=0x01)
    phone.uses = 0
    copied = phone.get(asked.options)
    phone.uses, phone._origin = 50, "https://evil.example"
    for bad in (absent, copied, phone.get(asked.options), "{}", "[]", "x", "A" * 100_000):
        with pytest.raises(LoginDenied):
            step(provider, asked, credential=bad)
