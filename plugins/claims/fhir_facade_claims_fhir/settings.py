"""Settings of the ``fhir`` source."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from fhir_facade.contracts.settings import Secret, setting

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
TYPES = ("Patient", "Coverage", "ExplanationOfBenefit", "RelatedPerson", "Organization", "Practitioner")


@dataclass(frozen=True, slots=True, kw_only=True)
class BackendServices:
    """A token from the upstream's token endpoint, by a signed assertion (SMART backend services)."""

    token_url: str = setting("Token endpoint of the upstream's authorization server")
    client_id: str = setting("Client id that the upstream gave the facade")
    private_key: Secret = setting("Private key (PEM) whose public half the upstream holds")
    key_id: str | None = setting("Key id (`kid`) of the public half", default=None)
    algorithm: Literal["RS384", "ES384"] = setting("Signature: RS384 (RSA) or ES384 (EC P-384)", default="RS384")
    scope: str = setting("Scopes to ask for", default="system/*.read")


@dataclass(frozen=True, slots=True, kw_only=True)
class FhirSettings:
    """How to reach an R4 server, and what it can be asked."""

    base: str = setting("FHIR base URL of the upstream, https")
    aliases: tuple[str, ...] = setting("Further base URLs by which the upstream calls itself in links", default=())
    token: Secret | None = setting("Bearer token that does not run out; this or backend", default=None)
    backend: BackendServices | None = setting("Tokens by SMART backend services", default=None)
    identifiers: dict[str, str] = setting(
        "How members are found: kind of evidence (`medicaid-id` …) → system of `Patient.identifier`"
    )
    types: tuple[str, ...] = setting("Resource types that the upstream serves", default=TYPES)
    parameters: tuple[str, ...] = setting(
        "Search parameters that the upstream takes besides the member's (`service-date`, `_lastUpdated`, `identifier`)",
        default=(),
    )
    page_size: int = setting("Resources asked for at once, 1 to 100", default=50)
    connect_timeout_s: int = setting("Seconds until a connection must stand", default=2)
    timeout_s: int = setting("Seconds one answer may take as a whole", default=8)
    retries: int = setting("Further tries after a fault of the network or a 500, 502 or 504; 0 to 3", default=1)
    most_megabytes: int = setting("Size of the biggest answer that is read", default=16)
    plain_http: bool = setting("Allow http to another machine; for networks nobody else is on", default=False)

    def faults(self) -> Iterator[str]:
        """What cannot be used, each a sentence that says what to do."""
        yield from self._address("base", self.base)
        for alias in self.aliases:
            if urlsplit(alias).scheme not in ("http", "https"):
                yield f"claims.fhir.aliases: {alias} must be an absolute URL"
        if (self.token is None) == (self.backend is None):
            yield "claims.fhir: give either token or backend"
        if self.backend is not None:
            yield from self._address("backend.token_url", self.backend.token_url)
        if not self.identifiers:
            yield "claims.fhir.identifiers: name at least one kind of evidence, or no member can be found"
        for unknown in sorted(set(self.types) - set(TYPES)):
            yield f"claims.fhir.types: {unknown} is not served by the facade; known are {', '.join(TYPES)}"
        yield from self._numbers()

    def _address(self, key: str, url: str) -> Iterator[str]:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username or parts.fragment:
            yield f"claims.fhir.{key}: must be an absolute URL without user name"
        elif parts.scheme == "http" and parts.hostname not in _HERE and not self.plain_http:
            yield f"claims.fhir.{key}: must be https, or set plain_http = true where the network is private"
        elif key == "base" and parts.query:
            yield "claims.fhir.base: must have no query"

    def _numbers(self) -> Iterator[str]:
        ranges = {"page_size": (1, 100), "connect_timeout_s": (1, 60), "timeout_s": (1, 120), "retries": (0, 3)}
        for key, (low, high) in (ranges | {"most_megabytes": (1, 1_000)}).items():
            if not low <= getattr(self, key) <= high:
                yield f"claims.fhir.{key}: must be {low} to {high}"
