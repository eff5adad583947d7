"""Column values → the plain values of record fields. What cannot be converted says so in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from functools import lru_cache, partial
from typing import Any, NamedTuple

from fhir_facade.contracts import codes
from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.people import Identifier
from fhir_facade_claims_sql.spec import Row, Spec

Absent = frozenset[str]
Converter = Callable[[Spec, Row, Absent], Any]


@dataclass(frozen=True, slots=True)
class Alone:
    """A converter to which a field's own value says everything; other converters look at further columns.

    Args:
        of: makes the record's value of what the field holds.
    """

    of: Callable[[Spec, Any], Any]

    def __call__(self, spec: Spec, row: Row, absent: Absent) -> Any:
        """The record's value; None where the row says nothing."""
        value = spec.read(row, absent)
        return None if value is None else self.of(spec, value)


SYSTEMS: dict[str, str] = {
    "icd-10-cm": codes.ICD_10_CM,
    "icd-9-cm": codes.ICD_9_CM,
    "icd-10-pcs": codes.ICD_10_PCS,
    "icd-9-pcs": codes.ICD_9_CM,
    "cpt": codes.CPT,
    "hcpcs": codes.HCPCS,
    "hipps": codes.HIPPS,
    "cdt": codes.CDT,
    "ndc": codes.NDC,
    "ms-drg": codes.MS_DRG,
    "ap-drg": codes.AP_DRG,
    "apr-drg": codes.APR_DRG,
    "carc": codes.CARC,
    "rarc": codes.RARC,
    "ncpdp-reject": codes.NCPDP_REJECT,
    "tooth-number": codes.TOOTH_NUMBER,
    "oral-area": codes.ORAL_AREA,
    "tooth-surface": codes.TOOTH_SURFACE,
    "race-ethnicity": codes.RACE_ETHNICITY,
    "payer-type": codes.PAYER_TYPE,
    "role-code": codes.ROLE_CODE,
}
"""Short names that a mapping may write instead of the URI of a code system."""

FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_HCPCS_LEVEL_2 = re.compile(r"[A-V]\d{4}")
_CDT = re.compile(r"D\d{4}")
_CENT = Decimal("0.01")
_MOST_DIGITS = 18
"""Digits before the point that a number may have, and zeros after it."""

_KEPT = 1_024
"""Texts of one column of which is kept what was made of them."""


class UnfitError(ValueError):
    """A value that its field cannot hold; the message names the column, never the value of an identifier."""


def identifier_text(spec: Spec, value: Any) -> str:
    """An id of FHIR syntax.

    Raises:
        UnfitError: it has other characters, or is too long.
    """
    text = spec.prefix + (str(value).encode().hex() if spec.encode == "hex" else str(value))
    if not FHIR_ID.fullmatch(text):
        raise UnfitError(f'{_name(spec)} is no id (1–64 of A–Z a–z 0–9 - .); write encode = "hex" in the mapping')
    return text


@Alone
def to_id(spec: Spec, value: Any) -> str:
    """An id."""
    return identifier_text(spec, value)


@Alone
def to_text(spec: Spec, value: Any) -> str | None:
    """Text without surrounding blanks."""
    return str(value).strip() or None


@Alone
def to_date(spec: Spec, value: Any) -> date:
    """A date; a date-time gives its day."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        text = str(value)
        return datetime.strptime(text, spec.format).date() if spec.format else date.fromisoformat(text[:10])  # noqa: DTZ007 - a date has no zone
    except ValueError as error:
        raise UnfitError(f"{_name(spec)} is not a date: {str(value)[:20]!r}") from error


@Alone
def to_instant(spec: Spec, value: Any) -> datetime:
    """An instant; without a zone it is taken as UTC, a date as its midnight."""
    if isinstance(value, date) and not isinstance(value, datetime):
        value = datetime.combine(value, time())
    if not isinstance(value, datetime):
        value = _parsed_instant(spec, str(value))
    moment: datetime = value
    try:
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except OverflowError as error:
        raise UnfitError(f"{_name(spec)} is not an instant: {str(value)[:32]!r}") from error


def _parsed_instant(spec: Spec, text: str) -> datetime:
    try:
        return datetime.strptime(text, spec.format) if spec.format else datetime.fromisoformat(text)  # noqa: DTZ007 - the zone is added by the caller
    except ValueError as error:
        raise UnfitError(f"{_name(spec)} is not an instant: {text[:32]!r}") from error


def decimal_of(spec: Spec, value: Any) -> Decimal | None:
    """A number with the digits of the source; None for what says itself that it is none (NaN).

    Raises:
        UnfitError: it is no number, or one that no claim holds.
    """
    number = value if isinstance(value, Decimal) else _parsed_number(spec, str(value).strip())
    if number.is_nan():
        return None
    if number.is_infinite() or number.adjusted() >= _MOST_DIGITS or (number and number.adjusted() < -_MOST_DIGITS):
        raise UnfitError(f"{_name(spec)} is beyond what a claim can hold: {str(value)[:20]!r}")
    return number


def _parsed_number(spec: Spec, text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise UnfitError(f"{_name(spec)} is not a number: {text[:20]!r}") from error


@Alone
def to_quantity(spec: Spec, value: Any) -> Decimal | None:
    """A number of units; a whole number kept as 4.0 or 4.00 in a numeric column is written 4."""
    number = decimal_of(spec, value)
    if number is None or number != number.to_integral_value():
        return number
    return number.quantize(Decimal(1))


@Alone
def to_money(spec: Spec, value: Any) -> Decimal | None:
    """US dollars with two decimals.

    Raises:
        UnfitError: there are fractions of a cent.
    """
    number = decimal_of(spec, value)
    if number is None:
        return None
    cents = number.quantize(_CENT)
    if cents != number:
        raise UnfitError(f"{_name(spec)} has fractions of a cent: {number}")
    return cents


@Alone
def to_whole(spec: Spec, value: Any) -> int | None:
    """A whole number."""
    number = decimal_of(spec, value)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise UnfitError(f"{_name(spec)} is not a whole number: {number}")
    return int(number)


@Alone
def to_flag(spec: Spec, value: Any) -> bool:
    """True or false, from what databases keep instead."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in {"1", "t", "true", "y", "yes"}:
        return True
    if word in {"0", "f", "false", "n", "no"}:
        return False
    raise UnfitError(f"{_name(spec)} is neither true nor false: {word[:20]!r}")


