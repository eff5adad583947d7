"""Service lines of a billed claim: ``SV1`` (professional), ``SV2`` (institutional), ``SV3`` (dental).

Source: ASC X12N 005010X222, X223, X224, loop 2400.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from fhir_facade.contracts.codes import NDC, ORAL_AREA, TOOTH_NUMBER, TOOTH_SURFACE, Code
from fhir_facade.contracts.records import ClaimKind, ClaimLine
from fhir_facade_claims_x12.billed_codes import modifier, service
from fhir_facade_claims_x12.cutting import Unit
from fhir_facade_claims_x12.loops import Loop, UnfitError, components, money, number, span
from fhir_facade_claims_x12.reader import Segment

_MINUTES = {"MJ": "min"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmittedLine:
    """One service line: what was asked for it, and the number by which the remittance may name it."""

    line: ClaimLine
    charge: Decimal
    control: str | None


def read(unit: Unit, kind: ClaimKind, place: str) -> tuple[SubmittedLine, ...]:
    """The lines of a claim, in its order.

    Args:
        unit: the claim.
        kind: what the claim is.
        place: where its services were given, if a line does not say it: a place of service, or the bill type.

    Raises:
        UnfitError: there is no line, or one has no charge or no service.
    """
    loops = list(unit.body.starting("LX"))
    if not loops:
        raise UnfitError("the claim has no service line")
    statement = span(unit.body.before("LX", "SBR"), "434", "472")
    transported = unit.body.before("LX").first("CR1") is not None
    return tuple(
        _line(loop, position, kind, _Claim(place, statement, transported)) for position, loop in enumerate(loops, 1)
    )


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a line takes over from its claim."""

    place: str
    statement: tuple[Any, Any]
    transported: bool


def _line(loop: Loop, position: int, kind: ClaimKind, claim: _Claim) -> SubmittedLine:
    billed = loop.first("SV1") or loop.first("SV2") or loop.first("SV3")
    if billed is None:
        raise UnfitError(f"service line {position} has no service")
    charge_place, cells = {"SV1": _professional, "SV2": _institutional, "SV3": _dental}[billed.name](
        billed, loop, claim
    )
    charge = money(billed.get(charge_place), f"the charge of line {position}")
    if charge is None:
        raise UnfitError(f"service line {position} has no charge")
    first, last = span(loop, "472")
    if first is None and kind is not ClaimKind.INPATIENT:
        first, last = claim.statement
    assigned = loop.segments[0].get(1) or ""
    line = ClaimLine(
        number=int(assigned) if assigned.isdecimal() and len(assigned) < 7 else position,
        service_start=first,
        service_end=last,
        **cells | _drug(loop),
    )
    return SubmittedLine(line=line, charge=charge, control=loop.value("REF", "6R"))


Cells = tuple[int, dict[str, Any]]
"""The element that holds the charge, and fields of ``ClaimLine``."""


def _professional(billed: Segment, _loop: Loop, claim: _Claim) -> Cells:
    place = billed.get(5) or claim.place
    return 2, _service(billed, 1) | _units(billed, 3, 4) | {"place_of_service": place, "transport": claim.transported}


def _institutional(billed: Segment, _loop: Loop, _claim: _Claim) -> Cells:
    revenue = billed.get(1)
    return 3, _service(billed, 2) | _units(billed, 4, 5) | {"revenue": revenue.zfill(4) if revenue else None}


def _dental(billed: Segment, loop: Loop, claim: _Claim) -> Cells:
    teeth = [each for each in loop.all("TOO", "JP") if each.get(2)]
    sites = [Code(TOOTH_NUMBER, each.get(2) or "") for each in teeth]
    sites += [Code(ORAL_AREA, area) for area in billed.parts(4) if area]
    surfaces = tuple(Code(TOOTH_SURFACE, letter) for letter in teeth[0].parts(3) if letter) if teeth else ()
    cells: dict[str, Any] = {
        "place_of_service": (components(billed, 3) or (claim.place,))[0] or claim.place,
        "units": number(billed.get(6), "units"),
        "tooth": sites[0] if sites else None,
        "additional_teeth": tuple(sites[1:]),
        "surfaces": surfaces,
    }
    return 2, _service(billed, 1) | cells


def _service(billed: Segment, place: int) -> dict[str, Any]:
    parts = components(billed, place)
    if len(parts) < 2:
        return {}
    modifiers = tuple(modifier(each) for each in parts[2:6] if each)
    return {"procedure": service(parts[0], parts[1]), "modifiers": modifiers}


def _units(billed: Segment, unit: int, quantity: int) -> dict[str, Any]:
    return {"units": number(billed.get(quantity), "units"), "unit": _MINUTES.get(billed.get(unit) or "")}


def _drug(loop: Loop) -> dict[str, Any]:
    """The drug of a line (``LIN`` and ``CTP``)."""
    named = loop.first("LIN")
    code = named.get(3) if named and named.get(2) == "N4" else None
    if code is None:
        return {}
    amount = loop.first("CTP")
    measured = components(amount, 5) if amount else ()
    return {
        "drug": Code(NDC, code.replace("-", "")),
        "quantity": number(amount.get(4), "a drug's quantity") if amount else None,
        "quantity_unit": measured[0] if measured else None,
    }
