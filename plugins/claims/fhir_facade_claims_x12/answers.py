"""Whether a payment is for a claim. Control numbers are the providers' own: two members can have the same one."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fhir_facade_claims_x12.cutting import Unit
from fhir_facade_claims_x12.loops import Loop, UnfitError, money
from fhir_facade_claims_x12.member_keys import SOCIAL_SECURITY, subscriber_number
from fhir_facade_claims_x12.reader import Segment
from fhir_facade_claims_x12.submission import Submission

_PAYEE = ("XX", "FI")


def answers(payment: Unit, submissions: Iterable[Submission]) -> bool:
    """Whether the payment is for one of the claims, which are of one member and control number.

    The insured's number must be the member's where the payment has one, the patient's initial must be the same, and
    the provider or the charge. A payment without the insured's number needs both provider and charge.
    """
    return any(_answers(payment, each) for each in submissions)


def _answers(payment: Unit, submission: Submission) -> bool:
    insured = _insured(payment.body)
    provider = bool(_payees(payment.context[0]) & _billing(submission.unit.context[0]))
    charge = _charge(payment.body) == submission.charge
    if _initial(payment.body.first("NM1", "QC")) not in ("", _initial(_patient(submission.unit))):
        return False
    if insured is None:
        return provider and charge
    return insured == subscriber_number(submission.unit.context[1]).upper() and (provider or charge)


def _insured(body: Loop) -> str | None:
    """The number of the insured, else of the patient."""
    for role in ("IL", "QC"):
        named = body.first("NM1", role)
        if named and named.get(9) and named.get(8) != SOCIAL_SECURITY:
            return (named.get(9) or "").upper()
    return None


def _payees(header: Loop) -> set[str]:
    payee = header.first("N1", "PE")
    numbers = {payee.get(4)} if payee and payee.get(3) in _PAYEE else set()
    return {each for each in (*numbers, header.value("REF", "TJ")) if each}


def _billing(loop: Loop) -> set[str]:
    named = loop.first("NM1", "85")
    return {each for each in (named.get(9) if named else None, loop.value("REF", "EI")) if each}


def _charge(body: Loop) -> Decimal | None:
    try:
        charge = money(body.segments[0].get(3), "the claim's charge")
    except UnfitError:
        return None
    return abs(charge) if charge is not None else None


def _patient(unit: Unit) -> Segment | None:
    _, subscriber, patient = unit.context
    return patient.first("NM1", "QC") if patient.segments else subscriber.first("NM1", "IL")


def _initial(named: Segment | None) -> str:
    return (named.get(4) or "")[:1].upper() if named else ""
