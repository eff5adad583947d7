"""Line records → claim lines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from fhir_facade.contracts.codes import CDT, NDC, ORAL_AREA, TOOTH_NUMBER, TOOTH_SURFACE, Code
from fhir_facade.contracts.records import Amount, Amounts, ClaimKind, ClaimLine, LocalAmount
from fhir_facade_claims_tmsis import codes, elements
from fhir_facade_claims_tmsis.cells import Record

_CDT = re.compile(r"D\d{4}")
_DENIED = frozenset({"26", "026", "87", "087", "542", "585", "654"})
_TOTAL_LINE = "0001"


def is_dental(line: Record) -> bool:
    """Whether the line says a dental service: its procedure, a tooth or an area of the mouth."""
    procedure = line.code("PROCEDURE-CODE") or ""
    return bool(_CDT.fullmatch(procedure) or line.code("TOOTH-NUM") or line.code("TOOTH-QUAD-CODE"))


def lines(
    records: Sequence[Record], header: Record, kind: ClaimKind, start: date, base: str, *, with_amounts: bool
) -> tuple[ClaimLine, ...]:
    """The lines of a claim.

    Args:
        records: line records.
        header: the claim header.
        kind: the profile of the claim.
        start: first day of service of the claim.
        base: URI under which the agency's numbers are named.
        with_amounts: False where the claim was paid as a whole: its lines' amounts inform the state alone.

    Raises:
        CellFault: there is no line, two have one number, or a cell cannot be read.
    """
    found = [_line(record, header, kind, start, base, with_amounts) for record in records]
    kept = [line for line in found if line.revenue != _TOTAL_LINE] or found
    if not kept:
        raise header.fault("no line of this claim is in the files")
    if len({line.number for line in kept}) < len(kept):
        raise header.fault("two lines of this claim have the same number")
    return tuple(sorted(kept, key=lambda line: line.number))


def _line(record: Record, header: Record, kind: ClaimKind, start: date, base: str, with_amounts: bool) -> ClaimLine:
    pharmacy = kind is ClaimKind.PHARMACY
    dental = kind is ClaimKind.ORAL
    actual = record.number("IP-LT-QUANTITY-OF-SERVICE-ACTUAL") or record.number("OT-RX-CLAIM-QUANTITY-ACTUAL")
    allowed = record.number("IP-LT-QUANTITY-OF-SERVICE-ALLOWED") or record.number("OT-RX-CLAIM-QUANTITY-ALLOWED")
    revenue = record.code("REVENUE-CODE")
    return ClaimLine(
        number=_number(record),
        service_start=record.day("BEGINNING-DATE-OF-SERVICE") or record.day("PROCEDURE-CODE-DATE") or start,
        service_end=record.day("ENDING-DATE-OF-SERVICE"),
        revenue=revenue.zfill(4) if revenue else None,
        procedure=_procedure(record, base, dental),
        modifiers=codes.modifiers(record),
        place_of_service=record.text("PLACE-OF-SERVICE") or header.text("PLACE-OF-SERVICE"),
        units=None if pharmacy else actual,
        allowed_units=allowed,
        drug=_drug(record) if pharmacy else None,
        quantity=actual if pharmacy else None,
        quantity_unit=record.text("UNIT-OF-MEASURE") if pharmacy else None,
        amounts=_amounts(record) if with_amounts else {},
        local_amounts=_local_amounts(record, base) if with_amounts else (),
        denied=record.text("CLAIM-LINE-STATUS") in _DENIED,
        tooth=_tooth(record) if dental else None,
        surfaces=_surfaces(record) if dental else (),
        position=record.position,
    )


def _number(record: Record) -> int:
    number = record.whole("LINE-NUM-ADJ") or record.whole("LINE-NUM-ORIG")
    if number is None or number < 1:
        raise record.fault("LINE-NUM-ORIG is not a positive whole number")
    return number


def _procedure(record: Record, base: str, dental: bool) -> Code | None:
    code = codes.procedure(record, base)
    return Code(CDT, code.value) if dental and code and _CDT.fullmatch(code.value) else code


def _drug(record: Record) -> Code | None:
    value = record.code("NATIONAL-DRUG-CODE")
    return Code(NDC, value) if value else None


def _amounts(record: Record) -> Amounts:
    found = {kind: value for name, kind in elements.LINE_AMOUNTS.items() if (value := record.amount(name)) is not None}
    others = [value for name in elements.LINE_OTHERS_PAID if (value := record.amount(name)) is not None]
    return found | {Amount.PRIOR_PAYER_PAID: sum(others[1:], others[0])} if others else found


def _local_amounts(record: Record, base: str) -> tuple[LocalAmount, ...]:
    found = ((name, record.amount(name)) for name in elements.LOCAL_LINE_AMOUNTS)
    return tuple(LocalAmount(category=codes.element(name, base), amount=value) for name, value in found if value)


def _tooth(record: Record) -> Code | None:
    tooth, area = record.code("TOOTH-NUM"), record.text("TOOTH-QUAD-CODE")
    if tooth:
        return Code(TOOTH_NUMBER, tooth)
    return Code(ORAL_AREA, area) if area else None


def _surfaces(record: Record) -> tuple[Code, ...]:
    surface = record.text("TOOTH-SURFACE-CODE")
    return (Code(TOOTH_SURFACE, surface),) if surface and _tooth(record) else ()
