"""Page positions as opaque texts: encrypted and authenticated, bound to the caller and the search, held nowhere.

Any process with the secret reads them, so paging goes on across processes and restarts. Nothing of the member or the
position can be read from one.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fhir_facade.search.faults import BadCursor, ExpiredCursor, ForeignCursor
from fhir_facade.search.query import SearchQuery

_LABEL = b"fhir-facade page cursor 1"
_NONCE = 12


class Caller(NamedTuple):
    """Who a cursor is for: the member, the app, and the sources that were asked."""

    member: str
    app: str
    source: str


class Mark(NamedTuple):
    """Where a page starts.

    Args:
        keys: sort values of the match at the boundary.
        id: its id.
        backwards: the page ends before it, rather than starting after it.
        phase: which of several types in a row (``$everything``); 0 for a search.
    """

    keys: tuple[int | str | None, ...]
    id: str
    backwards: bool = False
    phase: int = 0


class _Sealed(msgspec.Struct, array_like=True):
    issued: int
    expires: int
    caller: bytes
    search: bytes
    keys: tuple[int | str | None, ...]
    id: str
    backwards: bool
    phase: int


@dataclass(frozen=True, slots=True)
class Cursors:
    """Seals and opens cursors.

    Args:
        secret: 32 random bytes or more, the same in every process.
        lifetime_s: seconds a cursor stays good.
        clock: seconds since 1970.
    """

    secret: bytes
    lifetime_s: int = 3600
    clock: Callable[[], float] = time.time

    def seal(self, mark: Mark, caller: Caller, search: str) -> str:
        """``mark`` as a text that only ``caller`` can use, and only for ``search`` (see ``search_text``)."""
        now = int(self.clock())
        inside = _Sealed(now, now + self.lifetime_s, _digest(caller), _digest((search,)), *mark)
        nonce = os.urandom(_NONCE)
        sealed = nonce + self._cipher().encrypt(nonce, msgspec.msgpack.encode(inside), _LABEL)
        return _text(sealed)

    def open(self, text: str, caller: Caller, search: str) -> Mark:
        """The mark in ``text``.

        Raises:
            BadCursor: the text was not made here, was changed, or belongs to another search.
            ForeignCursor: it was made for another member, app or source.
            ExpiredCursor: it is too old.
        """
        inside = self._decrypt(text)
        if not hmac.compare_digest(inside.caller, _digest(caller)):
            raise ForeignCursor
        if not hmac.compare_digest(inside.search, _digest((search,))):
            raise BadCursor
        if self.clock() >= inside.expires:
            raise ExpiredCursor
        return Mark(inside.keys, inside.id, inside.backwards, inside.phase)

    def _decrypt(self, text: str) -> _Sealed:
        try:
            sealed = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
            if _text(sealed) != text:  # the decoder overlooks characters that are not of its alphabet
                raise BadCursor
            plain = self._cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], _LABEL)
            return msgspec.msgpack.decode(plain, type=_Sealed)
        except (InvalidTag, ValueError, binascii.Error, msgspec.DecodeError):
            raise BadCursor from None

    def _cipher(self) -> AESGCM:
        return _cipher_of(self.secret)


@lru_cache(maxsize=8)
def _cipher_of(secret: bytes) -> AESGCM:
    return AESGCM(hmac.digest(secret, _LABEL, "sha256"))


def search_text(query: SearchQuery) -> str:
    """What a cursor is bound to: what is found and in which order, but not how much of it is shown."""
    return msgspec.json.encode((query.resource_type, query.criteria, query.sort)).decode()


def _text(sealed: bytes) -> str:
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


@lru_cache(maxsize=4096)
def _digest(parts: tuple[str, ...]) -> bytes:
    return hashlib.blake2b("\x00".join(parts).encode(), digest_size=16).digest()
