"""Log-in for invented members: user name and password on the facade's own page. Never in production."""

from __future__ import annotations

from fhir_facade.contracts.plugin import IDENTITY_CONTRACT, IdentityPlugin
from fhir_facade_identity_sandbox.provider import SandboxProvider, SandboxSettings, open_provider

__all__ = ["SandboxProvider", "SandboxSettings", "open_provider", "plugin"]

plugin = IdentityPlugin(
    name="sandbox",
    contract=IDENTITY_CONTRACT,
    settings=SandboxSettings,
    open=open_provider,
    summary="User names and passwords of test members; refuses to open in production",
)
