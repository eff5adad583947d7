"""Writes T-MSIS files of any layout in both encodings: records as cells by element name in, bytes out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from fhir_facade_claims_tmsis.layout import ALIASES, FILLER, Element, Layout

Value = str | date | Decimal | int | None
"""A cell before it is written."""

FILE_NAMES = {
    "CIP": "CLAIM-IP",
    "CLT": "CLAIM-LT",
    "COT": "CLAIM-OT",
    "CRX": "CLAIM-RX",
    "ELG": "ELIGIBLE",
    "PRV": "PROVIDER",
    "TPL": "TPL-FILE",
}


_FREE = re.compile(r"NAME|ADDR-LN|CITY")
"""Elements of free text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How files are written.

    Args:
        layout: the dictionary version.
        fixed: fixed-length rather than pipe-separated.
        state: federal number of the state.
        created: day on which the files are made; they tell of its month.
    """

    layout: Layout
    fixed: bool
    state: str
    created: date


class Writer:
    """One file, open for writing; the header is written again at the end, when the records are counted."""

    def __init__(self, folder: Path, subject: str, style: Style) -> None:
        self._subject = subject
        self._style = style
        suffix = "flf" if style.fixed else "psv"
        self._stream: BinaryIO = (folder / f"{FILE_NAMES[subject].lower()}.{suffix}").open("wb")
        self._count = 0
        self._stream.write(self._header())

    def __enter__(self) -> Writer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stream.seek(0)
        self._stream.write(self._header())
        self._stream.close()

    def record(self, segment: str, cells: Mapping[str, Value]) -> None:
        """One record; state and record number are added.

        Raises:
            ValueError: a value does not fit its element, or the layout has no such element.
        """
        self._count += 1
        common: dict[str, Value] = {"RECORD-ID": segment, "SUBMITTING-STATE": self._style.state}
        self._stream.write(self._line(segment, common | {"RECORD-NUMBER": self._count} | dict(cells)))

    def _header(self) -> bytes:
        style = self._style
        cells: dict[str, Value] = {
            "RECORD-ID": f"{self._subject}00001",
            "DATA-DICTIONARY-VERSION": f"V{style.layout.version}",
            "SUBMISSION-TRANSACTION-TYPE": "C",
            "FILE-ENCODING-SPECIFICATION": "FLF" if style.fixed else "PSV",
            "FILE-NAME": FILE_NAMES[self._subject],
            "SUBMITTING-STATE": style.state,
            "DATE-FILE-CREATED": style.created,
            "START-OF-TIME-PERIOD": style.created.replace(day=1),
            "END-OF-TIME-PERIOD": style.created,
            "FILE-STATUS-INDICATOR": "P",
            "SSN-INDICATOR": "0",
            "TOT-REC-CNT": f"{self._count:011}",
            "SEQUENCE-NUMBER": "0001",
        }
        segment = f"{self._subject}00001"
        has = {element.name for element in style.layout.segments[segment]}
        return self._line(segment, {name: value for name, value in cells.items() if name in has})

    def _line(self, segment: str, cells: Mapping[str, Value]) -> bytes:
        elements = self._style.layout.segments[segment]
        known = {ALIASES.get(name, name): value for name, value in cells.items()}
        unknown = known.keys() - {element.name for element in elements}
        if any(known[name] is not None for name in unknown):
            raise ValueError(
                f"segment {segment} of layout {self._style.layout.version} has no {', '.join(sorted(unknown))}"
            )
        write = _fixed if self._style.fixed else _piped
        joint = b"" if self._style.fixed else b"|"
        return joint.join(write(element, known.get(element.name)) for element in elements) + b"\n"


def _text(element: Element, value: Value) -> bytes:
    """The cell in either encoding; names and addresses are cut to their width, as states do; all else must fit."""
    text = f"{value:%Y%m%d}" if isinstance(value, date) else str(value).replace("|", " ")
    raw, width = text.encode(), element.stop - element.start + ("." in text and element.decimals > 0)
    if len(raw) > width and _FREE.search(element.name):
        raw = raw[:width].decode("utf-8", "ignore").encode()
    if len(raw) > width:
        raise ValueError(f"{element.name} is longer than its {width} characters")
    return raw.strip()


def _piped(element: Element, value: Value) -> bytes:
    return b"" if element.name == FILLER or value is None else _text(element, value)


def _fixed(element: Element, value: Value) -> bytes:
    width = element.stop - element.start
    if value is None or element.name == FILLER:
        return b" " * width
    if isinstance(value, Decimal):
        return _digits(element, value, width)
    return _text(element, value).rjust(width, b"0") if isinstance(value, int) else _text(element, value).ljust(width)


def _digits(element: Element, value: Decimal, width: int) -> bytes:
    """Digits without a point, the sign in front."""
    scaled = value.scaleb(element.decimals)
    whole = int(scaled)
    if whole != scaled:
        raise ValueError(f"{element.name} has more than {element.decimals} decimals")
    text = f"{whole:0{width}d}"
    if len(text) > width:
        raise ValueError(f"{element.name} is longer than its {width} characters")
    return text.encode()
