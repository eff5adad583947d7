"""Log-in by an agency's web access manager: the proxy signs who the person is, and only the signature counts."""

from __future__ import annotations

from fhir_facade.contracts.plugin import IDENTITY_CONTRACT, IdentityPlugin
from fhir_facade_identity_header.provider import HeaderProvider, open_provider
from fhir_facade_identity_header.settings import HeaderSettings

__all__ = ["HeaderProvider", "HeaderSettings", "open_provider", "plugin"]

plugin = IdentityPlugin(
    name="header",
    contract=IDENTITY_CONTRACT,
    settings=HeaderSettings,
    open=open_provider,
    summary="A reverse proxy's signed assertion (JWT) in a request header; unsigned headers are not offered",
)
