"""What claims of every kind have in common: identifiers, status, dates, amounts, and the details of CMS's own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal

from fhir_facade.contracts.codes import NDC, Code
from fhir_facade.contracts.people import Identifier
from fhir_facade.contracts.records import Amount, Amounts, ClaimStatus, Detail, LocalAmount
from fhir_facade_claims_rif import columns
from fhir_facade_claims_rif.cells import Row
from fhir_facade_claims_rif.kinds import FileKind
from fhir_facade_claims_rif.providers import Providers, real

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
    return _amounts(source.first, source.kind.claim_columns, columns.TOTALS)


def line_amounts(kind: FileKind, row: Row) -> Amounts:
    """The line's amounts."""
    return _amounts(row, kind.line_columns or kind.claim_columns, columns.LINE_AMOUNTS)


def _amounts(row: Row, names: Sequence[str], table: dict[str, Amount]) -> Amounts:
    return {table[name]: value for name in names if name in table and (value := row.amount(name)) is not None}


def local_amounts(row: Row, names: Sequence[str]) -> tuple[LocalAmount, ...]:
    """Amounts of CMS's own kinds among the columns ``names``."""
    found = ((name, row.amount(name)) for name in names if name in columns.LOCAL_AMOUNTS)
    return tuple(LocalAmount(category=category(name), amount=value) for name, value in found if value is not None)


def category(name: str) -> Code:
    """What a column of CMS's own is called where it has no element: the guide's slices stay free of it."""
    return Code(columns.VARIABLES.rstrip("/"), name.lower())


def details(row: Row, names: Sequence[str]) -> tuple[Detail, ...]:
    """Facts of CMS's own among the columns ``names``."""
    return tuple(detail for name in names for detail in _detail(row, name))


def _detail(row: Row, name: str) -> Iterator[Detail]:
    value = row.text(name)
    if value is None:
        return
    if name in columns.CODES:
        yield Detail(category=category(name), code=Code(variable(name), value))
    elif name in columns.DRUG_CODES and real(value):
        yield Detail(category=category(name), code=Code(NDC, value.zfill(11)))
    elif name in columns.TEXTS:
        yield Detail(category=category(name), text=value)
    elif name in columns.QUANTITIES:
        yield _quantity(row, name)
    elif name in columns.DAYS:
        yield Detail(category=category(name), day=row.day(name))


def _quantity(row: Row, name: str) -> Detail:
    unit = columns.QUANTITIES[name]
    return Detail(category=category(name), quantity=row.number(name), unit=row.text(unit) if unit else None)


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
