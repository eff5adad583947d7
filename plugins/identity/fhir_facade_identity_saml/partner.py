"""The thin door to pysaml2: one request out, one response in. No other file knows the library."""

from __future__ import annotations

import base64
import logging
import shutil
import warnings
from calendar import timegm
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

with warnings.catch_warnings():  # the library imports names that its own libraries are about to move
    warnings.simplefilter("ignore")
    from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, SAMLError
    from saml2.client import Saml2Client
    from saml2.config import SPConfig
    from saml2.metadata import entity_descriptor
    from saml2.response import StatusAuthnFailed, StatusError, StatusNoPassive, StatusRequestDenied
    from saml2.time_util import str_to_time

from fhir_facade.contracts.errors import ConfigError, IdentityUnavailable, LoginDenied, LoginRejected
from fhir_facade_identity_saml.settings import SamlSettings

SKEW_S = 60
LONGEST = 400_000
STRONG = ("rsa-sha256", "rsa-sha384", "rsa-sha512", "ecdsa-sha256", "ecdsa-sha384", "ecdsa-sha512")
REFUSED = (StatusAuthnFailed, StatusRequestDenied, StatusNoPassive)

for noisy in ("saml2", "xmlschema"):
    logging.getLogger(noisy).setLevel(logging.CRITICAL)  # the library logs whole responses, with people in them


@dataclass(frozen=True, slots=True)
class Assertion:
    """What the identity provider asserts; each attribute with its first value."""

    issuer: str
    subject: str
    context: str
    authenticated_at: datetime
    attributes: Mapping[str, str]


class Partner:
    """The service provider's side of one partnership.

    Args:
        settings: checked settings.
        callback_url: absolute URL that responses are posted to.

    Raises:
        ConfigError: the metadata or the keys cannot be read.
    """

    def __init__(self, settings: SamlSettings, callback_url: str) -> None:
        self._settings = settings
        try:
            self._config = SPConfig().load(_options(settings, callback_url))
            self._client = Saml2Client(self._config)
            providers = list(self._client.metadata.with_descriptor("idpsso"))
        except Exception as error:  # the library raises whatever its parser, its files or xmlsec1 raise
            what = "metadata, key or certificate" if settings.key else "metadata"
            raise ConfigError([f"identity.saml: {what} cannot be read ({type(error).__name__}: {error})"]) from error
        if len(providers) != 1:
            raise ConfigError([f"identity.saml.metadata: names {len(providers)} identity providers, must be one"])
        self.issuer = str(providers[0])

    def metadata(self) -> bytes:
        """Our own metadata, for the identity provider's administrator."""
        return str(entity_descriptor(self._config)).encode()

    @property
    def place(self) -> str:
        """Where people log in, as the metadata says."""
        found = self._client.metadata.single_sign_on_service(self.issuer, BINDING_HTTP_REDIRECT)
        return str(found[0]["location"]) if found else ""

    def certificates(self) -> list[bytes]:
        """The certificates that the identity provider's metadata names for signatures, as DER."""
        found = self._client.metadata.certs(self.issuer, "idpsso", "signing")
        return [base64.b64decode("".join(text.split())) for _, text in found]

    def request(self, state: str) -> tuple[str, str]:
        """A request: its id, and the URL that carries it.

        Raises:
            IdentityUnavailable: the metadata names no redirect endpoint.
        """
        more = {"force_authn": "true"} if self._settings.force_log_in else {}
        try:
            request_id, sent = self._client.prepare_for_authenticate(
                entityid=self.issuer, relay_state=state, binding=BINDING_HTTP_REDIRECT, **more
            )
        except SAMLError as error:
            raise IdentityUnavailable(f"no request can be made ({type(error).__name__})") from error
        return str(request_id), str(dict(sent["headers"])["Location"])

    def response(self, posted: str, request_id: str) -> Assertion:
        """The assertion in a response to that request.

        Raises:
            LoginDenied: the identity provider refused the log-in.
            LoginRejected: the response cannot be trusted.
        """
        if not 0 < len(posted) <= LONGEST or not posted.isascii():
            raise LoginRejected("the response is empty or larger than any response is")
        try:
            response = self._client.parse_authn_request_response(posted, BINDING_HTTP_POST, {request_id: "/"})
        except REFUSED as error:
            raise LoginDenied("the identity provider refused the log-in") from error
        except StatusError as error:
            raise LoginRejected("the identity provider reports a fault") from error
        except Exception as error:  # the library raises whatever its parser, its checks or xmlsec1 raise
            raise LoginRejected(f"the response cannot be verified ({type(error).__name__})") from error
        if response is None or response.assertion is None:
            raise LoginRejected("the response has no assertion")
        return self._asserted(response)

    def _asserted(self, response: Any) -> Assertion:
        assertion = response.assertion
        for signed in (response.response, assertion):
            method = signed.signature.signed_info.signature_method.algorithm if signed.signature else ""
            if not method.endswith(STRONG):
                raise LoginRejected("the response is not signed, or with an algorithm that is broken")
        statement = assertion.authn_statement[0] if assertion.authn_statement else None
        if statement is None or response.issuer() != self.issuer or assertion.subject.name_id is None:
            raise LoginRejected("the assertion has no log-in, no subject, or another issuer")
        instant = datetime.fromtimestamp(timegm(str_to_time(statement.authn_instant)), UTC)
        reference = statement.authn_context.authn_context_class_ref if statement.authn_context else None
        return Assertion(
            issuer=self.issuer,
            subject=str(assertion.subject.name_id.text or "").strip(),
            context=str(reference.text).strip() if reference else "",
            authenticated_at=instant,
            attributes={name: str(values[0]) for name, values in response.ava.items() if values},
        )


def _options(settings: SamlSettings, callback_url: str) -> dict[str, Any]:
    options: dict[str, Any] = {
        "entityid": settings.entity_id,
        "xmlsec_binary": shutil.which("xmlsec1"),
        "accepted_time_diff": SKEW_S,
        "allow_unknown_attributes": True,
        "metadata": {"local": [str(settings.metadata)]},
        "service": {
            "sp": {
                "endpoints": {"assertion_consumer_service": [(callback_url, BINDING_HTTP_POST)]},
                "allow_unsolicited": False,
                "authn_requests_signed": settings.key is not None,
                "want_assertions_signed": True,
                "want_response_signed": True,
                "name_id_format": ["urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"],
                "name_id_policy_format": "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
            }
        },
    }
    if settings.key and settings.certificate:
        options |= {"key_file": str(settings.key), "cert_file": str(settings.certificate)}
        options |= {"signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"}
    return options
