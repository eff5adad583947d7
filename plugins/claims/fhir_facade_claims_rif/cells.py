"""One row of a RIF file, and how its cells read: blanks are absent, months are English, money is in cents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from fhir_facade.contracts.people import SourcePosition

MONTHS = {
    name: number
    for number, name in enumerate(
        ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"), start=1
    )
}
"""English month names whatever the locale of the machine."""

_DAY = re.compile(r"(\d{1,2})-([A-Z]{3})-(\d{4})(?: \d{2}:\d{2}:\d{2})?")
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)")
_FILLER_AMOUNT = re.compile(r"-?(8{7,}|9{7,})\.?(8{2}|9{2})?")
_IN_CENTS = re.compile(r"[-+]?\d+\.\d\d", re.ASCII)
_FILLERS = {"", "~", "UNKNOWN"}
_CENT = Decimal("0.01")


def meant(cell: str) -> str | None:
    """The cell, or None for a filler."""
    return None if cell in _FILLERS else cell


class CellFault(ValueError):
    """A cell that cannot be what its column says: ``reason`` says what is wrong without the cell's content."""

    def __init__(self, reason: str, position: SourcePosition) -> None:
        super().__init__(reason)
        self.reason = reason
        self.position = position


@dataclass(slots=True)
class Row:
    """One row: where it stood and its filled cells, without surrounding blanks, by column name."""

    position: SourcePosition
    cells: Mapping[str, str]
    read_from: datetime
    """When the file was written: the load date of what carries no date of its own."""

    def fault(self, reason: str) -> CellFault:
        """What is wrong with this row."""
        return CellFault(reason, self.position)

    def text(self, column: str) -> str | None:
        """The cell without surrounding blanks; None for blanks and fillers."""
        value = self.cells.get(column)
        return None if value is None or value in _FILLERS else value

    def need(self, column: str) -> str:
        """The cell.

        Raises:
            CellFault: it is blank.
        """
        value = self.text(column)
        if value is None:
            raise self.fault(f"{column} is blank, but every record needs it")
        return value

    def day(self, column: str) -> date | None:
        """The cell as a day (``30-May-2015``, any case, a time of day is dropped); 31-Dec-9999 is an open end.

        Raises:
            CellFault: it is not a day that exists.
        """
        value = self.cells.get(column)
        if value is None:
            return None
        found = _day(value)
        if isinstance(found, str):
            raise self.fault(f"{column} {found}")
        return found

    def amount(self, column: str) -> Decimal | None:
        """The cell as US dollars with two decimals, sign as given; fillers of eights or nines are absent.

        Raises:
            CellFault: it is not a number, or finer than a cent.
        """
        found = amount(self.cells.get(column, ""))
        if isinstance(found, str):
            raise self.fault(f"{column} {found}")
        return found

    def number(self, column: str) -> Decimal | None:
        """The cell as a number, digits as in the file.

        Raises:
            CellFault: it is not a number.
        """
        value = self.text(column)
        if value is None:
            return None
        found = decimal(value)
        if found is None:
            raise self.fault(f"{column} is not a number")
        return found

    def whole(self, column: str) -> int | None:
        """The cell as a whole number (``30``, ``30.0``).

        Raises:
            CellFault: it is not a whole number.
        """
        value = self.number(column)
        if value is None:
            return None
        if value != value.to_integral_value():
            raise self.fault(f"{column} is not a whole number")
        return int(value)

    def padded(self, column: str, width: int) -> str | None:
        """The cell with leading zeros up to ``width``: codes come unpadded in some extracts."""
        value = self.text(column)
        return None if value is None else value.zfill(width)


@lru_cache(maxsize=16_384)
def _day(value: str) -> date | str | None:
    """The day of a cell, None for an open end or a filler, or what is wrong with it."""
    if value in _FILLERS:
        return None
    match = _DAY.fullmatch(value.upper())
    month = MONTHS.get(match.group(2)) if match else None
    if match is None or month is None:
        return "is not a date written dd-MMM-yyyy"
    if match.group(3) == "9999":
        return None
    try:
        return date(int(match.group(3)), month, int(match.group(1)))
    except ValueError:
        return "is a date that does not exist"


@lru_cache(maxsize=8_192)
def amount(value: str) -> Decimal | str | None:
    """The amount of a cell, None for a filler, or what is wrong with it."""
    if value in _FILLERS or _FILLER_AMOUNT.fullmatch(value):
        return None
    if _IN_CENTS.fullmatch(value):
        return Decimal(value)
    number = decimal(value)
    if number is None:
        return "is not an amount of money"
    cents = number.quantize(_CENT)
    return cents if cents == number else "is not an amount of money in whole cents"


@lru_cache(maxsize=8_192)
def decimal(value: str) -> Decimal | None:
    """The number of a cell, digits as in the file; None where it is none."""
    return Decimal(value) if _NUMBER.fullmatch(value) else None
