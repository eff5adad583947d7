"""What the payer decided: one claim payment of an 835.

Source: ASC X12N 005010X221 (835), loops 2100 and 2110.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fhir_facade_claims_x12.cutting import Unit
from fhir_facade_claims_x12.loops import Loop, UnfitError, components, day, money, number, span

DENIED, REVERSAL = "4", "22"
NO_PAYMENT = frozenset({"23", "25"})
"""Not this payer's claim; predetermination: nothing was adjudicated."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """One reason why less (or more) than the charge was paid: group (``CO``, ``PR`` …), CARC and amount."""

    group: str
    reason: str
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    """One service as paid."""

    service: tuple[str, ...]
    charge: Decimal
    paid: Decimal
    revenue: str | None
    units: Decimal | None
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[str, ...]
    allowed: Decimal | None
    control: str | None
    first: date | None
    last: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remittance:
    """One claim payment.

    ``control`` is the provider's number for the patient's account, ``number`` the payer's number of the claim.
    ``left_out`` says what of the payment could not be read.
    """

    control: str
    number: str | None
    status: str
    charge: Decimal
    paid: Decimal
    owed: Decimal | None
    adjustments: tuple[Adjustment, ...]
    remarks: tuple[str, ...]
    allowed: Decimal | None
    drg: str | None
    first: date | None
    last: date | None
    received_on: date | None
    adjudicated_on: date
    paid_on: date | None
    lines: tuple[PaidLine, ...]
    left_out: tuple[str, ...]
    unit: Unit


def read(unit: Unit) -> Remittance:
    """The claim payment of an 835 unit.

    Raises:
        UnfitError: it cannot be read.
    """
    header, body = unit.context[0], unit.body
    claim, own = body.segments[0], body.before("SVC")
    charge, paid = money(claim.get(3), "the claim's charge"), money(claim.get(4), "the claim's payment")
    control, status = claim.get(1), claim.get(2)
    if control is None or status is None or charge is None or paid is None:
        raise UnfitError("the payment has no control number, status, charge or amount")
    paid_on, left_out = _paid_on(header)
    lines = tuple(_line(loop) for loop in body.starting("SVC"))
    first, last = _days(own, lines)
    return Remittance(
        control=control,
        number=claim.get(7),
        status=status,
        charge=charge,
        paid=paid,
        owed=money(claim.get(5), "the patient's responsibility"),
        adjustments=tuple(_adjustments(own)),
        remarks=tuple(_claim_remarks(own)),
        allowed=money(own.value("AMT", "AU"), "the amount covered"),
        drg=claim.get(11),
        first=first,
        last=last,
        received_on=span(own, "050", segment="DTM")[0],
        adjudicated_on=span(header, "405", segment="DTM")[0] or paid_on or unit.created.date(),
        paid_on=paid_on,
        lines=lines,
        left_out=left_out,
        unit=unit,
    )


def _paid_on(header: Loop) -> tuple[date | None, tuple[str, ...]]:
    """The day of payment, and what is wrong with it: the last of ``BPR``, from which some senders leave out others."""
    payment = header.first("BPR")
    last = payment.elements[-1].strip() if payment else ""
    if len(last) != 8:
        return None, ()
    try:
        return day(last, "the payment date (BPR)"), ()
    except UnfitError as error:
        return None, (f"{error}; it was left out",)


def _days(own: Loop, lines: tuple[PaidLine, ...]) -> tuple[date | None, date | None]:
    """First and last day of service, from the lines where the claim does not say them."""
    first, _ = span(own, "232", "150", "472", segment="DTM")
    last, _ = span(own, "233", "151", segment="DTM")
    days = sorted(each for line in lines for each in (line.first, line.last) if each)
    return first or (days[0] if days else None), last or first or (days[-1] if days else None)


def _line(loop: Loop) -> PaidLine:
    paid_line = loop.segments[0]
    charge, paid = money(paid_line.get(2), "a line's charge"), money(paid_line.get(3), "a line's payment")
    if charge is None or paid is None:
        raise UnfitError("a paid line has no charge or no amount")
    first, last = span(loop, "472", "150", segment="DTM")
    revenue = paid_line.get(4)
    return PaidLine(
        service=components(paid_line, 1),
        charge=charge,
        paid=paid,
        revenue=revenue.zfill(4) if revenue else None,
        units=number(paid_line.get(5), "units paid"),
        adjustments=tuple(_adjustments(loop)),
        remarks=tuple(code for code in (each.get(2) for each in loop.all("LQ", "HE")) if code),
        allowed=money(loop.value("AMT", "B6"), "the allowed amount"),
        control=loop.value("REF", "6R"),
        first=first,
        last=span(loop, "151", segment="DTM")[0] or last,
    )


def _adjustments(loop: Loop) -> Iterator[Adjustment]:
    """``CAS``: a group, then up to six times reason, amount, quantity."""
    for segment in loop.all("CAS"):
        for place in range(2, len(segment.elements), 3):
            reason = segment.get(place)
            amount = money(segment.get(place + 1), "an adjustment")
            if reason and amount is not None:
                yield Adjustment(segment.get(1) or "OA", reason, amount)


def _claim_remarks(own: Loop) -> Iterator[str]:
    """Remark codes of the whole claim: ``MIA`` and ``MOA``."""
    for name, places in (("MIA", (5, 20, 21, 22, 23)), ("MOA", (3, 4, 5, 6, 7))):
        for segment in own.all(name):
            yield from (code for code in (segment.get(place) for place in places) if code)
