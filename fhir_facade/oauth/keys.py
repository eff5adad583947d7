"""The keys that sign id_tokens: published first, signing later, retired last, so that no verifier is caught out.

A folder holds one PEM file per key and ``keys.json``, which says when each begins to sign and when it goes. Every
process looks at that file again within seconds, so a rotation needs no restart.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from joserfc import jwt
from joserfc.jwk import Key, KeySet, RSAKey

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.store.secrets import new_id

PUBLISH_S = 3600
"""Seconds a new key is published before it signs: verifiers may keep what they fetched for that long."""
KEEP_S = 2 * 3600
"""Seconds a key stays published after another took over: longer than any id_token lives."""
ALGORITHM = "RS256"

_INDEX = "keys.json"
_LOCK = ".lock"
_LOOK_AGAIN_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRecord:
    """One key: it signs from ``signs_from`` until a later one does, and is published until ``until``.

    ``published_at`` is when it was made; None for a key that is older than this record of it.
    """

    kid: str
    signs_from: int
    until: int | None = None
    published_at: int | None = None


def rotate(folder: Path, now: int) -> KeyRecord:
    """Make a new key and publish it; the first one signs at once, later ones after ``PUBLISH_S``.

    Keys whose time is over are removed from the folder.
    """
    with writing(folder):
        return _rotated(folder, now)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Alone in the folder: of two processes that change its keys one waits for the other.

    Raises:
        ConfigError: nothing can be written there.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(folder / _LOCK, os.O_WRONLY | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError([f"keys.signing: cannot write {folder} ({error.strerror})"]) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _rotated(folder: Path, now: int) -> KeyRecord:
    records = read_records(folder)
    signs_from = now + PUBLISH_S if records else now
    record = KeyRecord(kid=new_id(16), signs_from=signs_from, published_at=now)
    _write_private(folder / f"{record.kid}.pem", RSAKey.generate_key(2048, private=True).as_pem(private=True))
    ending = [KeyRecord(**asdict(r) | {"until": r.until or signs_from + KEEP_S}) for r in records]
    kept = [r for r in ending if r.until is None or r.until > now]
    write_records(folder, [*kept, record])
    for gone in set(ending) - set(kept):
        (folder / f"{gone.kid}.pem").unlink(missing_ok=True)
    return record


def read_records(folder: Path) -> Sequence[KeyRecord]:
    """The keys of the folder, oldest first; none for a folder without keys.

    Raises:
        ConfigError: the index cannot be read.
    """
    try:
        text = (folder / _INDEX).read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ConfigError([f"keys.signing: cannot read {folder / _INDEX} ({type(error).__name__})"]) from error
    try:
        return [KeyRecord(**entry) for entry in json.loads(text)]
    except (ValueError, TypeError) as error:
        raise ConfigError([f"keys.signing: {folder / _INDEX} is damaged; restore it from a backup"]) from error


class SigningKeys:
    """The keys of one folder, read again when another process rotated them.

    Args:
        folder: made by ``rotate``.

    Raises:
        ConfigError: the folder has no key that can sign.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._looked = 0.0
        self._stamp: tuple[int, int] = (0, 0)
        self._keys: dict[str, RSAKey] = {}
        self._records: Sequence[KeyRecord] = []
        self._load()
        if not self._records:
            raise ConfigError([f"keys.signing: {folder} holds no key; run `fhir-facade keys rotate`"])

    def sign(self, claims: Mapping[str, Any], now: int) -> str:
        """A JWT signed with the key whose turn it is."""
        self._look_again()
        begun = [r for r in self._records if r.signs_from <= now]
        good = [r for r in begun if r.until is None or r.until > now]
        record = max(good or begun, key=lambda r: r.signs_from)
        header = {"alg": ALGORITHM, "kid": record.kid, "typ": "JWT"}
        return jwt.encode(header, dict(claims), self._keys[record.kid], algorithms=[ALGORITHM])

    def published(self, now: int) -> dict[str, Any]:
        """The public keys as a JWK set."""
        self._look_again()
        keys: list[Key] = [self._keys[r.kid] for r in self._records if r.until is None or r.until > now]
        return dict(KeySet(keys).as_dict(private=False))

    def _look_again(self) -> None:
        if time.monotonic() - self._looked > _LOOK_AGAIN_S:
            self._load()

    def _load(self) -> None:
        self._looked = time.monotonic()
        try:
            status = (self._folder / _INDEX).stat()
        except OSError:
            return  # what was read before stays good; a first look without keys is refused by the constructor
        stamp = (status.st_mtime_ns, status.st_ino)
        if stamp != self._stamp:
            records = read_records(self._folder)
            self._keys = {r.kid: self._keys.get(r.kid) or _read_key(self._folder, r.kid) for r in records}
            self._records, self._stamp = records, stamp


def _read_key(folder: Path, kid: str) -> RSAKey:
    path = folder / f"{kid}.pem"
    try:
        return RSAKey.import_key(path.read_bytes(), {"kid": kid, "use": "sig", "alg": ALGORITHM})
    except (OSError, ValueError) as error:
        raise ConfigError([f"keys.signing: cannot read the key {path} ({type(error).__name__})"]) from error


def _write_private(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def write_records(folder: Path, records: Sequence[KeyRecord]) -> None:
    """Put these records in place of those before, at once and whole."""
    draft = folder / f".{new_id(8)}.tmp"
    _write_private(draft, json.dumps([asdict(r) for r in records], indent=1).encode())
    draft.replace(folder / _INDEX)
