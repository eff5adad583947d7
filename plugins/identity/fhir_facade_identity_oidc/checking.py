"""What an operator wants to know before the first log-in: certificate, clock, redirect URI, client."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fhir_facade.contracts.errors import LoginError
from fhir_facade.contracts.reach import callback_fault, clock_fault, tls_fault
from fhir_facade_identity_oidc.http import ProviderHttp
from fhir_facade_identity_oidc.metadata import Discovery, Metadata
from fhir_facade_identity_oidc.settings import OidcSettings

Post = Callable[[str, str, str], tuple[int, dict[str, Any]]]
"""Sends code, callback URL and verifier to the token endpoint; its status and answer."""

CLIENT = {"invalid_client", "unauthorized_client"}
REQUEST = CLIENT | {"invalid_scope", "invalid_request", "invalid_request_uri", "unsupported_response_type"}
"""Answers that no person could log in with, whoever they are."""

CHALLENGE = "E9Melhoa2OwvFrEGvXnhhM7fYsjr2FeG3LhQ7KpGZIo"


def faults_of(
    settings: OidcSettings, discovery: Discovery, http: ProviderHttp, callback_url: str, post: Post
) -> Sequence[str]:
    """Everything wrong between us and the provider, each a sentence that says what to do."""
    certificate = tls_fault(settings.issuer, settings.timeout_s, http.authorities())
    try:
        metadata = discovery.metadata()
        discovery.keys(None)
        found = list(_found(settings, metadata, http, callback_url, post))
    except LoginError as error:
        return (f"identity.oidc.issuer: {certificate or error}; open {settings.issuer} and compare",)
    return [f"identity.oidc.issuer: {certificate}", *found] if certificate else found


def _found(
    settings: OidcSettings, metadata: Metadata, http: ProviderHttp, callback_url: str, post: Post
) -> Iterator[str]:
    if settings.userinfo and not metadata.userinfo_endpoint:
        yield "identity.oidc.userinfo: the provider has no userinfo endpoint; set it to false"
    _, headers = http.look(metadata.jwks_uri)
    if skewed := clock_fault(headers.get("Date")):
        yield f"identity.oidc.issuer: {skewed}"
    if unsafe := callback_fault(callback_url):
        yield unsafe
    if refused := _request_fault(settings, metadata, http, callback_url):
        yield refused
    elif unknown := _client_fault(callback_url, post):
        yield unknown


def _request_fault(settings: OidcSettings, metadata: Metadata, http: ProviderHttp, callback_url: str) -> str | None:
    """Why the provider would not even begin: it is asked for a log-in without a person, and must say just that."""
    query = {
        "response_type": "code",
        "client_id": settings.client_id,
        "redirect_uri": callback_url,
        "scope": " ".join(dict.fromkeys(("openid", *settings.scopes))),
        "state": secrets.token_urlsafe(32),
        "nonce": secrets.token_urlsafe(32),
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "prompt": "none",
    }
    endpoint = metadata.authorization_endpoint
    status, headers = http.look(f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}")
    target = headers.get("Location", "")
    if 400 <= status < 500:
        return (
            f"identity.oidc.client_id: the provider refuses our request ({status}); register {callback_url} "
            "as redirect URI, exactly, and compare client_id"
        )
    answered = parse_qs(urlsplit(target).query).get("error", [""])[0] if target.startswith(callback_url) else ""
    if answered in REQUEST:
        return f"identity.oidc: the provider answers {answered}; compare client_id and scopes with what it registered"
    return None


def _client_fault(callback_url: str, post: Post) -> str | None:
    """Why the provider would give us no tokens: it is sent a code that it never made, and must refuse only that."""
    status, answered = post(secrets.token_urlsafe(32), callback_url, secrets.token_urlsafe(32))
    if status == 401 or answered.get("error") in CLIENT:
        return (
            "identity.oidc: the provider does not accept our client secret or private key; "
            "compare them with what it registered for client_id"
        )
    return None
