"""No client assertion that the app's key did not sign as it stands is taken, however it was made."""

from __future__ import annotations

import base64
import hmac
import json
import random
import secrets
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from tests.databases import on_both

from .conftest import BASE, SEED, START, signed
from .test_assertions import send

ALPHABET = "ABCDabcd0189-_.=+/ \0é"


def encoded(part) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


@dataclass
class Forger:
    """Knows the app's name and public keys, can see one good assertion, and has keys of its own."""

    app_id: str
    keys: dict
    rng: random.Random

    def __post_init__(self):
        self.own = {
            "RS384": RSAKey.generate_key(2048, {"kid": "rsa-1"}, private=True),
            "ES384": ECKey.generate_key("P-384", {"kid": "ec-1"}, private=True),
        }
        self.good = {alg: signed(key, self.app_id, alg=alg) for alg, key in self.keys.items()}

    def claims(self, **changes):
        named = {"iss": self.app_id, "sub": self.app_id, "aud": f"{BASE}/oauth/token"}
        return named | {"exp": START + 200, "jti": secrets.token_hex()} | changes

    def alg(self):
        return self.rng.choice(("RS384", "ES384"))

    def unsigned(self):
        alg = self.rng.choice(("none", "None", "NONE", "nOnE", "", None, "RS256", "PS384", ["RS384"], {"RS384": 1}))
        signature = self.rng.choice(("", self.good["RS384"].rpartition(".")[2]))
        return f"{encoded({'alg': alg, 'kid': 'rsa-1'})}.{encoded(self.claims())}.{signature}"

    def signed_with_the_public_key_as_secret(self):
        alg, digest = self.rng.choice((("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")))
        public = self.keys["RS384"].as_pem(private=False)
        secret = self.rng.choice((public, public.strip(), self.keys["ES384"].as_pem(private=False), b"", b"rsa-1"))
        text = f"{encoded({'alg': alg, 'kid': 'rsa-1'})}.{encoded(self.claims())}"
        return f"{text}.{encoded(hmac.digest(secret, text.encode(), digest))}"

    def signed_with_a_key_of_its_own(self):
        alg = self.alg()
        key = self.own[alg]
        told = {
            "jwk": key.as_dict(private=False),
            "jku": "https://evil.example/jwks.json",
            "x5u": "https://evil.example/chain.pem",
            "x5c": [encoded(b"certificate")],
        }
        header = {"alg": alg, "kid": key.kid} | dict(self.rng.sample(sorted(told.items()), self.rng.randrange(3)))
        return _sign(header, self.claims(), key)

    def other_key_named(self):
        alg = self.alg()
        other = self.rng.choice(({"kid": "../../etc/passwd"}, {"kid": "x"}, {"jku": "https://evil.example/"}))
        return _sign({"alg": alg, "kid": self.keys[alg].kid} | other, self.claims(), self.keys[alg])

    def algorithm_swapped(self):
        _, body, signature = self.good["RS384"].split(".")
        header = {"alg": "ES384", "kid": self.rng.choice(("rsa-1", "ec-1"))}
        return f"{encoded(header)}.{body}.{signature}"

    def meant_for_others(self):
        wrong = ("/oauth/authorize", "", "/oauth/token/", "/oauth/token?x", "/OAUTH/token", "/v2/o/token/", "/fhir")
        elsewhere = [f"{BASE}{path}" for path in wrong] + ["https://evil.example/oauth/token", None, [], 7]
        return self._sound(aud=self.rng.choice(elsewhere))

    def from_somebody_else(self):
        return self._sound(**{self.rng.choice(("iss", "sub")): self.rng.choice(("somebody", "", None, 7))})

    def too_long_or_too_late(self):
        end = self.rng.choice((START + self.rng.randint(311, 10**8), START - self.rng.randint(11, 10**8), None, 1e300))
        return self._sound(exp=end)

    def without_a_sound_jti(self):
        return self._sound(jti=self.rng.choice(("", 7, None, "j" * 501, ["a"])))

    def replayed(self):
        return self.rng.choice([*self.used, *self.used])

    def claims_exchanged(self):
        head, _, signature = self.good[self.alg()].split(".")
        return f"{head}.{encoded(self.claims(exp=START + 299))}.{signature}"

    def extra_dots(self):
        parts = self.good[self.alg()].split(".")
        parts.insert(self.rng.randrange(4), self.rng.choice(("", "e30", parts[2])))
        return self.rng.choice((".".join(parts), "." * self.rng.randrange(5000)))

    def characters_changed(self):
        good = self.good[self.alg()]
        while True:
            place = self.rng.randrange(len(good) - 2)  # the last characters may hold unused bits
            made = good[:place] + self.rng.choice(ALPHABET) + good[place + self.rng.randint(0, 2) :]
            if made != good:
                return made

    def nonsense(self):
        head, body, signature = self.good["RS384"].split(".")
        strange = self.rng.choice((b"[" * 2000, b"[]", b'"text"', bytes(range(256)), b"{}", b'{"alg":"RS384"'))
        return self.rng.choice((f"{encoded(strange)}.{body}.{signature}", f"{head}.{encoded(strange)}.{signature}"))

    def enormous(self):
        return self.good[self.alg()] + "A" * 1_000_000

    def _sound(self, **changes):
        alg = self.alg()
        return _sign({"alg": alg, "kid": self.keys[alg].kid}, self.claims(**changes), self.keys[alg])

    @property
    def kinds(self) -> dict[str, Callable[[], str]]:
        """Every kind of forgery by its name; the enormous one is dear and left out."""
        names = [name for name in vars(Forger) if callable(getattr(Forger, name)) and not name.startswith("_")]
        return {name: getattr(self, name) for name in names if name not in ("alg", "claims", "enormous")}


def _sign(header, claims, key):
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


@on_both
@pytest.mark.figure(of="R12")
def test_no_forged_or_mutated_assertion_is_taken(world, asymmetric, client_keys, full_counts, figure):
    forger = Forger(asymmetric.app.app_id, client_keys, random.Random(SEED))
    forger.used = [signed(client_keys[alg], asymmetric.app.app_id, alg=alg) for alg in ("RS384", "ES384")]
    assert {send(world, one).status_code for one in forger.used} == {200}
    rounds, tried = 1_600 if full_counts else 16, 0
    for number in range(rounds):
        for kind, forge in forger.kinds.items():
            answer = send(world, forge())
            assert (answer.status_code, answer.json["error"]) == (400, "invalid_client"), kind
            tried += 1
        if number % 400 == 0:
            assert send(world, forger.enormous()).status_code in (400, 413)
    assert {send(world, one).status_code for one in forger.good.values()} == {200}
    figure(f"0 of {tried} assertions of {len(forger.kinds)} kinds of forgery taken, each answered 400, 0 of them 5xx")
