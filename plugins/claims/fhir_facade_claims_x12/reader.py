"""X12 interchanges as segments: delimiters from the ISA, memory bounded by the longest segment.

Source: ASC X12.5 Interchange Control Structures, version 00501: the ISA is 106 characters long; its fourth character
separates elements, the one before the last components, the last ends segments.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from fhir_facade.contracts.no_text import why_no_text

_ISA_LENGTH = 106
_CHUNK = 1 << 16
LONGEST_SEGMENT = 100_000
"""Characters; a file without segment terminators is refused, not read into memory."""

_NO_ISA = "the file does not begin with an ISA segment: 106 characters in capitals, with one separator throughout"


class UnreadableError(Exception):
    """The rest of the file cannot be read.

    Args:
        reason: one sentence.
        segment: number of the segment where reading ended, from 1.
    """

    def __init__(self, reason: str, segment: int) -> None:
        self.segment = segment
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Delimiters:
    """What separates elements and components, and ends segments."""

    element: str
    component: str
    terminator: str


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment: its number in the file, its elements (``elements[0]`` is its name), and how composites are cut."""

    number: int
    elements: tuple[str, ...]
    component: str

    @property
    def name(self) -> str:
        """Its name, such as ``CLM`` or ``NM1``."""
        return self.elements[0]

    def get(self, place: int) -> str | None:
        """The element at ``place`` (1 is the first after the name) without blanks around it; None where it is empty."""
        value = self.elements[place].strip() if place < len(self.elements) else ""
        return value or None

    def parts(self, place: int) -> tuple[str, ...]:
        """The components of a composite element; empty where there is none."""
        value = self.get(place)
        return tuple(part.strip() for part in value.split(self.component)) if value else ()

    def part(self, place: int, component: int) -> str | None:
        """One component (1 is the first) of a composite element."""
        parts = self.parts(place)
        return parts[component - 1] or None if component <= len(parts) else None


def segments(path: Path) -> Iterator[Segment]:
    """The segments of a file, interchange after interchange.

    Raises:
        UnreadableError: the file is not X12, or has no end of segment where one must be.
        OSError: the file cannot be opened.
    """
    number, buffer = 0, ""
    marks: Delimiters | None = None
    if fault := _why_no_text(path):
        raise UnreadableError(fault, 1)
    for chunk in _texts(path):
        buffer += chunk
        while buffer:
            fresh = marks is None
            if marks is None:
                buffer = buffer.lstrip()
                if len(buffer) < _ISA_LENGTH:
                    break
                marks = _delimiters(buffer, number + 1)
            texts, buffer, again = _complete(buffer, marks, fresh=fresh)
            for number, text in enumerate(texts, number + 1):  # noqa: B020 - goes on counting
                name, *elements = text.split(marks.element)
                yield Segment(number, (name.upper(), *elements), marks.component)
            if not again:
                break
            marks = None
        if len(buffer) > LONGEST_SEGMENT:
            raise UnreadableError("a segment does not end", number + 1)
    if buffer.strip():
        reason = "the file ends within a segment" if marks else _NO_ISA
        raise UnreadableError(reason, number + 1)


def _complete(buffer: str, marks: Delimiters, *, fresh: bool) -> tuple[list[str], str, bool]:
    """The segments that end in the buffer, what is left of it, and whether that begins a new interchange.

    ``fresh`` says that the first segment is the ISA whose delimiters these are.
    """
    *texts, rest = buffer.split(marks.terminator)
    whole = [text.strip() for text in texts]
    for place, text in enumerate(whole):
        if text.startswith("ISA") and not (fresh and place == 0):
            return [each for each in whole[:place] if each], marks.terminator.join([*texts[place:], rest]), True
    return [each for each in whole if each], rest, rest.lstrip().startswith("ISA")


def _delimiters(buffer: str, number: int) -> Delimiters:
    header = buffer[:_ISA_LENGTH]
    element, component, terminator = header[3], header[104], header[105]
    proper = header.startswith("ISA") and len(header[:105].split(element)) == 17
    if (
        not proper
        or len({element, component, terminator}) < 3
        or any(mark.isalnum() for mark in header[3] + header[105])
    ):
        raise UnreadableError(_NO_ISA, number)
    return Delimiters(element, component, terminator)


def _texts(path: Path) -> Iterator[str]:
    """The file in pieces. X12's extended character set is Latin-1; UTF-8 is what most senders write today."""
    encoding = "utf-8" if _is_utf8(path) else "latin-1"
    with path.open(encoding=encoding, newline="") as file:
        start = file.read(_CHUNK).removeprefix("\ufeff")
        while start:
            yield start
            start = file.read(_CHUNK)


def _why_no_text(path: Path) -> str | None:
    with path.open("rb") as file:
        return why_no_text(file.read(8))


def _is_utf8(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while file.read(_CHUNK):
                pass
    except UnicodeDecodeError:
        return False
    return True
