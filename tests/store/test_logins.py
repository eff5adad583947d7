"""Log-ins in the store: of many callers one wins, blocks hold, what expired goes; on SQLite and PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from fhir_facade.contracts.accounts import Invitation, Passkey
from fhir_facade.login.keys import LoginKeys
from fhir_facade.store.local_accounts import LocalAccounts, Sealing
from fhir_facade.store.logins import AttemptRow, LinkRow, Logins

NOW = 1_800_000_000
ATTEMPT = AttemptRow(
    state_hash="h",
    attempt_id="a",
    visit_id="v",
    provider="sandbox",
    form=True,
    memory="m",
    answer=None,
    expires_at=NOW + 600,
)
LINK = LinkRow(account="1$a", reference="Patient/m-1", provider="sandbox", evidence="1$e", verified_at=NOW)
THREADS = 8


def winners(act: Callable[[], object]) -> int:
    """How many of several callers at the same time got something."""
    with ThreadPoolExecutor(THREADS) as pool:
        return sum(bool(found) for found in pool.map(lambda _: act(), range(THREADS)))


@pytest.fixture
def logins(store) -> Logins:
    logins = Logins(store)
    logins.open_visit("v", NOW + 1800)
    return logins


@pytest.fixture
def accounts(store) -> LocalAccounts:
    keys = LoginKeys(b"k" * 32)
    sealing = Sealing(lambda n: [keys.derive("n", n)], lambda t: keys.seal(t, "p"), lambda t: keys.unseal(t, "p"))
    return LocalAccounts(store, sealing)


@pytest.mark.parametrize("name", ["\0", "v\0", "", "\ud800", "x" * 10_000, "é"])
def test_a_name_that_no_visit_can_have_is_no_visit(logins: Logins, name: str) -> None:
    assert logins.visit("v", NOW) is not None
    assert logins.visit(name, NOW) is None


def test_an_attempt_has_one_taker(logins: Logins) -> None:
    logins.save_attempt(ATTEMPT)
    assert winners(lambda: logins.take_attempt("h", "v", NOW)) == 1


def test_an_attempt_of_another_visit_or_too_late_has_none(logins: Logins) -> None:
    logins.save_attempt(ATTEMPT)
    assert logins.take_attempt("h", "another", NOW) is None
    assert logins.take_attempt("h", "v", NOW + 601) is None
    assert logins.visit_of("h", NOW + 601) is None
    assert logins.visit_of("h", NOW) == "v"


def test_an_answer_is_parked_once(logins: Logins) -> None:
    logins.save_attempt(ATTEMPT)
    assert winners(lambda: logins.park_answer("h", "sealed", NOW)) == 1
    taken = logins.take_attempt("h", "v", NOW)
    assert (taken.answer, taken.form) == ("sealed", True)


def test_a_decision_is_claimed_once_and_may_be_given_back(logins: Logins) -> None:
    assert winners(lambda: logins.decide("v", NOW)) == 1
    logins.reopen("v")
    assert logins.decide("v", NOW)


def test_a_visit_is_opened_once_and_counts_denials(logins: Logins) -> None:
    logins.open_visit("v", NOW + 9999)
    assert logins.visit("v", NOW).expires_at == NOW + 1800
    assert [logins.count_denial("v") for _ in range(3)] == [1, 2, 3]
    assert logins.visit("v", NOW + 1801) is None


def test_links_are_renewed_and_forgotten(logins: Logins) -> None:
    logins.link(LINK)
    logins.link(replace(LINK, verified_at=NOW + 5))
    assert [link.verified_at for link in logins.links("1$a")] == [NOW + 5]
    logins.unlink("1$a", "Patient/m-1")
    assert logins.links("1$a") == []


def test_a_block_holds_for_every_account_until_it_is_lifted(logins: Logins) -> None:
    logins.block("Patient/m-1", NOW)
    logins.block("Patient/m-1", NOW)
    logins.link(LINK)
    assert logins.blocked(["Patient/m-0", "Patient/m-1"])
    logins.block("Patient/m-1", None)
    assert not logins.blocked(["Patient/m-1"])


def test_what_expired_is_swept_and_the_rest_stays(logins: Logins) -> None:
    logins.open_visit("old", NOW - 1)
    logins.save_attempt(replace(ATTEMPT, state_hash="old", visit_id="old", expires_at=NOW - 1))
    logins.save_attempt(ATTEMPT)
    assert logins.sweep(NOW) == 1
    assert logins.visit_of("h", NOW) == "v"


def test_an_invitation_makes_one_account(accounts: LocalAccounts) -> None:
    code = accounts.invite(Invitation(evidence={"mbi": "1"}), NOW + 60)
    assert winners(lambda: accounts.accept(code, "maria", "hash", NOW)) == 1
    assert accounts.names() == ["maria"]


def test_a_user_name_makes_one_account(accounts: LocalAccounts) -> None:
    codes = [accounts.invite(Invitation(), NOW + 60) for _ in range(THREADS)]
    assert winners(lambda: accounts.accept(codes.pop(), "maria", "hash", NOW)) == 1


def test_a_code_and_a_passkey_count_are_spent_once(accounts: LocalAccounts) -> None:
    made = accounts.accept(accounts.invite(Invitation(), NOW + 60), "maria", "hash", NOW)
    subject = made.account.subject
    assert winners(lambda: accounts.use_code(subject, 7)) == 1
    assert not accounts.use_code(subject, 6)
    accounts.add_passkey(subject, Passkey(credential_id="c", public_key="k", uses=0))
    assert winners(lambda: accounts.use_passkey("c", 5)) == 1
    assert not accounts.use_passkey("c", 5)


def test_failures_lock_and_success_unlocks(accounts: LocalAccounts) -> None:
    made = accounts.accept(accounts.invite(Invitation(), NOW + 60), "maria", "hash", NOW)
    for _ in range(3):
        accounts.failed(made.account.subject, NOW, 3, 60)
    assert accounts.details("MARIA").locked_until == NOW + 60
    accounts.succeeded(made.account.subject)
    assert accounts.details("maria").locked_until == 0


def test_accounts_under_another_key_are_unknown_rather_than_wrong(store, accounts: LocalAccounts) -> None:
    accounts.accept(accounts.invite(Invitation(), int(time.time()) + 60), "maria", "hash", NOW)
    keys = LoginKeys(b"o" * 32)
    other = Sealing(lambda n: [keys.derive("n", n)], lambda t: keys.seal(t, "p"), lambda t: keys.unseal(t, "p"))
    assert LocalAccounts(store, other).find("maria") is None
