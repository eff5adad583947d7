"""Match keys at rest: identifiers shared with the log-in system, as keyed, slow, versioned hashes.

The key makes a stolen table useless without it, the slowness makes trying all numbers dear to whoever has both, and the
version lets a key be replaced. A *mark* is one keyed byte beside the hash: a sync compares it to see that a value is
the one it hashed before, and it is too short to help anybody find the value.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

_COST = 2**10
"""scrypt with 1 MB, about 2 ms: 30,000 identifiers a minute and core, once; unchanged ones are not hashed again."""


def normal(value: str) -> str:
    """An identifier as it is compared: without blanks and hyphens, in capitals."""
    return "".join(value.split()).replace("-", "").upper()


@dataclass(frozen=True, slots=True)
class MatchHash:
    """Hashes match keys.

    Args:
        keys: every key in use by version; at least 32 bytes each.
        current: the version that new hashes are made with.
    """

    keys: Mapping[str, bytes] = field(repr=False)
    current: str

    def __call__(self, kind: str, value: str) -> str:
        """``<version>$<hex>`` under the current key."""
        return self._hash(self.current, kind, value)

    def all(self, kind: str, value: str) -> tuple[str, ...]:
        """The hashes under every key in use, the current one first."""
        versions = (self.current, *(version for version in self.keys if version != self.current))
        return tuple(self._hash(version, kind, value) for version in versions)

    def mark(self, kind: str, value: str) -> int:
        """One keyed byte of the value, 0–255."""
        return hmac.digest(self.keys[self.current], f"mark\0{kind}\0{normal(value)}".encode(), "sha256")[0]

    def _hash(self, version: str, kind: str, value: str) -> str:
        key = self.keys[version]
        secret = hmac.digest(key, f"{kind}\0{normal(value)}".encode(), "sha256")
        salt = hmac.digest(key, b"salt", "sha256")
        return f"{version}${hashlib.scrypt(secret, salt=salt, n=_COST, r=8, p=1, dklen=16).hex()}"
