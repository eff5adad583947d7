"""The proxy's public keys, read from a file and read again when the file changes: that is how keys rotate."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import KeySet, import_key

from fhir_facade.contracts.errors import LoginRejected

SIGNED_WITH = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures that are believed: asymmetric ones; never ``none``, never a shared secret."""


class KeyFile:
    """Public keys in a file.

    Args:
        path: a JWK set or PEM.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._kept: tuple[tuple[int, int], Any] | None = None

    def keys(self) -> Any:
        """The keys in the file now, as joserfc takes them.

        Raises:
            LoginRejected: the file cannot be read, or holds no public key.
        """
        with self._lock:
            try:
                status = self._path.stat()
                version = status.st_mtime_ns, status.st_size
                if self._kept is None or self._kept[0] != version:
                    self._kept = version, _parsed(self._path.read_text(encoding="utf-8"))
            except (OSError, JoseError, ValueError, TypeError, KeyError) as error:
                raise LoginRejected(f"the proxy's keys cannot be read ({type(error).__name__})") from error
            return self._kept[1]


def _parsed(text: str) -> Any:
    """The key set, or the one key of a PEM file, which has no name that an assertion could give."""
    if not text.lstrip().startswith("{"):
        return _from_pem(text)
    document = json.loads(text)
    keys = KeySet.import_key_set(document if "keys" in document else {"keys": [document]})
    if not keys.keys or any(key.key_type == "oct" for key in keys.keys):
        message = "no public key"
        raise ValueError(message)
    return keys


def _from_pem(text: str) -> Any:
    try:
        return import_key(text, "RSA")
    except (JoseError, ValueError, TypeError):
        return import_key(text, "EC")