def to_word(words: type[StrEnum]) -> Converter:
    """One of a closed list."""

    def convert(spec: Spec, value: Any) -> StrEnum:
        try:
            return words(str(value))
        except ValueError as error:
            known = ", ".join(words)
            raise UnfitError(
                f"{_name(spec)} must be one of {known}, not {str(value)[:20]!r}; map it with values"
            ) from error

    return Alone(convert)


def to_code(spec: Spec, row: Row, absent: Absent) -> Code | None:
    """A code with its system."""
    value = spec.read(row, absent)
    if value is None:
        return None
    text = str(value).strip()
    version = to_text(spec.version, row, absent) if spec.version else None
    return Code(_system(spec, row, absent, text), text, version) if text else None


def _system(spec: Spec, row: Row, absent: Absent, code: str) -> str:
    named = to_text(spec.system, row, absent) if spec.system else None
    if named is None:
        raise UnfitError(f"{_name(spec)} has a code without a code system; name it with system")
    if named == "procedure":
        named = "cdt" if _CDT.fullmatch(code) else "hcpcs" if _HCPCS_LEVEL_2.fullmatch(code) else "cpt"
    if named == "modifier":
        named = "cpt" if code.isdigit() else "hcpcs"
    return SYSTEMS.get(named, named)


def to_codes(spec: Spec, row: Row, absent: Absent) -> tuple[Code, ...]:
    """Codes of repeated columns, or of one column that holds several separated by blanks or commas."""
    return tuple(code for one in spec.each or (spec,) if (code := to_code(one, row, absent)))


def to_identifier(spec: Spec, row: Row, absent: Absent) -> Identifier | None:
    """A business identifier with its system."""
    value = to_text(spec, row, absent)
    system = to_text(spec.system, row, absent) if spec.system else None
    return None if value is None else Identifier(system=system, value=value)


class Quick(NamedTuple):
    """What makes a field of its one column's value: of a filled text without blanks around it, and of anything else."""

    text: Callable[[str], Any]
    other: Callable[[Any], Any]


def quick(convert: Converter, spec: Spec) -> Quick | None:
    """The quick way to a field; None where the row has more to say than the one column.

    Texts of a vocabulary come again and again: what was made of them is kept.
    """
    parts = [part for part in (spec.system, spec.version) if part is not None]
    if len(spec.columns) != 1 or spec.repeat or any(part.constant is None for part in parts):
        return None
    made = _of_its_own(convert.of, spec) if isinstance(convert, Alone) else _of_its_row(convert, spec)
    if convert is to_text and spec.values is None:
        return Quick(str, made)
    return Quick(made if convert in (to_id, to_text, to_identifier) else lru_cache(_KEPT)(made), made)


def _of_its_own(own: Callable[[Spec, Any], Any], spec: Spec) -> Callable[[Any], Any]:
    if spec.values is None:
        return partial(own, spec)
    (column,) = spec.columns
    return lambda value: None if (known := spec.known(value, column)) is None else own(spec, known)


def _of_its_row(convert: Converter, spec: Spec) -> Callable[[Any], Any]:
    (column,) = spec.columns
    return lambda value: convert(spec, {column: value}, frozenset()) or None


def _name(spec: Spec) -> str:
    return " or ".join(spec.columns) or "the constant"
