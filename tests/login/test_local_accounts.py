"""The pages of the local log-in: an invited person makes an account there and comes back with it."""

from __future__ import annotations

import re
import time

import pytest

from fhir_facade.app.accounts import sealing_of
from fhir_facade.contracts import totp
from fhir_facade.contracts.accounts import Invitation
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.login.ports import LoginChoice
from fhir_facade.store.local_accounts import LocalAccounts
from fhir_facade_identity_local import LocalSettings, plugin
from tests.login.conftest import Stage

NAMED = {"username": "maria", "password": "correct horse battery"}


@pytest.fixture
def accounts(stage: Stage) -> LocalAccounts:
    """The accounts of a stage at which one logs in by password and authenticator app."""
    accounts = LocalAccounts(stage.logins._store, sealing_of([b"k" * 32]))
    context = IdentityContext(accounts=accounts, production=False, public_base="http://localhost")
    provider = plugin.open(LocalSettings(second_factor="totp"), context)
    stage.desk.flow.choices = (LoginChoice("local", "Local", provider),)
    return accounts


def invited(accounts: LocalAccounts) -> str:
    told = Invitation(evidence={"medicaid-id": "A1"}, proofing="in person", ial=2)
    return accounts.invite(told, int(time.time()) + 60)


def answered(stage: Stage, page, **typed: str):
    """The page after a form."""
    return stage.client.post("/login/callback", data={"state": stage.hidden(page.text, "state"), **typed})


def opened(stage: Stage):
    """The first page of the log-in."""
    return stage.client.get("/login/request-1/with/local")


def key_on(page) -> str:
    """The key for the authenticator app that a page shows."""
    found = re.search(r"(?:[A-Z2-7]{4} ){4,}[A-Z2-7]{4}", page.text)
    assert found, page.text
    return found[0].replace(" ", "")


def code_of(key: str) -> str:
    return totp.code_at(key, int(time.time()) // 30)


@pytest.mark.parametrize("language", ["en", "es"])
def test_an_invited_person_reads_the_key_of_the_authenticator_app(
    stage: Stage, accounts: LocalAccounts, language: str
) -> None:
    stage.client.get(f"/login/request-1?lang={language}")
    page = answered(stage, opened(stage), **NAMED, invitation=invited(accounts))
    assert page.status_code == 200
    done = answered(stage, page, code=code_of(key_on(page)))
    assert (done.status_code, done.location) == (303, "/login/request-1/consent")


def test_a_wrong_first_code_is_told_and_the_key_shown_again(stage: Stage, accounts: LocalAccounts) -> None:
    page = answered(stage, opened(stage), **NAMED, invitation=invited(accounts))
    again = answered(stage, page, code="000 000")
    assert "That code is not right" in again.text
    assert key_on(again) == key_on(page)


def test_who_stops_before_the_second_factor_has_no_account_and_begins_again(
    stage: Stage, accounts: LocalAccounts
) -> None:
    invitation = invited(accounts)
    answered(stage, opened(stage), **NAMED, invitation=invitation)
    assert accounts.names() == []
    assert answered(stage, opened(stage), **NAMED, invitation="").status_code == 403
    page = answered(stage, opened(stage), **NAMED, invitation=invitation)
    assert answered(stage, page, code=code_of(key_on(page))).status_code == 303


def test_of_two_browsers_with_one_invitation_the_first_to_finish_has_the_account(
    stage: Stage, accounts: LocalAccounts
) -> None:
    invitation = invited(accounts)
    pages = [
        answered(stage, opened(stage), username=name, password=NAMED["password"], invitation=invitation)
        for name in ("maria", "other")
    ]
    done = [answered(stage, page, code=code_of(key_on(page))) for page in pages]
    assert [answer.status_code for answer in done] == [303, 200]
    assert accounts.names() == ["maria"]
