"""What an operator sees of the signing keys, and the steps besides a plain rotation: sign now, retire now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from fhir_facade.contracts.errors import FacadeError
from fhir_facade.oauth.keys import KEEP_S, KeyRecord, read_records, write_records, writing


class KeyState(StrEnum):
    """Where a key is on its way."""

    PUBLISHED = "published"
    """Verifiers can fetch it; it does not sign yet."""
    SIGNING = "signing"
    REPLACED = "replaced"
    """Another signs; it stays published for what it signed."""
    RETIRED = "retired"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyShown:
    """One key with its state, and which steps may be taken with it."""

    record: KeyRecord
    state: KeyState
    may_sign: bool
    may_retire: bool


class NotWithThisKey(FacadeError):
    """The step cannot be taken from where the key is."""


def keys_shown(folder: Path, now: int) -> Sequence[KeyShown]:
    """The keys of a folder, the newest first.

    Raises:
        ConfigError: the index cannot be read.
    """
    records = read_records(folder)
    signing = _signing(records, now)
    states = [(record, _state(record, signing, now)) for record in reversed(records)]
    return [
        KeyShown(
            record=record,
            state=state,
            may_sign=state is KeyState.PUBLISHED,
            may_retire=state in {KeyState.PUBLISHED, KeyState.REPLACED},
        )
        for record, state in states
    ]


def sign_now(folder: Path, kid: str, now: int) -> None:
    """Let a published key sign from now on; the one that signed stays published for two hours.

    Raises:
        NotWithThisKey: there is none of that name, or it does not wait to sign.
        ConfigError: the folder cannot be read or written.
    """
    with writing(folder):
        records, signing = _chosen(folder, kid, now, {KeyState.PUBLISHED})
        place = [one.kid for one in records].index(kid)
        passed = [replace(one, signs_from=min(one.signs_from, now - 1)) for one in records[:place]]
        ended = [replace(one, until=now + KEEP_S) if one == signing else one for one in passed]
        write_records(folder, [*ended, replace(records[place], signs_from=now), *records[place + 1 :]])


def retire(folder: Path, kid: str, now: int) -> None:
    """Take a key back now; whatever it signed is trusted no more. The key that signs must be replaced first.

    Raises:
        NotWithThisKey: there is none of that name, or it signs.
        ConfigError: the folder cannot be read or written.
    """
    with writing(folder):
        records, signing = _chosen(folder, kid, now, {KeyState.PUBLISHED, KeyState.REPLACED})
        ended = [replace(one, until=now) if one.kid == kid else one for one in records]
        if not any(_state(one, signing, now) is KeyState.PUBLISHED for one in ended):
            # nobody is left to take over: the key that signs goes on until the next rotation
            ended = [replace(one, until=None) if one == signing else one for one in ended]
        write_records(folder, ended)


def _chosen(folder: Path, kid: str, now: int, states: set[KeyState]) -> tuple[Sequence[KeyRecord], KeyRecord | None]:
    records = read_records(folder)
    signing = _signing(records, now)
    found = next((one for one in records if one.kid == kid), None)
    if found is None or _state(found, signing, now) not in states:
        raise NotWithThisKey("the key is not where it was; look at the list again")
    return records, signing


def _signing(records: Sequence[KeyRecord], now: int) -> KeyRecord | None:
    able = [one for one in records if one.signs_from <= now and (one.until is None or one.until > now)]
    return max(able, key=lambda one: one.signs_from, default=None)


def _state(record: KeyRecord, signing: KeyRecord | None, now: int) -> KeyState:
    if record.until is not None and record.until <= now:
        return KeyState.RETIRED
    if record == signing:
        return KeyState.SIGNING
    return KeyState.PUBLISHED if record.signs_from > now else KeyState.REPLACED
