"""Adjudications that are not money: network and payment status, adjustment reasons, allowed units."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache

from fhir_facade.contracts.codes import CARC, NCPDP_REJECT, RARC, Code
from fhir_facade.contracts.records import Claim, NetworkStatus, PaymentStatus
from fhir_facade.fhir.eob.draft import Draft
from fhir_facade.fhir.guide import CARIN
from fhir_facade.fhir.unfit import Unfit
from fhir_facade.fhir.values import Json, coding, concept, number

_CATEGORY = f"{CARIN}/CodeSystem/C4BBAdjudicationDiscriminator"
_STATUS = f"{CARIN}/CodeSystem/C4BBPayerAdjudicationStatus"
_NETWORKS = frozenset({NetworkStatus.IN_NETWORK, NetworkStatus.OUT_OF_NETWORK})
_REASONS = frozenset({CARC, RARC})


def network(category: str, status: NetworkStatus | None) -> list[Json]:
    """``billingnetworkstatus`` or ``renderingnetworkstatus`` [101]; nothing where it is unknown.

    Raises:
        Unfit: the status is neither in nor out of network.
    """
    if status is None:
        return []
    if status not in _NETWORKS:
        raise Unfit(f"{category} is neither innetwork nor outofnetwork")
    return [_status(category, status)]


def claim_payment_status(claim: Claim) -> NetworkStatus:
    """How benefits of the whole claim were paid [142]: as stated, else what all lines say, else ``other``.

    ``other`` is the guide's code for mixed lines and for where a network does not apply.
    """
    if claim.benefit_payment is not None:
        return claim.benefit_payment
    said = {line.benefit_payment for line in claim.lines}
    only = said.pop()
    return only if not said and only is not None else NetworkStatus.OTHER


@cache
def payment(status: NetworkStatus) -> Json:
    """``benefitpaymentstatus`` [142]; cached, so never to be changed."""
    return _status("benefitpaymentstatus", NetworkStatus(status))


def _status(category: str, status: NetworkStatus) -> Json:
    return {"category": concept(_CATEGORY, category), "reason": concept(_STATUS, status.value)}


def payment_type(status: PaymentStatus) -> Json:
    """``payment.type`` [91]."""
    return concept(_STATUS, PaymentStatus(status).value)


def adjustments(codes: Sequence[Code]) -> list[Json]:
    """One ``adjustmentreason`` per CARC or RARC code [92]."""
    return [
        {"category": concept(_CATEGORY, "adjustmentreason"), "reason": concept(code.system, code.value)}
        for code in dict.fromkeys(codes)
        if _bound(code, _REASONS, "an adjustment reason is neither a CARC nor a RARC code")
    ]


def line_reasons(draft: Draft, category: str, codes: Sequence[Code]) -> list[Json]:
    """``adjustmentreason`` or ``rejectreason`` of a line; a guide that allows one holds all codes in it."""
    if not codes:
        return []
    systems = _REASONS if category == "adjustmentreason" else frozenset({NCPDP_REJECT})
    codes = [
        code for code in dict.fromkeys(codes) if _bound(code, systems, f"a code of {category} is of another system")
    ]
    if draft.guide.many_line_reasons or len(codes) < 2:
        reasons = [concept(code.system, code.value) for code in codes]
    else:
        reasons = [{"coding": [coding(code.system, code.value) for code in codes]}]
    return [{"category": concept(_CATEGORY, category), "reason": reason} for reason in reasons]


def _bound(code: Code, systems: frozenset[str], fault: str) -> bool:
    if code.system not in systems:
        raise Unfit(fault)
    return True


def allowed_units(units: Decimal | None) -> list[Json]:
    """Units the payer allowed [149]."""
    if units is None:
        return []
    return [{"category": concept(_CATEGORY, "allowedunits"), "value": number(units, "allowed units")}]
