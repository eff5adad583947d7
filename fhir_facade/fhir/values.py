"""FHIR values from Python values, checked as they are written: texts, dates, instants, numbers, codes, references.

Everything a source hands over passes one of these functions; what FHIR could not hold raises ``Unfit``. Codings and
concepts are cached and shared between resources: nobody may change them.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any
from uuid import UUID

from fhir_facade.fhir.unfit import Unfit

Json = dict[str, Any]

UCUM = "http://unitsofmeasure.org"
ABSENT_REASON = "http://terminology.hl7.org/CodeSystem/data-absent-reason"

_CODE = re.compile(r"[^\s]+( [^\s]+)*")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:[^\s<>\"{}|\\^`]+")
_OID = re.compile(r"urn:oid:[0-2](\.(0|[1-9][0-9]*))+")

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Controls and half surrogates; tabs, line ends, soft hyphens and direction marks are text."""

_LARGEST = 17
"""FHIR decimals carry up to 18 digits."""
_POSITIVE_INT = 2**31 - 1


def absent(reason: str = "unknown") -> Json:
    """The extension that says why a required value is not there.

    Source: http://hl7.org/fhir/StructureDefinition/data-absent-reason.
    """
    return _ABSENT if reason == "unknown" else _absent(reason)


@lru_cache(maxsize=32)
def _absent(reason: str) -> Json:
    url = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
    return {"extension": [{"url": url, "valueCode": reason}]}


_ABSENT = _absent("unknown")


def text(value: object, what: str) -> str:
    """``value`` as a FHIR string: not blank, no control characters.

    Args:
        value: what the source gave.
        what: its name for the reason ("the organization's name").

    Raises:
        Unfit: it is not text that FHIR can hold.
    """
    if type(value) is not str or not value or value.isspace():
        raise Unfit(f"{what} is blank or not text")
    if not value.isprintable() and _CONTROL.search(value):
        raise Unfit(f"{what} holds control characters")
    return value if value[0] > " " and value[-1] > " " else value.strip()


def day(value: object, what: str) -> str:
    """A ``date`` as FHIR writes it.

    Raises:
        Unfit: it is a text or an instant, not a date.
    """
    if type(value) is not date:
        raise Unfit(f"{what} is not a date")
    return value.isoformat()


@lru_cache(maxsize=4096)
def instant(value: datetime) -> str:
    """An aware instant: no fraction where the source has none, else milli- or microseconds; UTC is ``Z``.

    Raises:
        Unfit: it has no zone.
    """
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise Unfit("last_updated is not an instant with a zone")
    fraction = "seconds" if not value.microsecond else "microseconds" if value.microsecond % 1000 else "milliseconds"
    return value.astimezone(UTC).isoformat(timespec=fraction).replace("+00:00", "Z")


def period(start: date | None, end: date | None, what: str) -> Json | None:
    """A period of days, inclusive at both ends; None where both are unknown.

    Raises:
        Unfit: it ends before it starts.
    """
    if start is None and end is None:
        return None
    result = {}
    if start is not None:
        result["start"] = day(start, what)
    if end is not None:
        result["end"] = day(end, what)
    if start is not None and end is not None and end < start:
        raise Unfit(f"{what} ends before it starts")
    return result


def number(value: object, what: str) -> Decimal:
    """A decimal with the digits of the source.

    Raises:
        Unfit: it is a float or not a number that FHIR can hold.
    """
    if type(value) is not Decimal or not value.is_finite() or not -_LARGEST <= value.adjusted() <= _LARGEST:
        raise Unfit(f"{what} is not a decimal number")
    return value


def whole(value: object, what: str, *, least: int = 0) -> int:
    """A whole number from ``least`` to FHIR's largest.

    Raises:
        Unfit: it is something else.
    """
    if type(value) is not int or not least <= value <= _POSITIVE_INT:
        raise Unfit(f"{what} is not a whole number of {least} or more")
    return value


def money(amount: object, what: str) -> Json:
    """US dollars with the digits of the source."""
    return {"value": number(amount, what), "currency": "USD"}


@lru_cache(maxsize=4096)
def uri(value: str, what: str) -> str:
    """An absolute URI.

    Raises:
        Unfit: it is relative, or its OID or UUID is malformed.
    """
    if type(value) is not str or not _ABSOLUTE.fullmatch(value):
        raise Unfit(f"{what} is not an absolute URI")
    if value.startswith("urn:oid:") and not _OID.fullmatch(value):
        raise Unfit(f"{what} is not an OID")
    if value.startswith("urn:uuid:"):
        try:
            UUID(value[9:])
        except ValueError:
            raise Unfit(f"{what} is not a UUID") from None
    return value


def code_text(value: object, what: str) -> str:
    """The text of a code: no blanks around it, single ones inside.

    Raises:
        Unfit: it is blank or holds other white space.
    """
    if type(value) is not str or not value.isprintable() or not _CODE.fullmatch(value):
        raise Unfit(f"{what} is blank or not a code")
    return value


@lru_cache(maxsize=65536)
def coding(system: str, code: str, version: str | None = None) -> Json:
    """One coding; cached, so never to be changed."""
    result = {"system": uri(system, "a code system")}
    if version is not None:
        result["version"] = text(version, "a code system's version")
    result["code"] = code_text(code, "a code")
    return result


@lru_cache(maxsize=65536)
def concept(system: str, code: str, version: str | None = None, label: str | None = None) -> Json:
    """A concept of one coding; cached, so never to be changed.

    ``label`` becomes ``text``: only a code system's official display may stand in ``coding.display``.
    """
    result: Json = {"coding": [coding(system, code, version)]}
    if label is not None:
        result["text"] = text(label, "a code's display")
    return result


@lru_cache(maxsize=16384)
def reference(resource_type: str, resource_id: str) -> Json:
    """A relative reference; cached, so never to be changed."""
    return {"reference": f"{resource_type}/{resource_id}"}


def quantity(value: object, unit: str | None, what: str) -> Json:
    """A quantity; its unit as plain text, where the source says what it is."""
    result: Json = {"value": number(value, what)}
    if unit is not None:
        result["unit"] = text(unit, f"the unit of {what}")
    return result


def measured(value: object, unit: str, what: str) -> Json:
    """A quantity in a UCUM unit."""
    return {"value": number(value, what), "unit": unit, "system": UCUM, "code": unit}
