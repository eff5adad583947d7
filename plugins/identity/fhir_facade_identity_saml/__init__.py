"""Log-in with a SAML 2.0 identity provider, for agencies whose single sign-on speaks it."""

from __future__ import annotations

from fhir_facade.contracts.plugin import IDENTITY_CONTRACT, IdentityPlugin
from fhir_facade_identity_saml.provider import SamlProvider, open_provider
from fhir_facade_identity_saml.settings import SamlSettings

__all__ = ["SamlProvider", "SamlSettings", "open_provider", "plugin"]

plugin = IdentityPlugin(
    name="saml",
    contract=IDENTITY_CONTRACT,
    settings=SamlSettings,
    open=open_provider,
    summary="SAML 2.0: signed responses and assertions, answered requests only; needs the program xmlsec1",
)
