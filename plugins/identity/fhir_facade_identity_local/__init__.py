"""Log-in with accounts that the agency creates itself: password, then a one-time code or a passkey."""

from __future__ import annotations

from fhir_facade.contracts.plugin import IDENTITY_CONTRACT, IdentityPlugin
from fhir_facade_identity_local.provider import LocalProvider, open_provider
from fhir_facade_identity_local.settings import LocalSettings

__all__ = ["LocalProvider", "LocalSettings", "open_provider", "plugin"]

plugin = IdentityPlugin(
    name="local",
    contract=IDENTITY_CONTRACT,
    settings=LocalSettings,
    open=open_provider,
    summary="Accounts by invitation: argon2id passwords, authenticator apps, passkeys, lockout",
)
