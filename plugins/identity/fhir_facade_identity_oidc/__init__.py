"""Log-in with any OpenID Provider: Login.gov, ID.me, Okta, Entra ID, Keycloak, an agency's own."""

from __future__ import annotations

from fhir_facade.contracts.plugin import IDENTITY_CONTRACT, IdentityPlugin
from fhir_facade_identity_oidc.provider import OidcProvider, open_provider
from fhir_facade_identity_oidc.settings import OidcSettings

__all__ = ["OidcProvider", "OidcSettings", "open_provider", "plugin"]

plugin = IdentityPlugin(
    name="oidc",
    contract=IDENTITY_CONTRACT,
    settings=OidcSettings,
    open=open_provider,
    summary="OpenID Connect: code flow with PKCE, nonce and issuer checks, secret or private_key_jwt",
)
