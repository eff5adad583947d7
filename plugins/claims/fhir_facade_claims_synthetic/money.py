"""Amounts that add up.

eligible = submitted − noncovered − discount; member liability = deductible + coinsurance + copay + noncovered;
benefit = eligible − deductible − coinsurance − copay − what other payers paid.

Source: CARIN Blue Button, "Common Payer Consumer Data Set", general guidance on amounts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from fhir_facade.contracts.records import Amount, Amounts, ClaimLine

ZERO = Decimal("0.00")


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a line costs and who bears it; everything else follows."""

    submitted: Decimal
    allowed: Decimal
    deductible: Decimal = ZERO
    coinsurance: Decimal = ZERO
    copay: Decimal = ZERO
    noncovered: Decimal = ZERO
    prior_payer: Decimal = ZERO
    to_patient: bool = False


_ALWAYS = (Amount.SUBMITTED, Amount.ELIGIBLE, Amount.COPAY, Amount.MEMBER_LIABILITY, Amount.BENEFIT)


def amounts(price: Price) -> Amounts:
    """All amounts of a price; those that are zero only where a member looks for them."""
    benefit = price.allowed - price.deductible - price.coinsurance - price.copay - price.prior_payer
    everything = {
        Amount.SUBMITTED: price.submitted,
        Amount.DISCOUNT: price.submitted - price.noncovered - price.allowed,
        Amount.NONCOVERED: price.noncovered,
        Amount.ELIGIBLE: price.allowed,
        Amount.DEDUCTIBLE: price.deductible,
        Amount.COINSURANCE: price.coinsurance,
        Amount.COPAY: price.copay,
        Amount.MEMBER_LIABILITY: price.deductible + price.coinsurance + price.copay + price.noncovered,
        Amount.PRIOR_PAYER_PAID: price.prior_payer,
        Amount.BENEFIT: benefit,
        Amount.PAID_TO_PATIENT if price.to_patient else Amount.PAID_TO_PROVIDER: benefit,
    }
    return {kind: value for kind, value in everything.items() if value or kind in _ALWAYS}


def denied(submitted: Decimal, *, member_owes: bool) -> Amounts:
    """Amounts of a denied line: the member owes a service that is not covered, the provider writes off the rest."""
    return amounts(Price(submitted=submitted, allowed=ZERO, noncovered=submitted if member_owes else ZERO))


def added(several: Iterable[Amounts]) -> Amounts:
    """The sum of several lines, kind by kind."""
    sums: dict[Amount, Decimal] = {}
    for each in several:
        for kind, value in each.items():
            sums[kind] = sums.get(kind, ZERO) + value
    return sums


def reversed_sign(of: Amounts) -> Amounts:
    """The amounts of a reversal."""
    return {kind: -value for kind, value in of.items()}


def with_amounts(line: ClaimLine, priced: Amounts) -> ClaimLine:
    """The line with these amounts."""
    return replace(line, amounts=priced)
