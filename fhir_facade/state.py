"""The state folder, and the secrets a sandbox makes for itself in it."""

from __future__ import annotations

import hashlib
import os
import secrets
from contextlib import suppress
from pathlib import Path

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.contracts.sections import Settings
from fhir_facade.contracts.settings import Secret

SECRET_BYTES = 32


def state_folder(settings: Settings) -> Path:
    """The state folder, made with access for its owner alone where it is not there.

    Raises:
        ConfigError: it cannot be made.
    """
    folder = settings.server.state
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError([f"server.state: cannot make {folder} ({error.strerror}); choose another folder"]) from error
    return folder


def identifier_keys(settings: Settings) -> dict[str, bytes]:
    """The secrets of the keyed hash of member identifiers by version, the current one first."""
    current = _key(settings.keys.identifiers, settings, "identifiers.key")
    before = [_strong(secret.reveal(), secret.origin) for secret in settings.keys.identifiers_before]
    return {hashlib.sha256(b"version" + key).hexdigest()[:8]: key for key in (current, *before)}


def identifier_key(settings: Settings) -> bytes:
    """The oldest of them, for what must read the same for ever: the audit trail, ids made by hashing."""
    return list(identifier_keys(settings).values())[-1]


def cursor_key(settings: Settings) -> bytes:
    """The secret that seals page cursors and form tokens."""
    return _key(settings.keys.cursors, settings, "cursors.key")


def signing_folder(settings: Settings) -> Path:
    """The folder of the keys that sign id_tokens."""
    return settings.keys.signing or state_folder(settings) / "signing-keys"


def _key(secret: Secret | None, settings: Settings, file: str) -> bytes:
    if secret:
        return _strong(secret.reveal(), secret.origin)
    if settings.server.environment == "production":
        raise ConfigError([f"keys: production needs its own secret instead of {file}"])
    return _strong(made_once(state_folder(settings) / file), file)


def _strong(text: str, origin: str) -> bytes:
    if len(text) < SECRET_BYTES:
        raise ConfigError([f"{origin}: the secret is shorter than {SECRET_BYTES} characters; make a random one"])
    return text.encode()


def made_once(path: Path) -> str:
    """The secret in a file that only its owner can read; made whole at the first call, once if several race."""
    if not path.exists():
        draft = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_hex(SECRET_BYTES), encoding="ascii")
        with suppress(FileExistsError):
            os.link(draft, path)
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
