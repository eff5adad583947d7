"""Everything the endpoints share: the store, the addresses, the keys, the lifetimes, the clock."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from fhir_facade.contracts.sections import OAuthSettings
from fhir_facade.oauth.jwks import KeySets
from fhir_facade.oauth.keys import SigningKeys
from fhir_facade.oauth.mounts import Mount
from fhir_facade.store import Store
from fhir_facade.store.audit import AuditEvent
from fhir_facade.store.engine import Clock

Record = Callable[[AuditEvent], None]


def system_clock() -> int:
    """Whole seconds since 1970-01-01T00:00Z."""
    return int(time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationServer:
    """One authorization server.

    Args:
        store: where apps, grants and tokens live.
        base: public base URL without a final slash; it is the issuer.
        environment: ``sandbox`` or ``production``; apps of the other one do not exist here.
        settings: lifetimes.
        keys: sign id_tokens.
        secret: 32 bytes or more; the successors of refresh tokens are derived with it.
        key_sets: public keys of apps that authenticate with signed JWTs.
        reverify_days: days after which a member must log in again before apps may refresh; 0 for never.
        record: writes a line of the audit trail; where it raises, what it tells of does not happen.
    """

    store: Store
    base: str
    environment: str
    settings: OAuthSettings
    keys: SigningKeys
    secret: bytes = field(repr=False)
    key_sets: KeySets
    record: Record
    reverify_days: int = 0
    clock: Clock = system_clock

    @property
    def fhir_base(self) -> str:
        """The FHIR base URL that ``aud`` must name."""
        return f"{self.base}/fhir"

    @property
    def browser_cookie(self) -> str:
        """Name of the cookie that binds a request to the browser which brought it."""
        return "__Host-facade-browser" if self.base.startswith("https:") else "facade-browser"

    def token_url(self, mount: Mount) -> str:
        """The address of a mount's token endpoint: what a client assertion is addressed to."""
        return self.base + mount.token_path

    def audiences(self, mount: Mount) -> frozenset[str]:
        """What ``aud`` or ``resource`` may be at that mount."""
        bases = {self.fhir_base} | ({f"{self.base}{mount.prefix}/fhir"} if mount.prefix else set())
        return frozenset(bases | {f"{base}/" for base in bases})
