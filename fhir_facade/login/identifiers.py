"""Identifiers at rest: a keyed, slow, versioned hash, so that a stolen table names nobody."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

SCRYPT_COST = 2**14
"""About 40 ms and 16 MB per hash: unnoticed in a log-in, dear to whoever tries all Medicaid numbers."""


def normal(value: str) -> str:
    """An identifier as it is compared: without blanks and hyphens, in capitals."""
    return "".join(value.split()).replace("-", "").upper()


@dataclass(frozen=True, slots=True)
class IdentifierHash:
    """Hashes identifiers under the current key.

    Args:
        keys: every key in use by version; older ones only recognise what was hashed under them.
        current: the version that new hashes are made with.
        cost: scrypt's N.
    """

    keys: Mapping[str, bytes] = field(repr=False)
    current: str
    cost: int = SCRYPT_COST

    def __call__(self, kind: str, value: str, version: str | None = None) -> str:
        """``<version>$<hex>`` of an identifier of this kind."""
        chosen = version or self.current
        salt = hmac.new(self.keys[chosen], kind.encode(), hashlib.sha256).digest()
        digest = hashlib.scrypt(normal(value).encode(), salt=salt, n=self.cost, r=8, p=1, maxmem=64 * 2**20, dklen=32)
        return f"{chosen}${digest.hex()}"

    def all(self, kind: str, value: str) -> tuple[str, ...]:
        """The hashes of an identifier under every key in use, the current one first."""
        versions = [self.current, *(version for version in self.keys if version != self.current)]
        return tuple(self(kind, value, version) for version in versions)
