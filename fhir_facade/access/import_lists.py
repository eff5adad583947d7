"""Reads published lists of sensitive codes and writes them in this project's form, codes as text.

``python -m fhir_facade.access.import_lists --version 2025-01 --output part2.csv LIST.yml …``

The lists are YAML sequences of ``system``, ``code``, ``startDate``, ``endDate`` and sometimes ``comment``. Codes stand
there without quotes, so a YAML reader would make ``303.00`` a number and lose it: the lines are read as text. CPT codes
are licensed; they are left out, or written to a file of their own with ``--cpt``, for an operator who holds a licence.
"""

from __future__ import annotations

import argparse
import csv
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from fhir_facade.access.sensitivity import COLUMNS, PART_2, Entry, Kind, plain
from fhir_facade.contracts import codes

_FIELD = re.compile(r"(- |  )(system|code|startDate|endDate|comment): *(\S.*?) *")
_OPEN_END = {"ACTIVE", "9999-12-31"}
_OPEN_START = "1970-01-01"
_KINDS = {
    codes.ICD_10_CM: Kind.ICD_10_DIAGNOSIS,
    codes.ICD_9_CM: Kind.ICD_9_DIAGNOSIS,
    codes.ICD_10_PCS: Kind.ICD_10_PROCEDURE,
    "http://www.cms.gov/Medicare/Coding/ICD9": Kind.ICD_9_PROCEDURE,
    codes.HCPCS: Kind.SERVICE,
    codes.CPT: Kind.CPT,
    codes.MS_DRG: Kind.MS_DRG,
}


class UnreadableList(Exception):
    """A list is not in the form that is known; nothing was written."""


def read(path: Path) -> Iterator[Entry]:
    """The entries of one published list.

    Raises:
        UnreadableList: a line or a code system is not known.
    """
    fields: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = _FIELD.fullmatch(line)
        if match is None and line.strip():
            raise UnreadableList(f"{path}, line {number}: not understood")
        if match and match[1] == "- " and fields:
            yield _entry(fields, f"{path}, before line {number}")
            fields = {}
        if match and match[2] != "comment":
            fields[match[2]] = match[3]
    if fields:
        yield _entry(fields, f"{path}, at its end")


def _entry(fields: dict[str, str], where: str) -> Entry:
    if fields.keys() != {"system", "code", "startDate", "endDate"} or fields["system"] not in _KINDS:
        raise UnreadableList(f"{where}: fields missing, or a code system that is not known")
    return Entry(
        label=PART_2,
        kind=_KINDS[fields["system"]],
        code=plain(fields["code"]),
        since="" if fields["startDate"] == _OPEN_START else fields["startDate"],
        until="" if fields["endDate"] in _OPEN_END else fields["endDate"],
    )


def merged(lists: Iterable[Iterable[Entry]]) -> list[Entry]:
    """Entries of several lists, newest list first: a code that a list dates keeps those dates."""
    found: dict[tuple[Kind, str], list[Entry]] = {}
    for entries in lists:
        fresh: dict[tuple[Kind, str], list[Entry]] = {}
        for entry in entries:
            fresh.setdefault((entry.kind, entry.code), []).append(entry)
        found = fresh | found
    return sorted({entry for some in found.values() for entry in some})


def write(path: Path, version: str, entries: Sequence[Entry]) -> None:
    """A list in this project's form; its head says how many rows there must be."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(f"# version {version}, {len(entries)} codes\n")
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(COLUMNS)
        rows.writerows(entries)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; 0 when the files were written, 1 when a list could not be read."""
    parser = argparse.ArgumentParser(description="Import published lists of sensitive codes, newest list first.")
    parser.add_argument("--version", required=True, help="what to call the result, for example 2025-01")
    parser.add_argument("--output", type=Path, required=True, help="file for the codes that anybody may publish")
    parser.add_argument("--cpt", type=Path, help="file for the CPT codes, for licence holders only")
    parser.add_argument("lists", type=Path, nargs="+")
    chosen = parser.parse_args(arguments)
    try:
        entries = merged([list(read(path)) for path in chosen.lists])
    except (UnreadableList, OSError, UnicodeDecodeError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    write(chosen.output, chosen.version, [e for e in entries if e.kind is not Kind.CPT])
    if chosen.cpt:
        write(chosen.cpt, chosen.version, [e for e in entries if e.kind is Kind.CPT])
    return 0


if __name__ == "__main__":
    sys.exit(main())
