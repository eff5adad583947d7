"""Public keys of apps that authenticate with signed JWTs: registered inline, or fetched from the app's JWKS URL.

A fetch goes to the registered https address alone: no redirects, no address inside the payer's network, a short
time-out, a small answer.
"""

from __future__ import annotations

import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from joserfc.jwk import ECKey, KeySet, RSAKey

from fhir_facade.contracts.errors import FacadeError

_TIMEOUT_S = 4
_MAX_BYTES = 100_000
_MAX_KEYS = 20
_LEAST_AGE_S, _MOST_AGE_S, _DEFAULT_AGE_S = 30, 3600, 300
_MAX_AGE = re.compile(r"max-age=([0-9]{1,9})")


class KeysUnavailable(FacadeError):
    """An app's public keys could not be fetched or read."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A fetched document and the seconds it may be kept."""

    document: Any
    keep_s: int


Fetch = Callable[[str], Fetched]


def read_keys(document: Any) -> tuple[RSAKey | ECKey, ...]:
    """The RSA and EC public keys of a JWK set; keys of other kinds are left out.

    Raises:
        KeysUnavailable: it is no JWK set, holds a private or malformed key, or too many.
    """
    entries = document.get("keys") if isinstance(document, Mapping) else None
    if not isinstance(entries, list) or len(entries) > _MAX_KEYS:
        raise KeysUnavailable("the JWK set must be an object with a list of at most 20 keys")
    usable = [e for e in entries if isinstance(e, dict) and e.get("kty") in {"RSA", "EC"} and e.get("use") != "enc"]
    if any("d" in entry for entry in usable):
        raise KeysUnavailable("the JWK set holds a private key")
    try:
        keys = KeySet.import_key_set({"keys": usable}).keys
    except Exception as error:  # joserfc and cryptography raise many kinds for malformed numbers
        raise KeysUnavailable(f"a key cannot be read ({type(error).__name__})") from error
    return tuple(key for key in keys if isinstance(key, (RSAKey, ECKey)))


class KeySets:
    """Fetched key sets, kept as long as their server says, within limits.

    Args:
        local_allowed: whether JWKS URLs may point to this machine and use http (sandbox only).
        fetch: gets a URL; replaced in tests.
    """

    def __init__(self, *, local_allowed: bool, fetch: Fetch | None = None) -> None:
        self._fetch = fetch or (lambda url: fetch_json(url, local_allowed=local_allowed))
        self._kept: dict[str, tuple[float, float, tuple[RSAKey | ECKey, ...]]] = {}
        self._lock = threading.Lock()

    def keys(self, url: str, kid: str) -> tuple[RSAKey | ECKey, ...]:
        """The keys at that URL; fetched again, but not every second, when ``kid`` is not among those kept.

        Raises:
            KeysUnavailable: they cannot be had.
        """
        now = time.monotonic()
        fetched, until, keys = self._kept.get(url, (0.0, 0.0, ()))
        known = any(key.kid == kid for key in keys)
        if keys and ((known and now < until) or (not known and now < fetched + _LEAST_AGE_S)):
            return keys
        got = self._fetch(url)
        keys = read_keys(got.document)
        with self._lock:
            self._kept[url] = (now, now + got.keep_s, keys)
        return keys


def fetch_json(url: str, *, local_allowed: bool) -> Fetched:
    """Get a JSON document from a public https address.

    Raises:
        KeysUnavailable: the address is not allowed, or the answer is not 200 with JSON.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        address = _public_address(host, port, local_allowed=local_allowed)
        if parts.scheme != "https" and not (local_allowed and ipaddress.ip_address(address).is_loopback):
            raise KeysUnavailable("the JWKS URL must use https")
        connection = _Pinned(host, port, address, secure=parts.scheme == "https")
        return _get(connection, f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise KeysUnavailable(f"the JWKS URL does not answer ({type(error).__name__})") from error


def _get(connection: http.client.HTTPConnection, target: str) -> Fetched:
    try:
        connection.request("GET", target, headers={"Accept": "application/json", "User-Agent": "fhir-facade"})
        response = connection.getresponse()
        body = response.read(_MAX_BYTES + 1)
        if response.status != 200 or len(body) > _MAX_BYTES:
            raise KeysUnavailable("the JWKS URL must answer 200 with at most 100 kB")
        age = _MAX_AGE.search(response.headers.get("Cache-Control", ""))
        keep_s = int(age[1]) if age else _DEFAULT_AGE_S
        return Fetched(json.loads(body), max(_LEAST_AGE_S, min(keep_s, _MOST_AGE_S)))
    finally:
        connection.close()


def _public_address(host: str, port: int, *, local_allowed: bool) -> str:
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    for address in sorted(found):
        ip = ipaddress.ip_address(address)
        if not (ip.is_global or (local_allowed and ip.is_loopback)):
            raise KeysUnavailable("the JWKS URL points into a private network")
    return min(found)


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name resolves to a moment later."""

    def __init__(self, host: str, port: int, address: str, *, secure: bool) -> None:
        super().__init__(host, port, timeout=_TIMEOUT_S)
        self._address = address
        self._context = ssl.create_default_context() if secure else None

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), timeout=_TIMEOUT_S)
        self.sock = self._context.wrap_socket(plain, server_hostname=self.host) if self._context else plain
