"""Adjustments of a remittance as the amounts an explanation of benefits states.

By the balance that every 835 keeps: charge − all adjustments = paid. Patient responsibility is deductible (reason 1),
coinsurance (2), copay (3) or otherwise not covered; reason 23 is what other payers did before; the rest is written off.

Source: ASC X12N 005010X221 section 1.10.2 (balancing); group codes CO, CR, OA, PI, PR.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from fhir_facade.contracts.codes import Code
from fhir_facade.contracts.parts import LocalAmount
from fhir_facade.contracts.records import Amount
from fhir_facade_claims_x12.remittance import Adjustment

ADJUSTMENT = "urn:x12:claim-adjustment"
"""System of the payer's own amounts: group and reason of an adjustment, such as ``CO-45``."""

ZERO = Decimal("0.00")
_PATIENT = {"1": Amount.DEDUCTIBLE, "2": Amount.COINSURANCE, "3": Amount.COPAY}
_OWED = (Amount.DEDUCTIBLE, Amount.COINSURANCE, Amount.COPAY, Amount.NONCOVERED)


def adjudicated(
    charge: Decimal, paid: Decimal, adjustments: Iterable[Adjustment], allowed: Decimal | None = None
) -> dict[Amount, Decimal]:
    """All amounts of a line or a claim.

    Args:
        charge: what was asked, US dollars.
        paid: what the payer paid.
        adjustments: why they differ.
        allowed: the allowed amount where the payer states it; otherwise it follows from the adjustments.
    """
    sums: dict[Amount, Decimal] = {}
    for each in adjustments:
        kind = _meaning(each)
        sums[kind] = sums.get(kind, ZERO) + each.amount
    written_off = sums.get(Amount.DISCOUNT, ZERO) + sums.get(Amount.NONCOVERED, ZERO)
    return {
        Amount.SUBMITTED: charge,
        **sums,
        Amount.ELIGIBLE: charge - written_off if allowed is None else allowed,
        Amount.MEMBER_LIABILITY: sum((sums.get(kind, ZERO) for kind in _OWED), ZERO),
        Amount.BENEFIT: paid,
        Amount.PAID_TO_PROVIDER: paid,
    }


def local(adjustments: Iterable[Adjustment]) -> tuple[LocalAmount, ...]:
    """Each adjustment with its group, reason and amount, as the remittance has it."""
    return tuple(
        LocalAmount(category=Code(ADJUSTMENT, f"{each.group}-{each.reason}"), amount=each.amount)
        for each in adjustments
    )


def _meaning(adjustment: Adjustment) -> Amount:
    if adjustment.reason == "23":
        return Amount.PRIOR_PAYER_PAID
    if adjustment.group == "PR":
        return _PATIENT.get(adjustment.reason, Amount.NONCOVERED)
    return Amount.DISCOUNT
