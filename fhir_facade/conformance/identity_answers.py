"""Attempts and bad answers for the identity conformance suite."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from dataclasses import replace

from fhir_facade.contracts.identity import Answer, Attempt

HOSTILE = (
    "",
    " ",
    "\x00",
    "a\x00b",
    "ÿ" * 300,
    "Ünïcödé ✓ 𐍈",
    "A" * 1_000_000,
    "*)(uid=*))(|(uid=*",
    "' OR '1'='1",
    "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>",
    "../../../../etc/passwd",
    "%00%0d%0aSet-Cookie:%20x=1",
    "\r\nLocation: https://evil.example",
    "e30.e30.e30",
    "eyJhbGciOiJub25lIn0.eyJzdWIiOiJtYXJpYSJ9.",
)
"""Values that log-ins have choked on."""


def fresh_attempt(callback_url: str = "https://facade.example/login/callback") -> Attempt:
    """An attempt as the facade makes them: random state, nonce and verifier of 256 bits."""
    return Attempt(
        attempt_id=secrets.token_urlsafe(32),
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        code_verifier=secrets.token_urlsafe(32),
        callback_url=callback_url,
    )


def mutations(good: Answer, chance: random.Random) -> Iterator[tuple[str, Answer]]:
    """Every parameter dropped, emptied, cut, lengthened, and with one character changed."""
    for name, value in good.parameters.items():
        changed = {
            "without": None,
            "empty": "",
            "cut": value[: len(value) // 2],
            "longer": f"{value}{chance.choice('ab01')}",
            "one character changed": _one_changed(value, chance),
        }
        for what, bad in changed.items():
            rest = {key: text for key, text in good.parameters.items() if key != name}
            yield f"{name} {what}", replace(good, parameters=rest if bad is None else {**rest, name: bad})


def _one_changed(value: str, chance: random.Random) -> str:
    if not value:
        return "x"
    at = chance.randrange(max(1, len(value) - 3))
    other = chance.choice([sign for sign in "abcXYZ019" if sign.lower() != value[at].lower()])
    return value[:at] + other + value[at + 1 :]
