"""The SAML log-in: a request out by redirect, a signed response back by form post."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

from fhir_facade.contracts.errors import ConfigError, LoginRejected
from fhir_facade.contracts.identity import Answer, Attempt, Endpoint, RedirectTo, VerifiedIdentity
from fhir_facade.contracts.plugin import IdentityContext
from fhir_facade_identity_saml.checking import faults_of
from fhir_facade_identity_saml.partner import Partner
from fhir_facade_identity_saml.settings import SamlSettings


def open_provider(settings: SamlSettings, context: IdentityContext) -> SamlProvider:
    """The provider.

    Raises:
        ConfigError: settings, metadata or keys that cannot work; every fault at once.
    """
    faults = settings.faults()
    if faults:
        raise ConfigError(faults)
    return SamlProvider(settings, Partner(settings, f"{context.public_base}/login/callback"), context.public_base)


class SamlProvider:
    """Log-in at one SAML identity provider.

    Args:
        settings: checked settings.
        partner: speaks SAML.
        public_base: absolute URL of the facade's root.
    """

    def __init__(self, settings: SamlSettings, partner: Partner, public_base: str) -> None:
        self._settings = settings
        self._public_base = public_base
        self._partner = partner

    def begin(self, attempt: Attempt) -> RedirectTo:
        """Send the browser to the identity provider; remember which request was sent."""
        request_id, url = self._partner.request(attempt.state)
        return RedirectTo(url=url, memory={"request": request_id})

    def finish(self, attempt: Attempt, answer: Answer) -> VerifiedIdentity:
        """Check the response to this attempt's request.

        Raises:
            LoginDenied: the identity provider refused the log-in.
            LoginRejected: the response cannot be trusted.
        """
        state = answer.parameters.get("RelayState", "")
        if answer.method != "POST" or not secrets.compare_digest(state.encode(), attempt.state.encode()):
            raise LoginRejected("the answer belongs to another attempt")
        asserted = self._partner.response(answer.parameters.get("SAMLResponse", ""), attempt.memory.get("request", ""))
        if not asserted.subject:
            raise LoginRejected("the assertion names nobody")
        kinds = self._settings.attributes
        return VerifiedIdentity(
            issuer=asserted.issuer,
            subject=asserted.subject,
            nonce=attempt.nonce,
            authenticated_at=asserted.authenticated_at,
            assurance=self._settings.level_of(asserted.context),
            evidence={
                kinds[name]: value.strip()
                for name, value in asserted.attributes.items()
                if name in kinds and value.strip()
            },
            proofing=f"SAML identity provider {asserted.issuer}",
        )

    def endpoints(self) -> Sequence[Endpoint]:
        """Our metadata, for the identity provider's administrator."""
        body = self._partner.metadata()
        return (Endpoint(path="metadata", content_type="application/samlmetadata+xml", body=body),)

    def check(self) -> Sequence[str]:
        """Look at certificates and clocks, and show the identity provider a request; what is wrong, in sentences."""
        return faults_of(self._settings, self._partner, self._public_base)

    def close(self) -> None:
        """Nothing to give back."""
