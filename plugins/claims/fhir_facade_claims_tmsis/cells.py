"""One record of a T-MSIS file and how its cells read: fills of eights and nines are unknown, points may be implied."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from fhir_facade.contracts.people import SourcePosition

_PLAIN = re.compile(r"\d+(\.\d+)?")
_FILL = re.compile(r"(8+|9+)\.?(8+|9+)?")
_CENT = Decimal("0.01")
_OVERPUNCH = {"{": "0+", "}": "0-"}
_OVERPUNCH |= {letter: f"{digit}+" for digit, letter in enumerate("ABCDEFGHI", start=1)}
_OVERPUNCH |= {letter: f"{digit}-" for digit, letter in enumerate("JKLMNOPQR", start=1)}
LEAST_FILL = 5
"""A shorter run of eights or nines may be a code."""

_LEAST_AMOUNT_FILL = 9
"""A shorter run of eights or nines may be an amount, unless it fills its element."""


class CellFault(ValueError):
    """A cell that cannot be what its element says: ``reason`` says what is wrong without the cell's content."""

    def __init__(self, reason: str, position: SourcePosition) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its segment, its filled cells by element name, and how its file was written.

    Args:
        fixed: the record is of a fixed-length file, where amounts have their sign as ``sign`` says.
        sign: where a negative amount has its sign.
        created: day on which the file was made.
    """

    segment: str
    cells: Mapping[str, str]
    position: SourcePosition
    fixed: bool
    sign: str
    created: date

    def fault(self, reason: str) -> CellFault:
        """What is wrong with this record."""
        return CellFault(reason, self.position)

    def text(self, element: str) -> str | None:
        """The cell; None for blanks and for fills of eights or nines."""
        value = self.cells.get(element)
        return None if value is None or (value[0] in "89" and is_fill(value)) else value

    def code(self, element: str) -> str | None:
        """The cell of a code: zeros alone say nothing."""
        value = self.text(element)
        return None if value is None or not value.strip("0") else value

    def need(self, element: str) -> str:
        """The cell.

        Raises:
            CellFault: it is unknown.
        """
        value = self.text(element)
        if value is None:
            raise self.fault(f"{element} is unknown, but every claim needs it")
        return value

    def day(self, element: str) -> date | None:
        """The cell as a day (CCYYMMDD); zeros, fills and the year 9999 are unknown or open.

        Raises:
            CellFault: it is not a day that exists.
        """
        value = self.cells.get(element)
        if value is None or not value.strip("0") or value.startswith("9999") or is_fill(value):
            return None
        try:
            return date(int(value[:4]), int(value[4:6]), int(value[6:])) if re.fullmatch(r"\d{8}", value) else _no_day()
        except ValueError:
            raise self.fault(f"{element} is not a date that exists, written CCYYMMDD") from None

    def amount(self, element: str) -> Decimal | None:
        """The cell as US dollars in cents; unknown is None, never 0.

        Raises:
            CellFault: it is not an amount.
        """
        value = self.number(element)
        if value is None:
            return None
        if value != value.quantize(_CENT):
            raise self.fault(f"{element} is not an amount of money in whole cents")
        return value.quantize(_CENT)

    def number(self, element: str) -> Decimal | None:
        """The cell as a number without the zeros at its end: how many there are, the layout says and not the claim.

        Raises:
            CellFault: it is not a number.
        """
        value = self.cells.get(element)
        if value is None:
            return None
        negative, digits = self._signed(value, element)
        if is_fill(digits, _LEAST_AMOUNT_FILL):
            return None
        whole, point, part = digits.partition(".")
        number = Decimal(whole + point + part.rstrip("0") if point else digits)
        return -number if negative else number

    def whole(self, element: str) -> int | None:
        """The cell as a whole number.

        Raises:
            CellFault: it is not one.
        """
        value = self.number(element)
        if value is None:
            return None
        if value != value.to_integral_value():
            raise self.fault(f"{element} is not a whole number")
        return int(value)

    def _signed(self, value: str, element: str) -> tuple[bool, str]:
        negative, digits = False, value
        allowed = self.sign if self.fixed else "leading"
        if value[0] in "+-" and allowed in ("any", "leading"):
            negative, digits = value[0] == "-", value[1:]
        elif value[-1] in "+-" and allowed in ("any", "trailing"):
            negative, digits = value[-1] == "-", value[:-1]
        elif value[-1] in _OVERPUNCH and allowed in ("any", "overpunch"):
            code = _OVERPUNCH[value[-1]]
            negative, digits = code[1] == "-", value[:-1] + code[0]
        if not _PLAIN.fullmatch(digits.strip()):
            raise self.fault(f"{element} is not a number, or its sign stands where the settings do not allow it")
        return negative, digits.strip()


def with_point(value: str, decimals: int) -> str:
    """A number of a fixed-length file with its decimal point, which such files leave out; its sign stays."""
    if not decimals or "." in value or not value:
        return value
    lead = value[0] if value[0] in "+-" else ""
    tail = value[-1] if value[-1] in "+-" else ""
    digits = value[len(lead) : len(value) - len(tail)].strip().zfill(decimals + 1)
    return f"{lead}{digits[:-decimals]}.{digits[-decimals:]}{tail}"


def is_fill(value: str, least: int = LEAST_FILL) -> bool:
    """Whether the value is a fill of ``least`` or more eights or nines, with or without a point."""
    if len(value) < least or value[0] not in "89" or not _FILL.fullmatch(value):
        return False
    digits = value.replace(".", "")
    return len(digits) >= least and len(set(digits)) == 1


def _no_day() -> date:
    raise ValueError
