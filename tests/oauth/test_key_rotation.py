"""Signing keys rotate while people log in on two nodes, and no relying party notices."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from fhir_facade.oauth import keys
from fhir_facade.oauth.keys import SigningKeys
from fhir_facade.store import Store
from tests.databases import on_both

from .conftest import BASE, START, build_world

RATE = 200
"""Requests a second to both nodes together."""
VERIFICATIONS = 8
"""How often an id_token is looked at, each time with a request for the keys."""


class RunningClock:
    """The world's seconds, running."""

    def __init__(self):
        self.begun = time.monotonic()

    @property
    def now(self):
        return START + int(time.monotonic() - self.begun)

    def __call__(self):
        return self.now


@dataclass
class RelyingParty:
    """An app that verifies id_tokens of one node with the keys of the other, kept as long as it may keep them."""

    home: object
    away: object
    keep_s: float
    fetched_at: float = 0.0
    verified: int = 0
    requests: int = 0
    used: set = field(default_factory=set)
    failed: list = field(default_factory=list)

    def __post_init__(self):
        self.client = self.away.client

    def keys(self):
        answer = self.client.get("/.well-known/jwks.json")
        self.requests += 1
        if time.monotonic() - self.fetched_at > self.keep_s:
            self.fetched_at, self.kept = time.monotonic(), KeySet.import_key_set(answer.json)
        return self.kept

    def sign_in(self, app):
        try:
            token = self.home.tokens(app)["id_token"]
            self.requests += 2
            for _ in range(VERIFICATIONS):
                decoded = jwt.decode(token, self.keys(), algorithms=["RS256"])
                assert decoded.claims["iss"] == BASE
                self.verified += 1
            self.used.add(decoded.header["kid"])
        except Exception as error:  # whatever it is, it would have cost a person the log-in
            self.failed.append(error)


def load(party, app, done, pause):
    """Sign people in until it is ``done``, no faster than the pace."""
    begun = time.monotonic()
    while not done.is_set():
        party.sign_in(app)
        done.wait(max(0.0, begun + party.requests * pause - time.monotonic()))


@pytest.fixture
def quick(monkeypatch, full_counts):
    """The waits of a rotation in seconds instead of hours; the clock has whole ones, so that one may be missing."""
    publish_s, keep_s = (4, 5) if full_counts else (2, 2)
    monkeypatch.setattr(keys, "PUBLISH_S", publish_s)
    monkeypatch.setattr(keys, "KEEP_S", keep_s)
    monkeypatch.setattr(keys, "_LOOK_AGAIN_S", publish_s / 10)
    return publish_s, keep_s


@on_both
@pytest.mark.figure(of="R31")
def test_rotations_under_load_on_two_nodes_fail_no_verification(quick, store, tmp_path, full_counts, figure):
    publish_s, keep_s = quick
    rotations = 3 if full_counts else 1
    folder, clock = tmp_path / "signing", RunningClock()
    keys.rotate(folder, clock())
    other = Store(store.url)
    nodes = [build_world(one, folder, clock=clock, signing=SigningKeys(folder)) for one in (store, other)]
    app = nodes[0].register("relying")
    parties = [RelyingParty(home, away, keep_s=publish_s / 4) for home, away in (nodes, nodes[::-1])]
    done, begun = threading.Event(), time.monotonic()
    pace = (len(parties)) / RATE
    threads = [threading.Thread(target=load, args=(party, app, done, pace)) for party in parties]
    for thread in threads:
        thread.start()
    for _ in range(rotations):
        keys.rotate(folder, clock())
        time.sleep(publish_s + keep_s + 1.2)
    done.set()
    for thread in threads:
        thread.join()
    rate = sum(party.requests for party in parties) / (time.monotonic() - begun)
    other.close()
    assert [error for party in parties for error in party.failed] == []
    assert len(parties[0].used | parties[1].used) == rotations + 1
    assert rate > 0.9 * RATE or not full_counts, f"only {rate:.0f} requests a second: the machine is busy with more"
    verified = sum(party.verified for party in parties)
    figure(f"{rotations} rotations on two nodes, {rate:.0f} requests/s, 0 of {verified} verifications failed")
