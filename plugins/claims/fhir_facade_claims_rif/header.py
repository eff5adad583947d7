"""What claims of every kind have in common: identifiers, status, dates, amounts, and the details of CMS's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache, lru_cache, partial

from fhir_facade.contracts.codes import NDC, Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import Amount, Amounts, ClaimStatus, Detail, LocalAmount
from fhir_facade_claims_rif import columns, selection
from fhir_facade_claims_rif.cells import Row, amount, decimal, meant
from fhir_facade_claims_rif.kinds import FileKind
from fhir_facade_claims_rif.providers import Providers, real
from fhir_facade_claims_rif.selection import Columns

_REMEMBERED = 2_048
"""Different cells of one column whose facts are kept at hand."""

CLAIM_GROUP = "https://bluebutton.cms.gov/resources/identifier/claim-group"


@dataclass(frozen=True, slots=True)
class Source:
    """One settled claim on its way to a record: its rows, and what it needs to name others."""

    kind: FileKind
    rows: Sequence[Row]
    providers: Providers
    payer_id: str

    @property
    def first(self) -> Row:
        """The row from which the claim's own columns are read; all rows repeat them."""
        return self.rows[0]


@cache
def variable(column: str) -> str:
    """CMS's URI of a column."""
    return columns.VARIABLES + column.lower()


def identifiers(row: Row, *names: str) -> tuple[Identifier, ...]:
    """Identifiers of the claim besides its number; ``names`` are their columns."""
    found = [Identifier(system=variable(name), value=value) for name in names if (value := row.text(name))]
    group = row.text("CLM_GRP_ID")
    return (*found, Identifier(system=CLAIM_GROUP, value=group)) if group else tuple(found)


def need_day(row: Row, *names: str) -> date:
    """The first of the columns ``names`` that is filled.

    Raises:
        CellFault: none is, or the day does not exist.
    """
    for name in names:
        if day := row.day(name):
            return day
    raise row.fault(f"{' and '.join(names)} blank, but every claim needs a date")


@lru_cache(maxsize=4_096)
def midnight(day: date) -> datetime:
    """The instant that stands for a day on which the source changed the record."""
    return datetime.combine(day, time(), UTC)


def last_updated(row: Row, *names: str) -> datetime:
    """When the source last worked on the claim: the latest of the columns ``names``."""
    days = [day for name in names if (day := row.day(name))]
    return midnight(max(days)) if days else row.read_from


def status(row: Row) -> ClaimStatus:
    """Cancelled where the claim is superseded, voided, credited back or deleted by the plan; else active."""
    gone = (
        row.text("FINAL_ACTION") == "N"
        or row.text("CLAIM_QUERY_CODE") == "0"
        or row.text("CLM_FREQ_CD") == "8"
        or row.text("ADJSTMT_DLTN_CD") == "D"
    )
    return ClaimStatus.CANCELLED if gone else ClaimStatus.ACTIVE


def totals(source: Source) -> Amounts:
    """The claim's amounts."""
    return _amounts(source.first, selection.of_claim(source.kind))


def line_amounts(kind: FileKind, row: Row) -> Amounts:
    """The line's amounts."""
    return _amounts(row, selection.of_line(kind))


def _amounts(row: Row, chosen: Columns) -> Amounts:
    cells = row.cells
    found: dict[Amount, Decimal] = {}
    for name, kind in chosen.amounts:
        if name in cells:
            value = amount(cells[name])
            if isinstance(value, str):
                raise row.fault(f"{name} {value}")
            if value is not None:
                found[kind] = value
    return found


def local_amounts(row: Row, chosen: Columns) -> tuple[LocalAmount, ...]:
    """Amounts of CMS's own kinds among the columns ``chosen``."""
    found = ((name, row.amount(name)) for name in chosen.local_amounts if name in row.cells)
    return tuple(LocalAmount(category=category(name), amount=value) for name, value in found if value is not None)


@cache
def category(name: str) -> Code:
    """What a column of CMS's own is called where it has no element: the guide's slices stay free of it."""
    return Code(columns.VARIABLES.rstrip("/"), name.lower())


def details(row: Row, chosen: Columns) -> tuple[Detail, ...]:
    """Facts of CMS's own among the columns ``chosen``; the same fact is the same object wherever it is read."""
    cells = row.cells
    found = [
        plain(cells[name]) if plain else _measured(row, name)
        for name, plain in _detail_readers(chosen)
        if name in cells
    ]
    return tuple([detail for detail in found if detail is not None])


@cache
def _detail_readers(chosen: Columns) -> list[tuple[str, Callable[[str], Detail | None] | None]]:
    """Each column with what remembers the facts of its cells, where the cell is all there is to know."""
    return [
        (name, lru_cache(maxsize=_REMEMBERED)(partial(_plain_detail, name)) if plain else None)
        for name, plain in chosen.details
    ]


def _measured(row: Row, name: str) -> Detail | None:
    value = row.text(name)
    if value is None:
        return None
    if name in columns.DAYS:
        return Detail(category=category(name), day=row.day(name))
    unit = columns.QUANTITIES[name]
    found = _quantity(name, value, row.text(unit) if unit else None)
    if found is None:
        raise row.fault(f"{name} is not a number")
    return found


def _plain_detail(name: str, cell: str) -> Detail | None:
    value = meant(cell)
    if value is None:
        return None
    if name in columns.CODES:
        return Detail(category=category(name), code=Code(variable(name), value))
    if name in columns.TEXTS:
        return Detail(category=category(name), text=value)
    return Detail(category=category(name), code=Code(NDC, value.zfill(11))) if real(value) else None


@lru_cache(maxsize=8_192)
def _quantity(name: str, digits: str, unit: str | None) -> Detail | None:
    """The quantity as it came, ``1.0`` or ``1.00``; None where it is no number."""
    number = decimal(digits)
    return None if number is None else Detail(category=category(name), quantity=number, unit=unit)


def line_number(row: Row, column: str) -> int:
    """The line number as the source has it.

    Raises:
        CellFault: it is not a positive whole number.
    """
    number = row.whole(column)
    if number is None or number < 1:
        raise row.fault(f"{column} is not a positive whole number")
    return number


def paid_nothing(row: Row) -> bool:
    """Whether the claim says that nothing was paid."""
    return row.amount("CLM_PMT_AMT") == Decimal(0)
