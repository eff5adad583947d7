"""A passkey is made and used in a real browser: our page, our script, the library, the store."""

from __future__ import annotations

import time

import pytest

from fhir_facade.app.accounts import sealing_of
from fhir_facade.contracts.accounts import Invitation
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade.login.ports import LoginChoice
from fhir_facade.store.local_accounts import LocalAccounts
from fhir_facade.web.members import members_blueprint
from fhir_facade.web.portal import PortalRequests
from fhir_facade_identity_local import LocalSettings, plugin
from tests.login.conftest import Stage
from tests.login.test_member_pages import Grants
from tests.peers.chromium import passkey
from tests.peers.running import free_port
from tests.served import served

PASSWORD = "correct horse battery"


@pytest.mark.peer("chromium", "node")
def test_a_passkey_is_made_with_an_invitation_and_used_at_the_next_log_in(stage: Stage) -> None:
    port, desk = free_port(), stage.desk
    base = f"http://localhost:{port}"
    accounts = LocalAccounts(stage.logins._store, sealing_of([b"k" * 32]))
    context = IdentityContext(accounts=accounts, production=False, public_base=base)
    provider = plugin.open(LocalSettings(second_factor="passkey"), context)
    desk.flow.choices = (LoginChoice("local", "Local", provider),)
    portal = PortalRequests(stage.requests, desk.keys, f"{base}/", "Example Health Plan", desk.flow.now)
    object.__setattr__(desk, "requests", portal)
    stage.app.register_blueprint(members_blueprint(desk, portal, Grants()))
    invitation = accounts.invite(
        Invitation(evidence={"medicaid-id": "A1"}, proofing="in person"), int(time.time()) + 60
    )
    with served(stage.app, "localhost", port):
        outcome = passkey(base, invitation, PASSWORD)
    assert outcome == {"made": True, "used": True}
    assert accounts.details("maria").passkeys[0].uses >= 0
