"""Nobody learns from a log-in, by its answer or by how long it took, which user names there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from fhir_facade.app.accounts import sealing_of
from fhir_facade.conformance.identity_answers import fresh_attempt
from fhir_facade.contracts.accounts import Invitation
from fhir_facade.contracts.errors import LoginDenied
from fhir_facade.contracts.identity import Answer
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.store import Store, migrate
from fhir_facade.store.local_accounts import LocalAccounts
from fhir_facade_identity_local import LocalProvider, LocalSettings, plugin
from fhir_facade_identity_local.passwords import Passwords
from tests.alike import MOST_S, gap_s
from tests.databases import empty_url, on_both


@pytest.fixture
def accounts(request: pytest.FixtureRequest, database: str, tmp_path: Path) -> Iterator[LocalAccounts]:
    url = empty_url(request, database, tmp_path)
    migrate(url)
    store = Store(url)
    yield LocalAccounts(store, sealing_of([b"k" * 32]))
    store.close()


@pytest.fixture
def provider(accounts: LocalAccounts, locked: bool) -> LocalProvider:
    """A log-in with one account, maria; its hashes are cheap, so that they hide nothing."""
    settings = replace(LocalSettings(), second_factor="none")
    context = IdentityContext(accounts=accounts, production=True, public_base="https://facade.example")
    opened = plugin.open(settings, context)
    object.__setattr__(settings, "failures", 1 if locked else 1_000_000)  # nobody else is to get locked meanwhile
    opened._passwords = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    code = accounts.invite(Invitation(evidence={"medicaid-id": "A1"}, proofing="in person", ial=2), 2**40)
    typed(opened, "maria", "correct horse battery", invitation=code)
    return opened


def typed(provider: LocalProvider, username: str, password: str, **more: str) -> Any:
    attempt = replace(fresh_attempt(), memory=provider.begin(fresh_attempt()).memory)
    return provider.finish(
        attempt, Answer(parameters={"username": username, "password": password, **more}, method="POST")
    )


def refused(provider: LocalProvider, username: str) -> str:
    with pytest.raises(LoginDenied) as denied:
        typed(provider, username, "wrong")
    return str(denied.value)


@on_both
@pytest.mark.figure(of="R33")
@pytest.mark.parametrize("locked", [False, True], ids=["open", "locked"])
def test_known_and_unknown_user_names_are_refused_alike_in_the_same_time(
    provider: LocalProvider, locked: bool, full_counts: bool, figure: Any
) -> None:
    assert refused(provider, "maria") == refused(provider, "nobody")
    rounds = 2_000 if full_counts else 60
    gap = gap_s(lambda: refused(provider, "maria"), lambda: refused(provider, "nobody"), rounds)
    assert gap < MOST_S
    kind = "a locked user name" if locked else "a user name"
    figure(f"local log-in, {kind}: same answer, medians of {rounds} pairs differ by {gap * 1000:.3f} ms")
