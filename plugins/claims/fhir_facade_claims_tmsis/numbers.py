"""Ids made of the state's numbers: FHIR ids that stay the same, and never a Social Security number."""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass

_SAFE = re.compile(r"[A-Za-z0-9.-]{1,40}")


def is_npi(number: str | None) -> bool:
    """Whether ``number`` has ten digits and the right check digit (Luhn over ``80840`` and the number)."""
    if number is None or not re.fullmatch(r"\d{10}", number) or not int(number):
        return False
    digits = [int(digit) for digit in reversed("80840" + number)]
    return sum(digit if place % 2 == 0 else sum(divmod(2 * digit, 10)) for place, digit in enumerate(digits)) % 10 == 0


def safe(text: str) -> str:
    """``text`` as part of an id: itself where every character may stand there, else a hash of it."""
    return text if _SAFE.fullmatch(text) else "x" + hashlib.sha256(text.encode()).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class MemberIds:
    """Member ids of one run.

    Args:
        key: secret that turns Social Security numbers into ids; None where the state's ids are its own.
    """

    key: bytes | None

    def of(self, msis_id: str) -> str:
        """The member's id in this source."""
        if self.key is None:
            return safe(msis_id)
        return "m" + hmac.new(self.key, msis_id.encode(), hashlib.sha256).hexdigest()[:32]
