"""A SAML identity provider inside the test: pysaml2's own, with keys made on the spot."""

from __future__ import annotations

import base64
import warnings
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from saml2 import BINDING_HTTP_REDIRECT
    from saml2.config import IdPConfig
    from saml2.metadata import entity_descriptor
    from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
    from saml2.server import Server

from tests.peers.certificates import write_keys

IDP = "https://idp.example/saml"
PASSWORD_TRANSPORT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


class SamlIdp:
    """One identity provider that knows one service provider."""

    def __init__(
        self, folder: Path, name: str = "idp", sso: str = "https://idp.example/sso", **held: timedelta
    ) -> None:
        self._key, self._certificate = write_keys(folder, name, **held)
        self._sso = sso
        self._folder = folder
        self.metadata = folder / f"{name}.xml"
        self.metadata.write_text(str(entity_descriptor(self._config([]))))
        self._server: Server | None = None

    def _config(self, metadata: list[str]) -> IdPConfig:
        options: dict[str, Any] = {
            "entityid": IDP,
            "key_file": str(self._key),
            "cert_file": str(self._certificate),
            "signing_algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "digest_algorithm": "http://www.w3.org/2001/04/xmlenc#sha256",
            "service": {
                "idp": {
                    "endpoints": {"single_sign_on_service": [(self._sso, BINDING_HTTP_REDIRECT)]},
                    "policy": {"default": {"lifetime": {"minutes": 5}, "attribute_restrictions": None}},
                    "want_authn_requests_signed": False,
                }
            },
            "metadata": {"local": metadata},
        }
        return IdPConfig().load(options)

    def trust(self, *service_providers: bytes) -> None:
        """Take the metadata of service providers."""
        paths = [self._folder / f"sp{number}.xml" for number in range(len(service_providers))]
        for path, body in zip(paths, service_providers, strict=True):
            path.write_bytes(body)
        self._server = Server(config=self._config([str(path) for path in paths]))

    def answer(self, url: str, person: str, attributes: Mapping[str, str], **changed: Any) -> dict[str, str]:
        """The form fields that the browser posts back after a log-in."""
        assert self._server is not None
        query = parse_qs(urlsplit(url).query)
        request = self._server.parse_authn_request(query["SAMLRequest"][0], BINDING_HTTP_REDIRECT).message
        how: dict[str, Any] = {
            "in_response_to": request.id,
            "destination": request.assertion_consumer_service_url,
            "sp_entity_id": request.issuer.text,
            "sign_response": True,
            "sign_assertion": True,
            "sign_alg": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "digest_alg": "http://www.w3.org/2001/04/xmlenc#sha256",
        }
        response = self._server.create_authn_response(
            {name: [value] for name, value in attributes.items()},
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=person),
            authn={
                "class_ref": PASSWORD_TRANSPORT,
                "authn_auth": IDP,
                "authn_instant": int(datetime.now(UTC).timestamp()),
            },
            **how | changed,
        )
        return {"SAMLResponse": base64.b64encode(str(response).encode()).decode(), "RelayState": query["RelayState"][0]}

    def refusal(self, url: str) -> dict[str, str]:
        """The form fields of a log-in that failed at the identity provider."""
        assert self._server is not None
        query = parse_qs(urlsplit(url).query)
        request = self._server.parse_authn_request(query["SAMLRequest"][0], BINDING_HTTP_REDIRECT).message
        status = "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"
        response = self._server.create_error_response(
            request.id, request.assertion_consumer_service_url, (status, "no"), sign=True
        )
        return {"SAMLResponse": base64.b64encode(str(response).encode()).decode(), "RelayState": query["RelayState"][0]}
