"""What happens to a claim after it was made: denied, paid after another payer, corrected, reversed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from fhir_facade.contracts.codes import CARC, NCPDP_REJECT, RARC, Code
from fhir_facade.contracts.people import Coverage
from fhir_facade.contracts.records import (
    Amount,
    Amounts,
    Claim,
    ClaimKind,
    ClaimLine,
    ClaimStatus,
    OtherPayer,
    PaymentStatus,
    ProcessNote,
)
from fhir_facade_claims_synthetic import money
from fhir_facade_claims_synthetic.desk import Desk

FEE_SCHEDULE = Code(CARC, "45")
NOT_COVERED = Code(CARC, "96")
TOO_LATE = Code(CARC, "29")
OTHER_PAYER = Code(CARC, "22")
REMARK = Code(RARC, "N130")
_RAISED = (Amount.ELIGIBLE, Amount.BENEFIT, Amount.PAID_TO_PROVIDER, Amount.PAID_TO_PATIENT, Amount.DRUG_COST)
"""Amounts that grow when a correction pays more."""
REFILL_TOO_SOON = Code(NCPDP_REJECT, "79")


def priced_anew(claim: Claim, change: Callable[[Amounts], Amounts]) -> Claim:
    """The claim with every set of amounts changed, be they at the header or at the lines."""
    lines = tuple(money.with_amounts(line, change(line.amounts)) if line.amounts else line for line in claim.lines)
    return replace(claim, lines=lines, amounts=change(claim.amounts) if claim.amounts else {})


def deny(claim: Claim, *, member_owes: bool = True) -> Claim:
    """The claim denied as a whole: not covered, and the member owes it; or too late, and the provider bears it."""
    reason = NOT_COVERED if member_owes else TOO_LATE
    text = (
        "This service is not covered by your plan."
        if member_owes
        else "The provider sent this claim too late. You do not have to pay it."
    )
    if claim.kind is ClaimKind.PHARMACY:
        text = "It was too soon to refill this prescription."
    denied = priced_anew(claim, lambda old: money.denied(old[Amount.SUBMITTED], member_owes=member_owes))
    return replace(
        denied,
        lines=tuple(_denied_line(denied, number, reason) for number in range(len(denied.lines))),
        adjustments=(reason, REMARK) if denied.amounts else (),
        payment_status=PaymentStatus.DENIED,
        paid_on=None,
        notes=(ProcessNote(number=1, text=text),),
    )


def _denied_line(claim: Claim, number: int, reason: Code) -> ClaimLine:
    line = claim.lines[number]
    if claim.kind is ClaimKind.PHARMACY:
        return replace(line, denied=True, rejects=(REFILL_TOO_SOON,), note_numbers=(1,))
    if not line.amounts:
        return replace(line, denied=True, note_numbers=(1,))
    return replace(line, denied=True, adjustments=(reason,), note_numbers=(1,))


def after_other_payer(claim: Claim, name: str, coverage: Coverage, per_cent: int) -> Claim:
    """The claim where another carrier paid ``per_cent`` of the benefit first."""

    def share(old: Amounts) -> Amounts:
        paid = (old[Amount.BENEFIT] * per_cent / 100).quantize(Decimal("0.01"))
        left = old[Amount.BENEFIT] - paid
        return {**old, Amount.PRIOR_PAYER_PAID: paid, Amount.BENEFIT: left, Amount.PAID_TO_PROVIDER: left}

    return replace(priced_anew(claim, share), other_payers=(OtherPayer(name=name, coverage_id=coverage.coverage_id),))


def corrected(desk: Desk, claim: Claim) -> tuple[Claim, Claim]:
    """The claim as first paid (now cancelled) and the one that replaced it with a higher payment."""
    return linked(claim, later_version(desk, claim))


def later_version(desk: Desk, claim: Claim) -> Claim:
    """The same services adjudicated again a month later, a quarter of the discount given back."""
    claim_id, claim_number = desk.number()
    again = min(claim.adjudicated_on + timedelta(days=30), desk.world.today)
    return replace(
        priced_anew(claim, _raised),
        claim_id=claim_id,
        claim_number=claim_number,
        adjudicated_on=again,
        paid_on=again,
        last_updated=claim.last_updated + timedelta(days=30, minutes=1),
    )


def linked(old: Claim, new: Claim) -> tuple[Claim, Claim]:
    """``old`` cancelled and replaced by ``new``, each naming the other."""
    return (
        replace(old, status=ClaimStatus.CANCELLED, replaced_by=(new.claim_number,)),
        replace(new, prior_claims=(old.claim_number,)),
    )


def reversal(desk: Desk, claim: Claim) -> tuple[Claim, Claim]:
    """The claim and the one that takes it back: both cancelled, their amounts add up to nothing."""
    again = replace(later_version(desk, claim), lines=claim.lines, amounts=claim.amounts)
    old, new = linked(claim, priced_anew(again, money.reversed_sign))
    return old, replace(new, status=ClaimStatus.CANCELLED)


def _raised(old: Amounts) -> Amounts:
    more = (old.get(Amount.DISCOUNT, money.ZERO) / 4).quantize(Decimal("0.01"))
    raised = dict(old)
    for kind in _RAISED:
        if kind in raised:
            raised[kind] += more
    if more:
        raised[Amount.DISCOUNT] -= more
    return raised
