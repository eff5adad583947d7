"""Reads RIF files row by row: pipes, backslash escapes, quotes, a byte-order mark, one line of the file per row.

A row that cannot be read is a fault of its own; the rows after it are read all the same, also after a quote that
nobody closed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fhir_facade.contracts.no_text import why_no_text
from fhir_facade.contracts.whole_lines import TOO_LONG, numbered
from fhir_facade_claims_rif.kinds import FileKind, recognise


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of the folder: its name there, its kind (None: no RIF file that can be read), and header faults."""

    path: Path
    name: str
    kind: FileKind | None
    header: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()


@dataclass(slots=True)
class Line:
    """One row of a file: its line number and its cells, or why they cannot be read (with those that can).

    ``plain`` says that the cells are printable ASCII without surrounding blanks.
    """

    number: int
    cells: list[str]
    fault: str | None = None
    plain: bool = False


def discover(folder: Path) -> list[SourceFile]:
    """The RIF files of ``folder`` and its subfolders in the order of their names; other files are left out.

    Raises:
        OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    found = (_inspect(path, path.relative_to(folder).as_posix()) for path in paths)
    return [file for file in found if file.kind or file.faults]


def _inspect(path: Path, name: str) -> SourceFile:
    with path.open("rb") as stream:
        first = stream.readline(1_000_000)
    if reason := why_no_text(first):
        return SourceFile(path, name, None, faults=(reason,))
    try:
        header = tuple(cell.strip() for cell in first.decode("utf-8-sig").rstrip("\r\n").split("|"))
    except UnicodeDecodeError:
        fault = ("the header is not UTF-8 text",) if b"BENE_ID" in first else ()
        return SourceFile(path, name, None, faults=fault)
    return _judge(path, name, header)


def _judge(path: Path, name: str, header: tuple[str, ...]) -> SourceFile:
    kind = recognise(header)
    if kind is None:
        return SourceFile(path, name, None, header, tuple(_why_unknown(header)))
    doubles = sorted({column for column in header if column and header.count(column) > 1})
    if doubles:
        return SourceFile(path, name, None, header, (f"columns occur twice: {', '.join(doubles)}",))
    unknown = [column for column in header if column and column not in kind.known]
    faults = (f"unknown columns are left out: {', '.join(unknown)}",) if unknown else ()
    return SourceFile(path, name, kind, header, faults)


def _why_unknown(header: tuple[str, ...]) -> Iterator[str]:
    if "BENE_ID" in header and len(header) > 1:
        yield "its columns are those of no known RIF file"
    elif any(recognise(tuple(header[0].split(mark))) for mark in ",;\t"):
        yield "its columns are not separated by pipes"


def lines(file: SourceFile) -> Iterator[Line]:
    """The rows of ``file`` after its header.

    Raises:
        OSError: the file cannot be read any more.
    """
    width = len(file.header)
    with file.path.open(encoding="utf-8-sig", errors="surrogateescape", newline="\n") as stream:
        next(stream, None)
        for number, raw, whole in numbered(stream, first=2):
            text = raw.rstrip("\r\n")
            if text:
                yield _line(number, text, width) if whole else Line(number, text.split("|")[:width], TOO_LONG)


def _line(number: int, text: str, width: int) -> Line:
    plain = text.isascii() and text.isprintable()
    if plain and '"' not in text and "\\" not in text:
        cells = text.split("|")
        if len(cells) == width:
            return Line(number, [*map(str.strip, cells)] if " " in text else cells, None, True)
    return _unusual_line(number, text, width)


def _unusual_line(number: int, text: str, width: int) -> Line:
    try:
        cells = _split(text)
    except csv.Error:
        return Line(number, text.split("|"), "a quote is not closed or stands in the wrong place")
    if not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text):
        return Line(number, cells, "the row is not UTF-8 text")
    if len(cells) < width:
        return Line(number, cells, f"the row has {len(cells)} of {width} cells; it is cut off or malformed")
    if any(cell.strip() for cell in cells[width:]):
        return Line(number, cells[:width], f"the row has {len(cells)} cells where the header has {width}")
    return Line(number, cells[:width])


def _split(text: str) -> list[str]:
    if '"' not in text and "\\" not in text:
        return text.split("|")
    return next(csv.reader([text], delimiter="|", escapechar="\\", strict=True))
