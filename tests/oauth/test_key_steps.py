"""Signing keys are published first, sign later and retire last, whoever takes which step when."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from joserfc import jws

from fhir_facade.contracts.errors import ConfigError
from fhir_facade.oauth.key_steps import KeyState, NotWithThisKey, keys_shown, retire, sign_now
from fhir_facade.oauth.keys import KEEP_S, PUBLISH_S, SigningKeys, read_records, rotate

NOW = 1_800_000_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rotate(tmp_path / "keys", NOW)
    return tmp_path / "keys"


def states(folder: Path, now: int) -> list[KeyState]:
    return [one.state for one in keys_shown(folder, now)]


def signer(folder: Path, now: int) -> str:
    token = SigningKeys(folder).sign({"sub": "x"}, now)
    return str(jws.extract_compact(token.encode()).headers()["kid"])


def published(folder: Path, now: int) -> set[str]:
    return {key["kid"] for key in SigningKeys(folder).published(now)["keys"]}


def test_a_key_goes_from_published_to_signing_to_replaced_to_retired(folder: Path) -> None:
    first = read_records(folder)[0].kid
    second = rotate(folder, NOW).kid
    assert states(folder, NOW) == [KeyState.PUBLISHED, KeyState.SIGNING]
    later = NOW + PUBLISH_S
    assert states(folder, later) == [KeyState.SIGNING, KeyState.REPLACED]
    assert (signer(folder, NOW), signer(folder, later)) == (first, second)
    assert states(folder, later + KEEP_S) == [KeyState.SIGNING, KeyState.RETIRED]
    assert published(folder, later + KEEP_S) == {second}


def test_a_published_key_can_sign_at_once(folder: Path) -> None:
    first = read_records(folder)[0].kid
    rotate(folder, NOW)
    newest = rotate(folder, NOW + 1).kid
    sign_now(folder, newest, NOW + 10)
    assert states(folder, NOW + 10) == [KeyState.SIGNING, KeyState.REPLACED, KeyState.REPLACED]
    assert {signer(folder, NOW + after) for after in (10, PUBLISH_S, PUBLISH_S + 5)} == {newest}
    assert first in published(folder, NOW + 10 + KEEP_S - 1)
    assert first not in published(folder, NOW + 10 + KEEP_S)


def test_a_key_that_waits_can_be_taken_back_and_the_one_that_signs_goes_on(folder: Path) -> None:
    first, second = read_records(folder)[0].kid, rotate(folder, NOW).kid
    retire(folder, second, NOW + 5)
    assert published(folder, NOW + 5) == {first}
    for after in (5, PUBLISH_S + 1, PUBLISH_S + KEEP_S + 1):
        assert signer(folder, NOW + after) == first
        assert published(folder, NOW + after) == {first}


def test_a_replaced_key_can_be_retired_before_its_time(folder: Path) -> None:
    first, second = read_records(folder)[0].kid, rotate(folder, NOW).kid
    retire(folder, first, NOW + PUBLISH_S + 1)
    assert published(folder, NOW + PUBLISH_S + 1) == {second}
    assert states(folder, NOW + PUBLISH_S + 1) == [KeyState.SIGNING, KeyState.RETIRED]


def test_the_key_that_signs_is_never_retired_nor_a_retired_one_used(folder: Path) -> None:
    first = read_records(folder)[0].kid
    for wrong in (first, "unknown"):
        with pytest.raises(NotWithThisKey):
            retire(folder, wrong, NOW)
    with pytest.raises(NotWithThisKey):
        sign_now(folder, first, NOW)
    second = rotate(folder, NOW).kid
    retire(folder, second, NOW + 1)
    with pytest.raises(NotWithThisKey):
        sign_now(folder, second, NOW + 2)


def test_keys_made_before_their_making_was_recorded_are_still_read(folder: Path) -> None:
    index = folder / "keys.json"
    entries = json.loads(index.read_text())
    index.write_text(json.dumps([{k: v for k, v in one.items() if k != "published_at"} for one in entries]))
    assert keys_shown(folder, NOW)[0].record.published_at is None


def test_two_who_rotate_at_once_lose_no_key(folder: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = {one.kid for one in pool.map(lambda _: rotate(folder, NOW), range(4))}
    assert made <= {one.kid for one in read_records(folder)}


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot write"):
        rotate(tmp_path / "file" / "keys", NOW)
