"""The mapping table as csv, html and xlsx."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from html import escape

import xlsxwriter

from fhir_facade.fhir.mapping_table.table import COLUMNS

Rows = Sequence[dict[str, str]]

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem}table{border-collapse:collapse}"
    "th,td{border:1px solid #767676;padding:.25rem .5rem;text-align:left;vertical-align:top}"
    "th{background:#f0f0f0;position:sticky;top:0}"
)
_WIDTHS = (16, 28, 36, 8, 36, 70, 50, 50)


def as_csv(rows: Rows, title: str) -> bytes:
    """Comma-separated, UTF-8, one heading line. A cell that a spreadsheet would run as a formula is quoted as text."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows([_inert(row[column]) for column in COLUMNS] for row in rows)
    return out.getvalue().encode()


def _inert(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "@", "\t", "\r")) else cell


def as_html(rows: Rows, title: str) -> bytes:
    """A page of its own, without scripts."""
    heads = "".join(f'<th scope="col">{escape(column)}</th>' for column in COLUMNS)
    lines = ("<tr>" + "".join(f"<td>{escape(row[column])}</td>" for column in COLUMNS) + "</tr>" for row in rows)
    name = escape(title)
    page = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style>'
        f"</head><body><h1>{name}</h1><table><thead><tr>{heads}</tr></thead><tbody>\n"
    )
    return (page + "\n".join(lines) + "\n</tbody></table></body></html>\n").encode()


def as_xlsx(rows: Rows, title: str) -> bytes:
    """A workbook with one sheet, its heading frozen and filterable; cells are texts, never formulas."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        book.set_properties({"title": title})
        sheet = book.add_worksheet("mapping")
        sheet.write_row(0, 0, COLUMNS, book.add_format({"bold": True}))
        for number, row in enumerate(rows, 1):
            sheet.write_row(number, 0, [row[column] for column in COLUMNS])
        for number, width in enumerate(_WIDTHS):
            sheet.set_column(number, number, width)
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, max(len(rows), 1), len(COLUMNS) - 1)
    return out.getvalue()


WRITERS: dict[str, Callable[[Rows, str], bytes]] = {"csv": as_csv, "html": as_html, "xlsx": as_xlsx}
"""Format → how to write it: rows and a title in, the file's content out."""
