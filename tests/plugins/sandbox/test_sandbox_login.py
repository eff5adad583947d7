"""The sandbox log-in: who gets in, who does not, and what an outsider learns."""

from __future__ import annotations

import time

import pytest
from argon2 import PasswordHasher

from fhir_facade.contracts.errors import ConfigError, LoginDenied, LoginRejected
from fhir_facade.contracts.identity import Account, Answer, AskFor, Attempt
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade_identity_sandbox import SandboxProvider, SandboxSettings, plugin

HASHER = PasswordHasher(time_cost=2, memory_cost=16384, parallelism=1)
ALMA = Account(
    username="alma",
    password_hash=HASHER.hash("sandbox-alma"),
    subject="alma",
    evidence={"medicaid-id": "1234567890"},
    story="Has claims.",
)
BROKEN = Account(username="broken", password_hash="not a hash", subject="broken", evidence={})
ATTEMPT = Attempt(attempt_id="1", state="s", nonce="n" * 43, code_verifier="v", callback_url="http://localhost/cb")


class Accounts:
    def find(self, username: str) -> Account | None:
        return {"alma": ALMA, "broken": BROKEN}.get(username.lower())


def opened(*, production: bool = False, accounts: Accounts | None = None, **levels: int) -> SandboxProvider:
    context = IdentityContext(accounts=accounts, production=production, public_base="http://localhost:8000")
    return plugin.open(SandboxSettings(**levels), context)


@pytest.fixture
def provider() -> SandboxProvider:
    return opened(accounts=Accounts())


def answer(username: str, password: str) -> Answer:
    return Answer(parameters={"username": username, "password": password}, method="POST")


def test_the_form_asks_for_a_user_name_and_a_secret_password(provider):
    form = provider.begin(ATTEMPT)
    assert isinstance(form, AskFor)
    assert [(field.name, field.secret) for field in form.fields] == [("username", False), ("password", True)]


@pytest.mark.parametrize("username", ["alma", "ALMA", " alma "])
def test_the_right_password_gives_the_identity_of_the_account(provider, username):
    identity = provider.finish(ATTEMPT, answer(username, "sandbox-alma"))
    assert identity.subject == "alma"
    assert identity.issuer == "http://localhost:8000/sandbox"
    assert identity.nonce == ATTEMPT.nonce
    assert identity.evidence == {"medicaid-id": "1234567890"}
    assert (identity.assurance.ial, identity.assurance.aal) == (2, 2)
    assert identity.authenticated_at.utcoffset().total_seconds() == 0


def test_the_assurance_is_what_the_settings_say():
    identity = opened(accounts=Accounts(), ial=1, aal=0).finish(ATTEMPT, answer("alma", "sandbox-alma"))
    assert (identity.assurance.ial, identity.assurance.aal) == (1, 0)


def refusal(provider: SandboxProvider, given: Answer) -> str:
    with pytest.raises(LoginDenied) as caught:
        provider.finish(ATTEMPT, given)
    return str(caught.value)


def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(provider):
    answers = {
        refusal(provider, answer("alma", "wrong")),
        refusal(provider, answer("nobody", "sandbox-alma")),
        refusal(provider, answer("alma", "")),
        refusal(provider, answer("", "")),
        refusal(provider, Answer(parameters={})),
        refusal(provider, answer("alma", "sandbox-alma" + "x" * 100_000)),
    }
    assert len(answers) == 1


def seconds(provider: SandboxProvider, given: Answer) -> float:
    times = []
    for _ in range(7):
        started = time.perf_counter()
        refusal(provider, given)
        times.append(time.perf_counter() - started)
    return sorted(times)[3]


def test_an_unknown_user_takes_as_long_as_a_wrong_password(provider):
    wrong, unknown = seconds(provider, answer("alma", "wrong")), seconds(provider, answer("nobody", "wrong"))
    assert 0.4 < unknown / wrong < 2.5


def test_a_damaged_hash_is_an_untrusted_answer_not_a_crash(provider):
    with pytest.raises(LoginRejected, match="damaged"):
        provider.finish(ATTEMPT, answer("broken", "x"))


def test_production_refuses_the_sandbox_and_says_which_line_to_change():
    with pytest.raises(ConfigError, match=r"identity\.provider") as caught:
        opened(production=True, accounts=Accounts())
    assert "server.environment" in str(caught.value)


def test_every_fault_of_the_settings_is_told_at_once():
    with pytest.raises(ConfigError) as caught:
        opened(production=True, accounts=None, ial=9, aal=-1)
    assert len(caught.value.faults) == 4


def test_password_hashes_never_show_in_the_identity(provider):
    identity = provider.finish(ATTEMPT, answer("alma", "sandbox-alma"))
    assert "argon2" not in repr(identity)


def test_the_set_up_has_no_faults_once_open(provider):
    assert provider.check() == ()
    provider.close()
