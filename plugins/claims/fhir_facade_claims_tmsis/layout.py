"""Layouts are data: for each dictionary version a CSV that says where every element of every segment stands.

A layout file has one row per element, in the order of the segment: segment, element, number, start, stop (positions in
a fixed-length record, from 1), type (text, date, amount, whole) and decimals. A state that sends a version which is
not bundled fills such a file from the dictionary it holds and names its folder in the settings.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

COLUMNS = ("segment", "element", "number", "start", "stop", "type", "decimals")
TYPES = ("text", "date", "amount", "whole")
FILLER = "FILLER"

ALIASES = {
    "TOT-BENEFICIARY-COINSURANCE-PAID-AMOUNT": "BENEFICIARY-COINSURANCE-AMOUNT",
    "TOT-BENEFICIARY-COPAYMENT-PAID-AMOUNT": "BENEFICIARY-COPAYMENT-AMOUNT",
    "TOT-BENEFICIARY-DEDUCTIBLE-PAID-AMOUNT": "BENEFICIARY-DEDUCTIBLE-AMOUNT",
    "BENEFICIARY-COPAYMENT-PAID-AMOUNT": "COPAY-AMT",
    "SERVICE-QUANTITY-ACTUAL": "OT-RX-CLAIM-QUANTITY-ACTUAL",
    "PRESCRIPTION-QUANTITY-ACTUAL": "OT-RX-CLAIM-QUANTITY-ACTUAL",
    "SERVICE-QUANTITY-ALLOWED": "OT-RX-CLAIM-QUANTITY-ALLOWED",
    "PRESCRIPTION-QUANTITY-ALLOWED": "OT-RX-CLAIM-QUANTITY-ALLOWED",
    "REVENUE-CENTER-QUANTITY-ACTUAL": "IP-LT-QUANTITY-OF-SERVICE-ACTUAL",
    "REVENUE-CENTER-QUANTITY-ALLOWED": "IP-LT-QUANTITY-OF-SERVICE-ALLOWED",
}
"""Later names of an element → the name by which it is read."""


class LayoutFault(ValueError):
    """A layout file that cannot be used, or a version for which there is none; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a segment. ``start`` is the first position (from 0), ``stop`` the one after the last."""

    name: str
    start: int
    stop: int
    type: str
    decimals: int


@dataclass(frozen=True, slots=True)
class Layout:
    """One dictionary version: the elements of each segment in order."""

    version: str
    segments: Mapping[str, Sequence[Element]]


def read(path: Path) -> Layout:
    """The layout in a file; its name without ``.csv`` is its version.

    Raises:
        LayoutFault: a row is not as documented, or positions have gaps or overlap.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    missing = [column for column in COLUMNS if rows and column not in rows[0]]
    if missing or not rows:
        raise LayoutFault(f"{path.name}: the layout lacks {', '.join(missing) or 'rows'}")
    segments: dict[str, list[Element]] = {}
    for number, row in enumerate(rows, start=2):
        segments.setdefault(row["segment"], []).append(_element(row, f"{path.name} line {number}"))
    for name, elements in segments.items():
        _check(elements, f"{path.name}: segment {name}")
    return Layout(path.name.removesuffix(".csv"), segments)


def _element(row: Mapping[str, str], where: str) -> Element:
    if row["type"] not in TYPES:
        raise LayoutFault(f"{where}: type must be one of {', '.join(TYPES)}")
    try:
        first, last, decimals = int(row["start"]), int(row["stop"]), int(row["decimals"])
    except ValueError:
        raise LayoutFault(f"{where}: start, stop and decimals must be whole numbers; fill them in") from None
    return Element(ALIASES.get(row["element"], row["element"]), first - 1, last, row["type"], decimals)


def _check(elements: Sequence[Element], where: str) -> None:
    at = 0
    for element in elements:
        if element.start != at or element.stop <= element.start:
            raise LayoutFault(f"{where}: {element.name} should start at position {at + 1}")
        at = element.stop


@cache
def bundled() -> tuple[Layout, ...]:
    """The layouts that come with the plugin."""
    folder = Path(str(files(__package__))) / "layouts"
    return tuple(read(path) for path in sorted(folder.glob("*.csv")) if not path.name.endswith(".start.csv"))


def known(folder: Path | None) -> tuple[Layout, ...]:
    """The bundled layouts and those of ``folder``.

    Raises:
        LayoutFault: a file of the folder cannot be used.
        OSError: the folder cannot be read.
    """
    if folder is None:
        return bundled()
    paths = sorted(path for path in folder.iterdir() if path.name.endswith(".csv"))
    return (*bundled(), *(read(path) for path in paths if not path.name.endswith(".start.csv")))


def choose(layouts: Iterable[Layout], version: str) -> Layout:
    """The layout of a dictionary version as a file header writes it (``V2.4``, ``3.27.0``): the longest that begins it.

    Raises:
        LayoutFault: there is none.
    """
    plain = re.sub(r"^[^0-9]*", "", version.strip())
    fitting = [layout for layout in layouts if f"{plain}.".startswith(f"{layout.version}.")]
    if not fitting:
        names = ", ".join(layout.version for layout in layouts)
        raise LayoutFault(
            f"the file follows dictionary version {version.strip() or 'unknown'}, for which there is no layout; known "
            f"are {names}; put a layout file for it into the layouts folder"
        )
    return max(fitting, key=lambda layout: len(layout.version))
