"""Numbers that carry a member's index and prove themselves: look-ups need no list.

Every number is recognisably invented: NPIs start with 9 (real ones with 1 or 2), tax ids with 89 (a prefix that is
not assigned), MBIs have an S in the second place (a letter that real ones never use).
"""

from __future__ import annotations

_MEDICAID_SPAN = 10**9
_MEDICAID_FACTOR = 700_666_301
_MEDICAID_SHIFT = 318_204_577
_MBI_LETTERS = "ACDEFGHJKMNPQRTUVWXY"
_MBI_PATTERN = "9SN9AN9AA99"
"""9 digit 1–9, N digit or letter that does not vary here, A letter; the S is fixed."""


def luhn(digits: str) -> str:
    """The check digit of ``digits`` (ISO/IEC 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def npi(number: int) -> str:
    """An invented National Provider Identifier with a right check digit (prefix 80840), beginning with 9."""
    body = f"9{number % 10**8:08d}"
    return body + luhn("80840" + body)


def tax_id(number: int) -> str:
    """An invented employer identification number."""
    return f"89-{number % 10**7:07d}"


def medicaid_id(seed: int, index: int) -> str:
    """The Medicaid id of the member at ``index``: nine scrambled digits and a check digit."""
    body = f"{(index * _MEDICAID_FACTOR + _MEDICAID_SHIFT + seed) % _MEDICAID_SPAN:09d}"
    return body + luhn(body)


def index_of_medicaid_id(seed: int, text: str) -> int | None:
    """The index that ``medicaid_id`` was made from, or None where the text is not a Medicaid id."""
    if len(text) != 10 or not (text.isascii() and text.isdigit()) or luhn(text[:9]) != text[9]:
        return None
    inverse = pow(_MEDICAID_FACTOR, -1, _MEDICAID_SPAN)
    return (int(text[:9]) - _MEDICAID_SHIFT - seed) * inverse % _MEDICAID_SPAN


def mbi(index: int) -> str:
    """The Medicare beneficiary identifier of a dual eligible at ``index``."""
    out = []
    for place in _MBI_PATTERN:
        if place in "AN":
            index, digit = divmod(index, len(_MBI_LETTERS))
            out.append(_MBI_LETTERS[digit])
        elif place == "9":
            index, digit = divmod(index, 9)
            out.append(str(digit + 1))
        else:
            out.append(place)
    return "".join(out)


def index_of_mbi(text: str) -> int | None:
    """The index that ``mbi`` was made from, or None where the text is not one of its numbers."""
    index, weight = 0, 1
    if len(text) != len(_MBI_PATTERN):
        return None
    for place, char in zip(_MBI_PATTERN, text, strict=True):
        alphabet = {"A": _MBI_LETTERS, "N": _MBI_LETTERS, "9": "123456789"}.get(place, place)
        if char not in alphabet:
            return None
        index += alphabet.index(char) * weight
        weight *= len(alphabet)
    return index


def local_id(prefix: str, index: int, ordinal: int | None = None) -> str:
    """A record id such as ``m0000012`` or ``c0000012-0003``."""
    return f"{prefix}{index:07d}" if ordinal is None else f"{prefix}{index:07d}-{ordinal:04d}"


def index_of(prefix: str, text: str) -> int | None:
    """The member index inside a record id, or None where it is not such an id."""
    body, _, ordinal = text.removeprefix(prefix).partition("-")
    if not text.startswith(prefix) or not (body.isascii() and body.isdigit()) or (ordinal and not ordinal.isdigit()):
        return None
    index = int(body)
    return index if text.startswith(local_id(prefix, index)) else None
