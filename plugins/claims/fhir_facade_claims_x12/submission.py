"""What a provider billed: one claim of an 837, as far as the provider knows it.

Source: ASC X12N 005010X222 (professional), 005010X223 (institutional), 005010X224 (dental).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.records import CareTeamMember, CareTeamRole, ClaimKind, OtherPayer
from fhir_facade_claims_x12 import billed_codes, billed_lines
from fhir_facade_claims_x12.billed_lines import SubmittedLine
from fhir_facade_claims_x12.cutting import Transaction, Unit
from fhir_facade_claims_x12.loops import Loop, UnfitError, components, day, money, span
from fhir_facade_claims_x12.parties import Directory

_INPATIENT = frozenset({"11", "18", "21", "28", "41", "65", "66", "81", "82", "86"})
"""First two digits of the bill types whose patients lie in."""
_ROLES = {
    "71": CareTeamRole.ATTENDING,
    "72": CareTeamRole.OPERATING,
    "ZZ": CareTeamRole.OTHER_OPERATING,
    "82": CareTeamRole.RENDERING,
    "DN": CareTeamRole.REFERRING,
    "DQ": CareTeamRole.SUPERVISOR,
    "QB": CareTeamRole.PURCHASED_SERVICE,
}
REPLACEMENT, VOID = "7", "8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """One claim as billed.

    ``control`` is the provider's number for the patient's account, by which the remittance comes back; ``original`` the
    payer's number of the claim that this one replaces or voids; ``details`` are fields of ``Claim``.
    """

    kind: ClaimKind
    control: str
    charge: Decimal
    frequency: str
    original: str | None
    first: date | None
    last: date | None
    lines: tuple[SubmittedLine, ...]
    details: dict[str, Any]
    unit: Unit


def read(unit: Unit, directory: Directory) -> Submission:
    """The claim of an 837 unit.

    Raises:
        UnfitError: it cannot be read.
    """
    claim, billing = unit.body.segments[0], unit.context[0].party("85")
    place = (*components(claim, 5), "", "", "")
    control, charge = claim.get(1), money(claim.get(2), "the claim's charge")
    if control is None or charge is None:
        raise UnfitError("the claim has no patient control number or no charge")
    if billing is None:
        raise UnfitError("the claim has no billing provider")
    kind = _kind(unit.kind, place[0])
    head = unit.body.before("LX")
    lines = billed_lines.read(unit, kind, place[0])
    first, last = _statement(head.before("SBR"), lines)
    return Submission(
        kind=kind,
        control=control,
        charge=charge,
        frequency=place[2] or "1",
        original=head.value("REF", "F8"),
        first=first,
        last=last,
        lines=lines,
        details={"billing_provider": directory.party(billing), "care_team": _team(unit.body, head, directory)}
        | _details(kind, unit.body, place, directory),
        unit=unit,
    )


def _kind(transaction: Transaction, bill_type: str) -> ClaimKind:
    if transaction is Transaction.INSTITUTIONAL:
        return ClaimKind.INPATIENT if bill_type in _INPATIENT else ClaimKind.OUTPATIENT
    return ClaimKind.ORAL if transaction is Transaction.DENTAL else ClaimKind.PROFESSIONAL


def _statement(head: Loop, lines: tuple[SubmittedLine, ...]) -> tuple[date | None, date | None]:
    first, last = span(head, "434")
    if first is None:
        first, last = span(head, "472")
    days = [each for line in lines for each in (line.line.service_start, line.line.service_end) if each]
    return first or min(days, default=None), last or max(days, default=None)


def _team(body: Loop, head: Loop, directory: Directory) -> tuple[CareTeamMember, ...]:
    """Everybody whom the claim or one of its lines names, once."""
    found = directory.team(head.before("SBR"), _ROLES)
    for line in body.starting("LX"):
        found += directory.team(line, _ROLES)
    return tuple(dict.fromkeys(found))


def _details(kind: ClaimKind, body: Loop, place: tuple[str, ...], directory: Directory) -> dict[str, Any]:
    head = body.before("LX")
    own = head.before("SBR")
    details: dict[str, Any] = {
        "diagnoses": billed_codes.diagnoses(own),
        "medical_record_number": own.value("REF", "EA"),
        "patient_account_number": head.segments[0].get(1),
        "other_payers": _other_payers(head),
        "transport": billed_codes.transport(own),
        "oral": billed_codes.oral(own, body) if kind is ClaimKind.ORAL else None,
    }
    if facility := own.party("77"):
        details["facility_id"] = directory.party(facility).party_id
    if kind in (ClaimKind.INPATIENT, ClaimKind.OUTPATIENT):
        details |= _institutional(own, place)
    return details


def _institutional(own: Loop, place: tuple[str, ...]) -> dict[str, Any]:
    codes, discharge = own.first("CL1"), own.first("DTP", "096")
    admitted = own.first("DTP", "435")
    statement = span(own, "434")
    ended = codes.get(3) if codes else None
    return {
        "procedures": billed_codes.procedures(own),
        "type_of_bill": f"0{place[0]}{place[2]}" if place[0] and place[2] else None,
        "admission_type": codes.get(1) if codes else None,
        "point_of_origin": codes.get(2) if codes else None,
        "discharge_status": ended,
        "admitted_on": day(admitted.get(3), "the admission date") if admitted else None,
        "discharged_on": statement[1] if discharge or (ended and ended != "30") else None,
    }


def _other_payers(head: Loop) -> tuple[OtherPayer, ...]:
    found = []
    for loop in head.starting("SBR"):
        carrier = loop.first("NM1", "PR")
        if carrier and (named := carrier.get(3)):
            found.append(OtherPayer(name=named))
    return tuple(found)
