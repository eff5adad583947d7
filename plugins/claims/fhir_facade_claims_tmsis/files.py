"""Finds T-MSIS files by their first record and reads their records, fixed-length or pipe-separated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from fhir_facade.contracts.no_text import why_no_text
from fhir_facade.contracts.whole_lines import TOO_LONG, numbered
from fhir_facade_claims_tmsis.cells import LEAST_FILL, is_fill, with_point
from fhir_facade_claims_tmsis.layout import FILLER, Element, Layout, LayoutFault, choose

KINDS = {"CIP": "ip", "CLT": "lt", "COT": "ot", "CRX": "rx"}
"""Subjects that hold claims → the word in their claims' ids."""

PEOPLE = ("ELG", "TPL")
READ = frozenset((*KINDS, *PEOPLE, "PRV"))
"""Subjects that are read; managed care and financial files never become claims."""

_HEADER = re.compile(rb"(\xef\xbb\xbf)?[A-Z]{3}00001")
_RECORD = re.compile(rb"(\xef\xbb\xbf)?(?:CIP|CLT|COT|CRX|ELG|TPL|PRV)\d{5}")
_SUBJECT = 3
_SEGMENT = 8


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file and what its header says of it; ``fault`` says why it cannot be read.

    Args:
        subject: CIP, CLT, COT, CRX, ELG, PRV or TPL.
        fixed: fixed-length rather than pipe-separated.
        period: first and last day that the file tells of, with the day it was made: one delivery.
        counted: how many records the header says there are.
        ssn_ids: whether the state's member ids are Social Security numbers.
    """

    path: Path
    name: str
    subject: str = ""
    layout: Layout | None = None
    fixed: bool = False
    created: date = date(1970, 1, 1)
    period: str = ""
    ssn_ids: bool = False
    counted: int | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """One record as it stands in the file: its line number, its segment and its filled cells, or why it is left out."""

    number: int
    segment: str
    cells: dict[str, str]
    fault: str | None = None


def discover(folder: Path, layouts: Sequence[Layout], test_files: bool) -> list[SourceFile]:
    """The T-MSIS files of ``folder`` and its subfolders, older ones first; files of other kinds are left out.

    Raises:
        OSError: the folder cannot be read.
    """
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder} is not a folder")
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    found = [file for path in paths if (file := _inspect(path, folder, layouts, test_files))]
    return sorted(found, key=lambda file: (file.created, file.name))


def _inspect(path: Path, folder: Path, layouts: Sequence[Layout], test_files: bool) -> SourceFile | None:
    name = path.relative_to(folder).as_posix()
    with path.open("rb") as stream:
        first = stream.readline(10_000)
    if not _HEADER.match(first):
        fault = _why_no_header(first)
        return SourceFile(path, name, fault=fault) if fault else None
    subject = first.removeprefix(b"\xef\xbb\xbf")[:_SUBJECT].decode("ascii")
    if subject not in READ:
        return None
    try:
        return _described(path, name, subject, first, layouts, test_files)
    except (LayoutFault, UnicodeDecodeError, ValueError) as error:
        reason = str(error) if isinstance(error, LayoutFault) else "the file header cannot be read"
        return SourceFile(path, name, subject, fault=reason)


def _why_no_header(first: bytes) -> str | None:
    """What is wrong with a file that may be meant; None for one that is something else."""
    if _RECORD.match(first):
        return "the file begins without its header record, which says how to read it"
    if _HEADER.match(first[:_SEGMENT].decode("cp037").encode()):
        return "the file is EBCDIC; write it as UTF-8"
    return why_no_text(first)


def _described(
    path: Path, name: str, subject: str, first: bytes, layouts: Sequence[Layout], test_files: bool
) -> SourceFile:
    piped = b"|" in first[: _SEGMENT + 4]
    text = first.removeprefix(b"\xef\xbb\xbf").rstrip(b"\r\n")
    version = text.split(b"|")[1] if piped else text[8:18]
    layout = choose(layouts, version.decode("ascii"))
    segment = f"{subject}00001"
    if segment not in layout.segments:
        raise LayoutFault(f"the layout {layout.version} has no segment {segment}")
    elements = layout.segments[segment]
    cells, fault = (split_piped if piped else split_fixed)(text, elements)
    if fault:
        raise LayoutFault(f"the file header is cut off: {fault}")
    if cells.get("FILE-STATUS-INDICATOR") == "T" and not test_files:
        raise LayoutFault("the file is marked as a test; set test_files to read it")
    made = cells.get("DATE-FILE-CREATED", "")
    created = date(int(made[:4]), int(made[4:6]), int(made[6:8]))
    period = f"{cells.get('START-OF-TIME-PERIOD', '')}-{cells.get('END-OF-TIME-PERIOD', '')}-{made}"
    count = cells.get("TOT-REC-CNT", "")
    counted = int(count) if count.isdigit() and int(count) else None
    ssn_ids = cells.get("SSN-INDICATOR") == "1"
    return SourceFile(path, name, subject, layout, not piped, created, period, ssn_ids, counted)


def records(file: SourceFile) -> Iterator[Raw]:
    """The records after the header.

    Raises:
        OSError: the file cannot be read any more.
    """
    segments = file.layout.segments if file.layout else {}
    split = split_fixed if file.fixed else split_piped
    with file.path.open("rb") as stream:
        next(stream, None)
        for number, line, whole in numbered(stream, first=2):
            text = line.rstrip(b"\r\n")
            if not text.strip():
                continue
            segment = text[:_SEGMENT].decode("ascii", "replace")
            elements = segments.get(segment)
            if elements is None:
                yield Raw(number, segment, {}, f"the layout {_version(file)} knows no segment of this name")
                continue
            cells, fault = split(text, elements)
            yield Raw(number, segment, cells, fault if whole else TOO_LONG)


def _version(file: SourceFile) -> str:
    return file.layout.version if file.layout else ""


Split = tuple[dict[str, str], str | None]
"""Filled cells by element, and why the record cannot be read whole."""


def split_fixed(text: bytes, elements: Sequence[Element]) -> Split:
    """Cells by position, with their decimal points. The filler at the end may be missing."""
    least = elements[-1].start if elements[-1].name == FILLER else elements[-1].stop
    length = elements[-1].stop
    cells, fault = _decoded((element, text[element.start : element.stop]) for element in elements)
    for element in elements:
        if element.decimals and element.name in cells:
            cells[element.name] = with_point(cells[element.name], element.decimals)
    if len(text) < least or len(text) > length:
        fault = f"the record has {len(text)} of {length} characters; it is cut off or of another layout"
    return cells, fault


def split_piped(text: bytes, elements: Sequence[Element]) -> Split:
    """Cells in order. The filler at the end may be missing or blank."""
    values = text.split(b"|")
    length = len(elements)
    least = length - (elements[-1].name == FILLER)
    cells, fault = _decoded(zip(elements, values, strict=False))
    if len(values) < least or any(value.strip() for value in values[length:]):
        fault = f"the record has {len(values)} of {length} fields; it is cut off, or a value holds a pipe"
    return cells, fault


def _decoded(cells: Iterable[tuple[Element, bytes]]) -> Split:
    """Cells as text, without blanks, filler, and those that eights or nines take up whole: they are unknown."""
    found: dict[str, str] = {}
    fault = None
    for element, raw in cells:
        if not raw or raw.isspace() or element.name == FILLER:
            continue
        try:
            value = raw.decode("utf-8").strip()
        except UnicodeDecodeError:
            value, fault = raw.decode("utf-8", "replace").strip(), "the record is not UTF-8 text"
        if value[0] not in "89" or not is_fill(value, max(LEAST_FILL, element.stop - element.start)):
            found[element.name] = value
    return found, fault
