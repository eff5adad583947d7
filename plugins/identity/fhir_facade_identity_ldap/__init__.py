"""Log-in with an LDAP directory: the user name is looked up, the password is tried by a bind."""

from __future__ import annotations

from fhir_facade.contracts.plugin import IDENTITY_CONTRACT, IdentityPlugin
from fhir_facade_identity_ldap.provider import LdapProvider, open_provider
from fhir_facade_identity_ldap.settings import LdapSettings

__all__ = ["LdapProvider", "LdapSettings", "open_provider", "plugin"]

plugin = IdentityPlugin(
    name="ldap",
    contract=IDENTITY_CONTRACT,
    settings=LdapSettings,
    open=open_provider,
    summary="LDAP directory: look up the user, bind with the password; TLS outside this machine",
)
