"""Who a unit is about. A member is their subscriber number, and for a dependent also birth date and given name.

The key never leaves the source: ids of records are a digest of it, because a record id must not be a number with a
meaning of its own.
"""

from __future__ import annotations

import hashlib

from fhir_facade_claims_x12.cutting import Transaction, Unit
from fhir_facade_claims_x12.loops import Loop, UnfitError

SELF = "18"
SOCIAL_SECURITY = "34"
"""``NM108`` of a Social Security number: never a member number."""


def member_key(unit: Unit) -> str:
    """The key of the member that an 834 or 837 unit is about.

    Raises:
        UnfitError: the unit does not say who the member is.
    """
    if unit.kind is Transaction.ENROLMENT:
        return _enrolled(unit.body)
    _, subscriber, patient = unit.context
    number = subscriber_number(subscriber)
    return number if not patient.segments else _dependent(number, patient, "QC")


def subscriber_number(subscriber: Loop) -> str:
    """The member number of the subscriber of a claim (``NM109``).

    Raises:
        UnfitError: there is none, or it is a Social Security number.
    """
    named = subscriber.first("NM1", "IL")
    number = named.get(9) if named and named.get(8) != SOCIAL_SECURITY else None
    if number is None:
        raise UnfitError("the claim has no member number of the subscriber")
    return number


def enrolled_number(body: Loop) -> str:
    """The subscriber number of an enrolment (``REF`` ``0F``).

    Raises:
        UnfitError: there is none.
    """
    number = body.value("REF", "0F")
    if number is None:
        raise UnfitError("the enrolment has no subscriber number (REF 0F)")
    return number


def record_id(prefix: str, *parts: str) -> str:
    """An id that says nothing: a digest of its parts."""
    return prefix + hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:20]


def _enrolled(body: Loop) -> str:
    number = enrolled_number(body)
    is_subscriber = body.segments[0].get(1) == "Y" or body.segments[0].get(2) == SELF
    return number if is_subscriber else _dependent(number, body, "IL", "74")


def _dependent(number: str, loop: Loop, *roles: str) -> str:
    named, birth = loop.first("NM1", *roles), loop.value("DMG", "D8")
    given = (named.get(4) or "").upper() if named else ""
    if not birth and not given:
        raise UnfitError("the dependent has neither birth date nor name")
    return f"{number}|{birth or ''}|{given}"
