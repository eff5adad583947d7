"""One claim out of what was billed and what was decided."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.codes import CARC, RARC, Code
from fhir_facade.contracts.people import Coverage, Identifier, SourcePosition
from fhir_facade.contracts.records import (
    Amount,
    CareTeamRole,
    Claim,
    ClaimKind,
    ClaimLine,
    ClaimStatus,
    NetworkStatus,
    Payee,
    PaymentStatus,
)
from fhir_facade_claims_x12.amounts import ZERO, adjudicated, local
from fhir_facade_claims_x12.billed_codes import modifier, service
from fhir_facade_claims_x12.billed_lines import SubmittedLine
from fhir_facade_claims_x12.enrolment import cover_on
from fhir_facade_claims_x12.loops import UnfitError
from fhir_facade_claims_x12.member_keys import record_id
from fhir_facade_claims_x12.remittance import DENIED, Adjustment, PaidLine
from fhir_facade_claims_x12.settings import X12Settings
from fhir_facade_claims_x12.versions import Version

_INSTITUTIONAL = (ClaimKind.INPATIENT, ClaimKind.OUTPATIENT)


def claim(version: Version, coverages: tuple[Coverage, ...], settings: X12Settings, file: str) -> Claim:
    """The claim of one payment.

    Raises:
        UnfitError: it has no date of service.
    """
    billed, paid = version.submission, version.remittance
    first = billed.first or paid.first
    if first is None:
        raise UnfitError("the claim has no date of service")
    cover = cover_on(coverages, first)
    network = NetworkStatus(settings.network) if settings.network else None
    at_lines = bool(paid.lines) or billed.kind not in _INSTITUTIONAL
    totals = _totals(version)
    return Claim(
        claim_id=record_id("c-", cover.member_id, version.name),
        member_id=cover.member_id,
        kind=billed.kind,
        claim_number=_named(version, settings),
        other_identifiers=(Identifier(system="urn:x12:patient-control-number", value=billed.control),),
        status=ClaimStatus.CANCELLED if version.cancelled else ClaimStatus.ACTIVE,
        prior_claims=(_named(version.prior, settings),) if version.prior else (),
        replaced_by=(_named(version.successor, settings),) if version.successor else (),
        last_updated=(version.successor or version).remittance.unit.created,
        adjudicated_on=paid.adjudicated_on,
        received_on=paid.received_on,
        paid_on=paid.paid_on if paid.status != DENIED else None,
        payment_status=_payment_status(version),
        service_start=first,
        service_end=billed.last or paid.last,
        payer_id="payer",
        coverage_id=cover.coverage_id,
        payee=Payee(kind="provider", party=billed.details["billing_provider"]),
        lines=_lines(version, network),
        amounts={} if at_lines else totals,
        totals=totals,
        adjustments=_codes(paid.adjustments, paid.remarks) if billed.kind in _INSTITUTIONAL else (),
        local_amounts=local(paid.adjustments),
        billing_network=network,
        rendering_network=network if _has_rendering(billed.details) or billed.kind is ClaimKind.ORAL else None,
        benefit_payment=network,
        position=SourcePosition(file=file, line=f"segment {paid.unit.first}"),
        **billed.details,
    )


def _named(version: Version, settings: X12Settings) -> Identifier:
    return Identifier(system=settings.claim_system, value=version.name)


def _has_rendering(details: dict[str, Any]) -> bool:
    return any(each.role is CareTeamRole.RENDERING for each in details["care_team"])


def _payment_status(version: Version) -> PaymentStatus:
    paid = version.remittance
    if paid.status == DENIED:
        return PaymentStatus.DENIED
    some_denied = any(_is_denied(line) for line in paid.lines)
    return PaymentStatus.PARTIALLY_PAID if some_denied and paid.paid else PaymentStatus.PAID


def _is_denied(line: PaidLine) -> bool:
    return line.paid == 0 and adjudicated(line.charge, line.paid, line.adjustments, line.allowed)[Amount.ELIGIBLE] == 0


def _totals(version: Version) -> dict[Amount, Decimal]:
    """Totals of the claim: adjustments of the claim and of its lines together."""
    paid = version.remittance
    everything = [*paid.adjustments, *(each for line in paid.lines for each in line.adjustments)]
    totals = adjudicated(paid.charge, paid.paid, everything, None if paid.lines else paid.allowed)
    if paid.lines:
        of_lines = [adjudicated(line.charge, line.paid, line.adjustments, line.allowed) for line in paid.lines]
        of_claim = adjudicated(ZERO, ZERO, paid.adjustments)
        totals[Amount.ELIGIBLE] = sum((each[Amount.ELIGIBLE] for each in of_lines), of_claim[Amount.ELIGIBLE])
    return totals


def _lines(version: Version, network: NetworkStatus | None) -> tuple[ClaimLine, ...]:
    """Billed lines with what was decided about them, then those that the payer added."""
    paid = version.remittance
    whole = () if version.submission.kind in _INSTITUTIONAL else _codes(paid.adjustments, paid.remarks)
    denied = paid.status == DENIED
    left = list(paid.lines)
    lines = []
    for billed in version.submission.lines:
        found = _answer(billed, left)
        if found:
            left.remove(found)
        lines.append(_decided(version, billed, found, whole, denied=denied))
    last = max(line.number for line in lines)
    lines += [_added(version, each, last + place, whole) for place, each in enumerate(left, 1)]
    return tuple(replace(line, benefit_payment=network) for line in lines)


def _answer(billed: SubmittedLine, paid: list[PaidLine]) -> PaidLine | None:
    """The paid line of a billed one: by its control number, else by service and charge."""
    if billed.control:
        for each in paid:
            if each.control == billed.control:
                return each
    same = [each for each in paid if each.control is None and _is_service(billed.line, each)]
    of_charge = [each for each in same if each.charge == billed.charge]
    return next(iter(of_charge or same), None)


def _is_service(line: ClaimLine, paid: PaidLine) -> bool:
    """Whether a paid line is for the service of a billed one; without a service code its revenue code says so."""
    code = paid.service[1] if len(paid.service) > 1 else None
    if line.procedure:
        return code == line.procedure.value
    return line.revenue is not None and line.revenue in (paid.revenue, code and code.zfill(4))


def _decided(
    version: Version, billed: SubmittedLine, paid: PaidLine | None, whole: tuple[Code, ...], *, denied: bool
) -> ClaimLine:
    if paid is None:
        at_header = version.submission.kind in _INSTITUTIONAL and not version.remittance.lines
        stated = {} if at_header else {Amount.SUBMITTED: billed.charge}
        return replace(billed.line, amounts=stated, adjustments=whole, denied=denied)
    return replace(
        billed.line,
        amounts=adjudicated(paid.charge, paid.paid, paid.adjustments, paid.allowed),
        allowed_units=paid.units,
        adjustments=_codes(paid.adjustments, paid.remarks) + whole,
        local_amounts=local(paid.adjustments),
        denied=denied or _is_denied(paid),
    )


def _added(version: Version, paid: PaidLine, number: int, whole: tuple[Code, ...]) -> ClaimLine:
    """A line that was not billed so: the payer bundled or split services."""
    like = version.submission.lines[0].line
    named = paid.service
    return ClaimLine(
        number=number,
        service_start=paid.first or like.service_start,
        service_end=paid.last,
        place_of_service=like.place_of_service,
        revenue=paid.revenue or (named[1] if len(named) > 1 and named[0] == "NU" else like.revenue),
        procedure=service(named[0], named[1]) if len(named) > 1 else None,
        modifiers=tuple(modifier(each) for each in named[2:6] if each),
        amounts=adjudicated(paid.charge, paid.paid, paid.adjustments, paid.allowed),
        allowed_units=paid.units,
        adjustments=_codes(paid.adjustments, paid.remarks) + whole,
        local_amounts=local(paid.adjustments),
        denied=_is_denied(paid),
    )


def _codes(adjustments: Iterable[Adjustment], remarks: Iterable[str]) -> tuple[Code, ...]:
    reasons = [Code(CARC, each.reason) for each in adjustments]
    return tuple(dict.fromkeys([*reasons, *(Code(RARC, each) for each in remarks)]))
