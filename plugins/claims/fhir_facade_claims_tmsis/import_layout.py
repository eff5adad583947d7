"""Makes the project's own layout files from a published list of T-MSIS elements.

``python -m fhir_facade_claims_tmsis.import_layout tmsis_layout.csv layouts/`` reads a list with the columns ``segment,
flf_start, flf_stop, de_number, element, current_name, type, decimals, lifecycle, other_version_position``. It writes
``2.csv`` (every element that has positions) and the starting files ``3.start.csv`` and ``4.start.csv``: the elements
known of those versions, with the few positions that are public, for a state to complete from its dictionary.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

COLUMNS = ("segment", "element", "number", "start", "stop", "type", "decimals")
"""Columns of a layout file: one row per element in the order of the segment."""

TYPES = {"date CCYYMMDD": "date", "signed decimal": "amount", "integer": "whole", "signed integer": "whole"}
"""Type in the published list → type in a layout file; everything else is text."""

_ANCHOR = re.compile(r"v([34])\S* (\d+)-(\d+)")
_RETIRED = re.compile(r"v2-v3|moved|retired")

Row = Mapping[str, str]


def version_2(rows: Iterable[Row]) -> Iterator[tuple[str, ...]]:
    """Every element of dictionary version 2, complete with positions."""
    for row in rows:
        if row["flf_start"]:
            yield _line(row, row["element"], row["flf_start"], row["flf_stop"])


def start(rows: Iterable[Row], version: str) -> Iterator[tuple[str, ...]]:
    """What is public of a later version: names in order, and the positions that are known."""
    for row in rows:
        if version == "4" and _RETIRED.search(row["lifecycle"]):
            continue
        if version == "3" and row["lifecycle"].startswith("v4"):
            continue
        anchor = _ANCHOR.match(row["other_version_position"])
        known = anchor.groups()[1:] if anchor and anchor.group(1) == version else ("", "")
        yield _line(row, row["current_name"] or row["element"], *known)


def _line(row: Row, element: str, first: str, last: str) -> tuple[str, ...]:
    kind = TYPES.get(row["type"], "text")
    return (row["segment"], element, row["de_number"], first, last, kind, row["decimals"] or "0")


def write(path: Path, lines: Iterable[tuple[str, ...]]) -> None:
    """One layout file."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(lines)


def main(source: Path, target: Path) -> None:
    """Write the three files into ``target``."""
    with source.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    write(target / "2.csv", version_2(rows))
    for version in ("3", "4"):
        write(target / f"{version}.start.csv", start(rows, version))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
