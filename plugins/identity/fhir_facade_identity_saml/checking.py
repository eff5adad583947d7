"""What an operator wants to know before the first log-in: certificates, clock, and whether our metadata is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import requests
from cryptography import x509

from fhir_facade.contracts.errors import IdentityUnavailable
from fhir_facade.contracts.reach import callback_fault, clock_fault, tls_fault, validity_fault
from fhir_facade_identity_saml.partner import Partner
from fhir_facade_identity_saml.settings import SamlSettings

TIMEOUT_S = 5


def faults_of(settings: SamlSettings, partner: Partner, public_base: str) -> Sequence[str]:
    """Everything wrong between us and the identity provider, each a sentence that says what to do."""
    return [*_signing(settings, partner), *_our_own(settings), *_meeting(partner, public_base)]


def _signing(settings: SamlSettings, partner: Partner) -> Iterator[str]:
    """Faults of the certificates that sign responses; one good one is enough while the others are being replaced."""
    found = [_validity(x509.load_der_x509_certificate(one)) for one in partner.certificates()]
    if not found:
        yield f"identity.saml.metadata: {settings.metadata.name} names no certificate for signatures; fetch it again"
    elif all(found):
        yield f"identity.saml.metadata: signatures: {found[0]} at the identity provider and fetch its metadata again"


def _our_own(settings: SamlSettings) -> Iterator[str]:
    path = settings.certificate
    if path and (fault := _validity(x509.load_pem_x509_certificate(path.read_bytes()))):
        yield f"identity.saml.certificate: {fault}, and give the identity provider our metadata again"


def _validity(certificate: x509.Certificate) -> str | None:
    return validity_fault(certificate.not_valid_before_utc, certificate.not_valid_after_utc)


def _meeting(partner: Partner, public_base: str) -> Iterator[str]:
    """Faults of the place where people log in, which is shown a request as a browser would bring it.

    Only browsers must reach that place: no answer to this machine is no fault.
    """
    if unsafe := callback_fault(public_base):
        yield unsafe
    try:
        _, url = partner.request("check")
        with requests.get(url, timeout=TIMEOUT_S, allow_redirects=False, stream=True) as answer:
            status, date = answer.status_code, answer.headers.get("Date")
    except IdentityUnavailable as error:
        yield f"identity.saml.metadata: {error}; ask the identity provider for metadata with an HTTP-Redirect endpoint"
        return
    except requests.exceptions.SSLError:
        status, date = 0, None
    except requests.RequestException:
        return
    if fault := tls_fault(partner.place, TIMEOUT_S, Path(requests.utils.DEFAULT_CA_BUNDLE_PATH)):
        yield f"identity.saml.metadata: {fault}"
    if skewed := clock_fault(date):
        yield f"identity.saml.metadata: {skewed}"
    if status >= 400:
        yield (
            f"identity.saml.entity_id: the identity provider refuses our request ({status}); give its administrator "
            f"our metadata, {public_base}/login/saml/metadata"
        )
