"""Tables as files for a spreadsheet, in which nothing that somebody typed can run."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from flask import Response

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""Beginnings that a spreadsheet takes for a formula."""

_AT_ONCE = 500


def harmless(value: str) -> str:
    """A cell that no spreadsheet runs."""
    return f"'{value}" if value.startswith(FORMULA) else value


def csv_text(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Rows as CSV, some hundred at a time, after the mark by which spreadsheets know UTF-8."""
    buffer = io.StringIO(newline="")
    buffer.write("\ufeff")
    writer = csv.writer(buffer)
    for number, row in enumerate(rows, 1):
        writer.writerow([harmless(value) for value in row])
        if number % _AT_ONCE == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def download(body: Iterable[str], name: str, kind: str = "text/csv") -> Response:
    """A file to keep; never kept by anybody on the way."""
    response = Response(body, content_type=f"{kind}; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
