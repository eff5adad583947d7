"""Kinds of evidence that many people share, and how a combination of them is compared: the same on both sides.

A unique identifier matches by itself. What many people share matches only in a combination that the operator
configured, and a name alone never does.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date

NAMES = frozenset({"family", "given", "middle", "name"})

SHARED = NAMES | {
    "birth-date",
    "city",
    "email",
    "gender",
    "phone",
    "postal-code",
    "ssn-last4",
    "state",
    "street",
}
"""Kinds of evidence that many people share: never a key by themselves."""

FEWEST = 3
"""How many shared kinds a combination without an identifier needs, the date of birth among them."""

_KIND = re.compile(r"[a-z][a-z0-9-]{0,63}")
_PHONE_DIGITS = 10
_ZIP_DIGITS = 5


def identifier(value: str) -> str:
    """An identifier as it is compared: without blanks and hyphens, in capitals."""
    return "".join(value.split()).replace("-", "").upper()


def comparable(kind: str, value: str) -> str:
    """A value as it is compared in a combination; empty when it is unusable.

    Dates are ISO 8601; of a postal code the first five digits count, of a telephone number the last ten; letters are
    compared without case, accents, blanks and punctuation.
    """
    digits = "".join(character for character in value if character.isdigit())
    if kind == "birth-date":
        return _day(value)
    if kind == "postal-code":
        return digits[:_ZIP_DIGITS] if len(digits) >= _ZIP_DIGITS else ""
    if kind == "phone":
        return digits[-_PHONE_DIGITS:] if len(digits) >= _PHONE_DIGITS else ""
    if kind == "email":
        return value.strip().casefold().replace("|", "")
    return _letters(value) if kind in SHARED else identifier(value).replace("|", "")


def combined(kinds: Sequence[str], evidence: Mapping[str, str]) -> tuple[str, str] | None:
    """The match key that a combination stands for: its kind (``birth-date+family+ssn-last4``) and its value.

    None where the evidence lacks a part.
    """
    values = [comparable(kind, evidence.get(kind, "")) for kind in kinds]
    return ("+".join(kinds), "|".join(values)) if all(values) else None


def combination_fault(kinds: Sequence[str]) -> str | None:
    """Why a combination may not match anybody; None when it may."""
    named = " + ".join(kinds) or "an empty list"
    if not kinds or len(set(kinds)) < len(kinds) or not all(_KIND.fullmatch(kind) for kind in kinds):
        return f"{named}: name kinds of evidence such as birth-date, family and ssn-last4, each once"
    if set(kinds) <= NAMES:
        return f"{named} is a name alone, and many people share a name; add birth-date and one kind more"
    if set(kinds) - SHARED:
        return None
    if "birth-date" not in kinds or len(kinds) < FEWEST:
        return f"{named} may fit a stranger; take an identifier, or birth-date with two kinds more"
    return None


def _day(value: str) -> str:
    try:
        return date.fromisoformat(value.strip()).isoformat()
    except ValueError:
        return ""


def _letters(value: str) -> str:
    plain = unicodedata.normalize("NFKD", value).casefold()
    return "".join(character for character in plain if character.isalnum())
