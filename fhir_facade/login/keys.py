"""Secrets of a log-in, derived from one key of the facade: nothing that opens a door is stored in clear."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12


def fresh_token() -> str:
    """256 random bits as 43 characters of base64url."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """SHA-256 of a 256-bit random token as hex: what the store keeps instead of the token."""
    return hashlib.sha256(token.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class LoginKeys:
    """One secret of at least 32 bytes, from which every other one of the log-in is derived.

    Args:
        secret: the configured key; shared by all processes, so that an attempt begun in one may end in another.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < 32:
            msg = "the log-in key has fewer than 32 bytes"
            raise ValueError(msg)

    def derive(self, purpose: str, subject: str) -> str:
        """43 characters of base64url that only the holder of the key can compute for this purpose and subject."""
        digest = self._bytes(f"{purpose}\x1f{subject}")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def proves(self, token: str, purpose: str, subject: str) -> bool:
        """Whether ``token`` is the derived one, compared in constant time."""
        return hmac.compare_digest(token.encode(), self.derive(purpose, subject).encode())

    def seal(self, text: str, purpose: str) -> str:
        """``text`` encrypted and authenticated (AES-256-GCM) for this purpose alone."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(self._bytes("seal")).encrypt(nonce, text.encode(), purpose.encode())
        return base64.urlsafe_b64encode(nonce + sealed).decode()

    def unseal(self, sealed: str, purpose: str) -> str | None:
        """The text, or None where it was changed, sealed for another purpose or under another key."""
        try:
            raw = base64.urlsafe_b64decode(sealed.encode())
            return AESGCM(self._bytes("seal")).decrypt(raw[:NONCE_BYTES], raw[NONCE_BYTES:], purpose.encode()).decode()
        except (InvalidTag, ValueError):
            return None

    def _bytes(self, label: str) -> bytes:
        return hmac.new(self.secret, label.encode(), hashlib.sha256).digest()
